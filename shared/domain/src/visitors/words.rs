//! Finds the words of a list in a text.

use aho_corasick::{AhoCorasick, AhoCorasickKind};

/// Words, each with a value. A word is in lower case. `^` before it binds it to the start of the text, `<` to a place that no
/// letter precedes; `>` after it to a place that no letter follows. After `\` the rest stands for itself.
pub(crate) struct Words<T> {
    automaton: Option<AhoCorasick>,
    words: Vec<Word<T>>,
}

struct Word<T> {
    at_start: bool,
    after_no_letter: bool,
    before_no_letter: bool,
    value: T,
}

/// A word in a text.
pub(super) struct Found<'w, T> {
    pub(super) start: usize,
    pub(super) end: usize,
    /// The number of the word in the list.
    pub(super) index: usize,
    pub(super) value: &'w T,
}

impl<T> Words<T> {
    /// Compiles `words`. It takes some hundred microseconds.
    pub(crate) fn new(words: impl IntoIterator<Item = (&'static str, T)>) -> Self {
        let (mut texts, mut parsed) = (Vec::new(), Vec::new());
        for (text, value) in words {
            let (text, word) = Word::parse(text, value);
            texts.push(text);
            parsed.push(word);
        }
        // The plain automaton takes the least time to build; texts are short.
        let kind = Some(AhoCorasickKind::NoncontiguousNFA);
        let automaton = AhoCorasick::builder().kind(kind).build(texts);
        debug_assert!(automaton.is_ok(), "the words fit into an automaton");
        Self { automaton: automaton.ok(), words: parsed }
    }

    /// Finds all words in `text`, which must be in lower case.
    pub(super) fn find<'w>(&'w self, text: &'w str) -> impl Iterator<Item = Found<'w, T>> {
        let matches = self.automaton.iter().flat_map(move |automaton| automaton.find_overlapping_iter(text));
        matches.filter_map(move |found| {
            let (start, end, index) = (found.start(), found.end(), found.pattern().as_usize());
            let word = self.words.get(index)?;
            let letter = |at: Option<&u8>| at.is_some_and(u8::is_ascii_lowercase);
            let bytes = text.as_bytes();
            let preceded = letter(start.checked_sub(1).and_then(|before| bytes.get(before)));
            let followed = letter(bytes.get(end));
            let misfits =
                word.at_start && start > 0 || word.after_no_letter && preceded || word.before_no_letter && followed;
            (!misfits).then_some(Found { start, end, index, value: &word.value })
        })
    }

    /// Returns the value of the first word of the list that is in `text`.
    pub(crate) fn first<'w>(&'w self, text: &'w str) -> Option<&'w T> {
        self.find(text).min_by_key(|found| found.index).map(|found| found.value)
    }

    #[cfg(test)]
    pub(crate) fn is_usable(&self) -> bool {
        self.automaton.is_some()
    }
}

impl<T> Word<T> {
    fn parse(text: &'static str, value: T) -> (&'static str, Self) {
        if let Some(text) = text.strip_prefix('\\') {
            return (text, Self { at_start: false, after_no_letter: false, before_no_letter: false, value });
        }
        let (at_start, text) = text.strip_prefix('^').map_or((false, text), |text| (true, text));
        let (after_no_letter, text) = text.strip_prefix('<').map_or((false, text), |text| (true, text));
        let (before_no_letter, text) = text.strip_suffix('>').map_or((false, text), |text| (true, text));
        (text, Self { at_start, after_no_letter, before_no_letter, value })
    }
}

/// Returns the lines of a list that are not comments.
pub(crate) fn lines(list: &'static str) -> impl Iterator<Item = &'static str> {
    list.lines().filter(|line| !line.is_empty() && !line.starts_with('#'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(word: &'static str, text: &str) -> bool {
        Words::new([(word, ())]).find(text).next().is_some()
    }

    #[test]
    fn word_has_the_borders_that_it_asks_for() {
        for (word, text, expected) in [
            ("bot", "robots", true),
            ("<bot", "robots", false),
            ("<bot", "a bot2", true),
            ("bot>", "robots", false),
            ("bot>", "robot2", true),
            ("<bot>", "x;bot;", true),
            ("^bot", "bot", true),
            ("^bot", " bot", false),
            (r"\<bot", "<bot", true),
            (r"\<bot", "bot", false),
            ("<bot>", "übotü", true),
        ] {
            assert_eq!(found(word, text), expected, "{word} in {text}");
        }
    }

    #[test]
    fn first_word_of_the_list_wins_wherever_it_stands() {
        let words = Words::new([("b", 1), ("ab", 2), ("a", 3)]);
        assert_eq!(words.first("ab"), Some(&1));
        assert_eq!(words.first("xa"), Some(&3));
        assert_eq!(words.first(""), None);
    }

    #[test]
    fn word_within_another_word_is_found() {
        let words = Words::new([("spiderbot", 1), ("<bot", 2), ("bot", 3)]);
        let all: Vec<_> = words.find("spiderbot").map(|found| *found.value).collect();
        assert_eq!(all, [1, 3]);
    }
}
