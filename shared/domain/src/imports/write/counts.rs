//! Reads whole numbers as people and programs write them.

/// Reads a number that is not negative, with or without separators between thousands (`1,234`, `1.234`, `1 234`, `1'234`), or with
/// `.0` at its end.
pub(super) fn read_count(text: &str) -> Option<u64> {
    let whole = text.strip_suffix(".0").unwrap_or(text);
    if whole.bytes().all(|byte| byte.is_ascii_digit()) {
        return whole.parse().ok();
    }
    let separator = whole.chars().find(|c| !c.is_ascii_digit()).filter(|c| is_separator(*c))?;
    let mut groups = whole.split(separator);
    let first = groups.next().filter(|first| (1..=3).contains(&first.len()))?;
    let mut digits = first.to_owned();
    for group in groups {
        if group.len() != 3 {
            return None;
        }
        digits.push_str(group);
    }
    digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok())?
}

/// Tells whether a character may stand between thousands: a comma, a dot, an apostrophe or one of the spaces.
fn is_separator(character: char) -> bool {
    matches!(character, ',' | '.' | '\'' | '’' | '_' | ' ' | '\u{a0}' | '\u{2009}' | '\u{202f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn separators_of_thousands_are_left_out() {
        for (text, count) in [
            ("0", 0),
            ("1234", 1234),
            ("12.0", 12),
            ("1,234", 1234),
            ("1.234", 1234),
            ("1 234 567", 1_234_567),
            ("1\u{a0}234", 1234),
            ("1\u{202f}234", 1234),
            ("1'234", 1234),
            ("1,234.0", 1234),
            ("18446744073709551615", u64::MAX),
        ] {
            assert_eq!(read_count(text), Some(count), "{text}");
        }
        for text in ["", "-1", "many", "1.5", "12,34", "1234,567", "1,234.567", "1,,234", ",234", "1.2K", "1e3", "٣"] {
            assert_eq!(read_count(text), None, "{text}");
        }
        assert_eq!(read_count("18446744073709551616"), None);
    }
}
