//! Divides texts into the words that searches find.
//!
//! A word is a run of letters and digits, without case and accents (`Übergröße` is `ubergrosse`). Scripts that are written without
//! spaces have a word for each character.

use percent_encoding::percent_decode_str;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// What stands before each word in [`append_words`]' output.
pub const MARK: char = '\u{1}';

/// The most bytes of a text that are looked at: the rest of a very long target cannot be found by its words.
const MAX_TEXT: usize = 4096;

/// Appends the words of `text` to `out`, each after a [`MARK`].
pub fn append_words(text: &str, out: &mut String) {
    let text = &text[..text.floor_char_boundary(MAX_TEXT)];
    let mut inside = false;
    let mut word = |c: char, inside: &mut bool| {
        if !c.is_alphanumeric() {
            *inside = false;
            return;
        }
        if !*inside || stands_alone(c) {
            out.push(MARK);
        }
        *inside = !stands_alone(c);
        out.push(c);
    };
    if text.is_ascii() {
        text.chars().for_each(|c| word(c.to_ascii_lowercase(), &mut inside));
        return;
    }
    // NFKD, to tell letters from their accents and to make ﬁ of one ligature two letters.
    for c in text.nfkd().filter(|c| !is_combining_mark(*c)) {
        match c {
            'ß' | 'ẞ' => ['s', 's'].into_iter().for_each(|c| word(c, &mut inside)),
            'ς' => word('σ', &mut inside),
            _ => c.to_lowercase().filter(|c| !is_combining_mark(*c)).for_each(|c| word(c, &mut inside)),
        }
    }
}

/// Appends the words of a target: of its host as people write it, and of the rest without percent-encoding.
pub fn append_words_of_url(url: &str, out: &mut String) {
    let url = &url[..url.floor_char_boundary(MAX_TEXT)];
    let Some((scheme, rest)) = url.split_once("://") else {
        return append_words(&percent_decode_str(url).decode_utf8_lossy(), out);
    };
    let (host, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    append_words(scheme, out);
    if host.contains("xn--") {
        append_words(&idna::domain_to_unicode(host).0, out);
    } else {
        append_words(host, out);
    }
    if path.contains('%') {
        append_words(&percent_decode_str(path).decode_utf8_lossy(), out);
    } else {
        append_words(path, out);
    }
}

/// Returns the words of a search, each once, without those that begin another one.
pub fn words_of(search: &str) -> Vec<String> {
    let mut marked = String::new();
    append_words(search, &mut marked);
    let mut words: Vec<String> = marked.split(MARK).filter(|word| !word.is_empty()).map(str::to_owned).collect();
    words.sort_unstable();
    words.dedup();
    let all = words.clone();
    words.retain(|word| !all.iter().any(|other| other != word && other.starts_with(word.as_str())));
    words
}

/// Tells whether the character is a word of its own: Han, kana, Hangul's neighbours that are written without spaces, Thai, Lao,
/// Khmer, Burmese.
fn stands_alone(c: char) -> bool {
    matches!(c,
        '\u{e00}'..='\u{eff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}' | '\u{3040}'..='\u{30ff}'
        | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{323af}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn words(text: &str) -> Vec<String> {
        let mut out = String::new();
        append_words(text, &mut out);
        out.split(MARK).filter(|word| !word.is_empty()).map(str::to_owned).collect()
    }

    #[test]
    fn words_are_letters_and_digits_without_case_and_accents() {
        for (text, expected) in [
            ("Spring-Sale_2026", "spring sale 2026"),
            ("https://www.example.com/a/b?utm_source=x%20y", "https www example com a b utm source x 20y"),
            ("Übergröße, Café e\u{301}clair", "ubergrosse cafe eclair"),
            ("ﬁne ΣΊΣΥΦΟΣ", "fine σισυφοσ"),
            ("東京タワー 2026年", "東 京 タ ワ ー 2026 年"),
            ("Straße STRASSE", "strasse strasse"),
            ("Ёлка", "елка"),
            ("🎉 party 🎉", "party"),
            (" -- ", ""),
            ("", ""),
            ("İstanbul", "istanbul"),
        ] {
            assert_eq!(words(text).join(" "), expected, "{text}");
        }
    }

    #[test]
    fn targets_are_found_as_people_write_them() {
        for (url, expected) in [
            ("https://xn--mnchen-3ya.de/stra%C3%9Fe?q=a%20b", "https munchen de strasse q a b"),
            ("mailto:jo%40example.com", "mailto jo example com"),
            ("https://example.com", "https example com"),
        ] {
            let mut out = String::new();
            append_words_of_url(url, &mut out);
            assert_eq!(out.replace(MARK, " ").trim(), expected, "{url}");
        }
    }

    #[test]
    fn search_needs_each_word_once() {
        assert_eq!(words_of("sale SALE spring sal"), ["sale", "spring"]);
        assert!(words_of(" ... ").is_empty());
    }

    #[test]
    fn only_the_beginning_of_a_very_long_text_is_looked_at() {
        let text = format!("{} end", "ä".repeat(MAX_TEXT));
        assert_eq!(words(&text), ["a".repeat(MAX_TEXT / 2)]);
    }

    proptest! {
        /// A word that is found in a text is found however it is written there.
        #[test]
        fn words_do_not_depend_on_case_and_composition(text in "\\PC{0,20}") {
            let composed: String = text.nfc().collect();
            prop_assert_eq!(words(&composed), words(&text));
            let again: String = words(&text).join(" ");
            prop_assert_eq!(words(&again), words(&text));
        }
    }
}
