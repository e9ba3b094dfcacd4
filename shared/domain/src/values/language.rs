//! Reads language ranges (BCP 47), and matches them with language tags as RFC 4647 says.

/// The codes of two letters that are languages: those of ISO 639-1, and those that BCP 47 keeps from older versions of it.
const TWO_LETTERS: &str = "\
    aa ab ae af ak am an ar as av ay az ba be bg bh bi bm bn bo br bs ca ce ch co cr cs cu cv cy da de dv dz ee el en \
    eo es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy hz ia id ie ig ii ik in io is it iu iw \
    ja ji jv jw ka kg ki kj kk kl km kn ko kr ks ku kv kw ky la lb lg li ln lo lt lu lv mg mh mi mk ml mn mo mr ms mt \
    my na nb nd ne ng nl nn no nr nv ny oc oj om or os pa pi pl ps pt qu rm rn ro ru rw sa sc sd se sg sh si sk sl sm \
    sn so sq sr ss st su sv sw ta te tg th ti tk tl tn to tr ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi yo za zh zu";

/// Countries that people take for languages, and their languages.
const MISTAKEN: [(&str, &str); 8] = [
    ("cn", "Chinese is zh"),
    ("cz", "Czech is cs"),
    ("dk", "Danish is da"),
    ("gr", "Greek is el"),
    ("jp", "Japanese is ja"),
    ("gb", "English is en, and as it is written in Britain en-GB"),
    ("us", "English is en, and as it is written in America en-US"),
    ("vn", "Vietnamese is vi"),
];

/// The greatest length of a range, in bytes. RFC 5646 (section 4.4.1) asks for at least 35.
pub const MAX_RANGE_BYTES: usize = 64;

/// The form of a range, as a regular expression.
#[cfg(feature = "openapi")]
pub(crate) const PATTERN: &str = r"^(\*|[A-Za-z]{2,3})(-(\*|[A-Za-z0-9]{1,8}))*$";

/// Reads an extended language range (RFC 4647, section 2.2), such as `de`, `de-CH`, `zh-Hant` or `*-CH`. Returns it in the
/// case that RFC 5646 (section 2.1.1) recommends.
///
/// # Errors
/// What is wrong, for a person.
pub fn parse_language_range(text: &str) -> Result<String, String> {
    const FORM: &str = "is not a language range of BCP 47, such as de, de-CH or *-CH";
    let text = text.trim();
    if text.len() > MAX_RANGE_BYTES {
        return Err(FORM.to_owned());
    }
    if text.contains('_') {
        return Err("is not a language range of BCP 47: it has a hyphen between its parts, as in de-CH".to_owned());
    }
    let mut subtags = text.split('-');
    let primary = subtags.next().unwrap_or_default().to_ascii_lowercase();
    let letters = primary.bytes().all(|byte| byte.is_ascii_lowercase());
    if primary != "*" && !(letters && (2..=3).contains(&primary.len())) {
        return Err(FORM.to_owned());
    }
    if primary.len() == 2 && !TWO_LETTERS.split(' ').any(|known| known == primary) {
        let hint = MISTAKEN.iter().find(|(mistaken, _)| *mistaken == primary).map(|(_, hint)| *hint);
        return Err(format!("is not a language of ISO 639: {}", hint.unwrap_or("a code is such as de")));
    }
    let mut range = primary;
    let mut after_singleton = false;
    for subtag in subtags {
        let valid = (1..=8).contains(&subtag.len()) && subtag.bytes().all(|byte| byte.is_ascii_alphanumeric());
        if subtag != "*" && !valid {
            return Err(FORM.to_owned());
        }
        range.push('-');
        range.push_str(&in_recommended_case(subtag, after_singleton));
        after_singleton |= subtag.len() == 1 && subtag != "*";
    }
    Ok(range)
}

/// Writes regions in upper case (`CH`), scripts with a capital (`Hant`), all else in lower case. After a singleton (`u`, `x`)
/// no subtag is a region or a script.
fn in_recommended_case(subtag: &str, after_singleton: bool) -> String {
    let letters = subtag.bytes().all(|byte| byte.is_ascii_alphabetic());
    let lower = subtag.to_ascii_lowercase();
    match subtag.len() {
        2 if letters && !after_singleton => subtag.to_ascii_uppercase(),
        4 if letters && !after_singleton => lower[..1].to_ascii_uppercase() + &lower[1..],
        _ => lower,
    }
}

