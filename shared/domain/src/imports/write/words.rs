//! Reads the words that files have instead of values: yes, no, and nothing.

/// Reads yes or no.
///
/// # Errors
/// What is wrong, for a person.
pub(super) fn read_flag(text: &str) -> Result<bool, String> {
    const YES: [&str; 8] = ["true", "yes", "1", "t", "y", "on", "wahr", "ja"];
    const NO: [&str; 8] = ["false", "no", "0", "f", "n", "off", "falsch", "nein"];
    match () {
        () if is_one_of(text, &YES) => Ok(true),
        () if is_one_of(text, &NO) || is_nothing(text) => Ok(false),
        () => Err("must be true or false".to_owned()),
    }
}

/// Tells whether a text is one of the words that services write for no value.
pub(super) fn is_nothing(text: &str) -> bool {
    const WORDS: [&str; 14] = [
        "",
        "null",
        "none",
        "never",
        "nil",
        "n/a",
        "na",
        "undefined",
        "unlimited",
        "-",
        "–",
        "—",
        "\\N",
        "0000-00-00 00:00:00",
    ];
    is_one_of(text, &WORDS) || text == "0000-00-00"
}

/// Tells whether a text is one of `words`, in any case.
pub(super) fn is_one_of(text: &str, words: &[&str]) -> bool {
    words.iter().any(|word| word.eq_ignore_ascii_case(text))
}