/// Tells whether `range` matches `tag` by extended filtering (RFC 4647, section 3.3.2): `de` matches `de-CH`, `*-CH` matches
/// `fr-CH`, and `de-CH` matches neither `de` nor `de-AT`. Ignores case.
pub fn matches_range(range: &str, tag: &str) -> bool {
    let (mut range, mut tag) = (range.split('-'), tag.split('-'));
    let (Some(first), Some(language)) = (range.next(), tag.next()) else { return false };
    if first != "*" && !first.eq_ignore_ascii_case(language) {
        return false;
    }
    for wanted in range.filter(|subtag| *subtag != "*") {
        loop {
            match tag.next() {
                Some(subtag) if subtag.eq_ignore_ascii_case(wanted) => break,
                // A singleton begins a part with a meaning of its own, which a range must name.
                Some(subtag) if subtag.len() > 1 => {}
                _ => return false,
            }
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn range_gets_its_recommended_case() {
        for (text, range) in [
            ("de", "de"),
            ("DE", "de"),
            (" de-ch ", "de-CH"),
            ("ZH-HANT-tw", "zh-Hant-TW"),
            ("gsw", "gsw"),
            ("*", "*"),
            ("*-ch", "*-CH"),
            ("de-*-AT", "de-*-AT"),
            ("es-419", "es-419"),
            ("sl-Rozaj-biske", "sl-rozaj-biske"),
            ("en-a-MYEXT-us", "en-a-myext-us"),
            ("en-A-LATN", "en-a-latn"),
            ("de-1X-A1B2", "de-1x-a1b2"),
            ("iw", "iw"),
        ] {
            assert_eq!(parse_language_range(text).as_deref(), Ok(range), "{text}");
        }
    }

    #[test]
    fn range_has_at_most_64_bytes() {
        let longest = format!("de{}-abcdefg", "-abcdefgh".repeat(6));
        assert_eq!(longest.len(), 64);
        assert_eq!(parse_language_range(&longest).as_deref(), Ok(longest.as_str()));
        assert!(parse_language_range(&format!("{longest}h")).is_err());
    }

    #[test]
    fn other_texts_are_refused() {
        for (text, hint) in [
            ("jp", "ja"),
            ("CN", "zh"),
            ("en-GB", ""),
            ("gb", "en-GB"),
            ("zz", "ISO 639"),
            ("de_CH", "hyphen"),
            ("german", "BCP 47"),
            ("", "BCP 47"),
            ("d", "BCP 47"),
            ("de-", "BCP 47"),
            ("-de", "BCP 47"),
            ("de--CH", "BCP 47"),
            ("de-toolongsubtag", "BCP 47"),
            ("d3", "BCP 47"),
            ("de;q=0.5", "BCP 47"),
            ("de,fr", "BCP 47"),
            ("d\u{e9}", "BCP 47"),
            (&"de-a".repeat(40), "BCP 47"),
        ] {
            match parse_language_range(text) {
                Ok(_) => assert_eq!(hint, "", "{text}"),
                Err(detail) => assert!(!hint.is_empty() && detail.contains(hint), "{text}: {detail}"),
            }
        }
    }

    /// The examples of RFC 4647, sections 3.3.1 and 3.3.2.
    #[test]
    fn ranges_match_as_in_rfc_4647() {
        for (range, tag, matches) in [
            ("de-de", "de-DE-1996", true),
            ("de-de", "de-Deva", false),
            ("de", "de-Deva", true),
            ("de-DE", "de-DE", true),
            ("de-*-DE", "de-de", true),
            ("de-DE", "de-Latn-DE", true),
            ("de-DE", "de-Latf-DE", true),
            ("de-*-DE", "de-DE-x-goethe", true),
            ("de-*-DE", "de-Latn-DE-1996", true),
            ("de-DE", "de-Deva-DE", true),
            ("de-DE", "de", false),
            ("de-DE", "de-x-DE", false),
            ("de-DE", "de-Deva", false),
            ("de-CH", "de-AT", false),
            ("*-CH", "fr-CH", true),
            ("*-CH", "fr-FR", false),
            ("*", "anything", true),
            ("de", "den", false),
            ("den", "de", false),
            ("de", "*", false),
        ] {
            assert_eq!(matches_range(range, tag), matches, "{range} {tag}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_a_panic(text in ".{0,30}|[a-zA-Z*-]{0,20}", tag in ".{0,30}|[a-z*-]{0,20}") {
            if let Ok(range) = parse_language_range(&text) {
                prop_assert_eq!(parse_language_range(&range), Ok(range.clone()));
                prop_assert!(range.contains('*') || matches_range(&range, &range));
            }
            matches_range(&text, &tag);
        }

        /// RFC 4647, section 3.3.1: a basic range matches a tag that it equals or that goes on after it with a hyphen.
        #[test]
        fn basic_filtering_is_part_of_it(range in "[a-c]{2}(-[a-c]{2}){0,2}", rest in "(-[a-c]{2,3}){0,2}") {
            let tag = format!("{range}{rest}");
            prop_assert!(matches_range(&range, &tag));
        }
    }
}
