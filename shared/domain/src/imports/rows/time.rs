//! Reads times in the forms that other services write.

use crate::values::timestamp::Timestamp;

/// The error of a text that is not a time.
pub(crate) const NOT_A_TIME: &str =
    "is not a time such as 2026-01-02T03:04:05Z, 2026-01-02 03:04:05 or a number of seconds since 1970";

/// Reads a time: RFC 3339, also with a space or without an offset (then in UTC), a date, or the seconds, milliseconds
/// or microseconds since 1970, as the size of the number tells.
pub(crate) fn read_time(text: &str) -> Option<Timestamp> {
    if let Ok(time) = Timestamp::parse(text) {
        return Some(time);
    }
    if let Some(time) = read_unix_time(text) {
        return Some(time);
    }
    let text = text.trim_end_matches("UTC").trim_end_matches("GMT").trim_end();
    let text = if text.len() == 10 { format!("{text}T00:00:00Z") } else { format!("{text}Z") };
    Timestamp::parse(&text).ok()
}

fn read_unix_time(text: &str) -> Option<Timestamp> {
    let whole = text.split_once('.').map_or(text, |(whole, _)| whole);
    let count: i64 = whole.parse().ok()?;
    let millis = match count.unsigned_abs() {
        0..100_000_000_000 => count * 1000,
        100_000_000_000..100_000_000_000_000 => count,
        _ => count / 1000,
    };
    Timestamp::from_millis(millis).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn reads_forms_of_other_services() {
        for (text, expected) in [
            ("2024-03-05T10:11:12Z", "2024-03-05T10:11:12.000Z"),
            ("2024-03-05T10:11:12.5Z", "2024-03-05T10:11:12.500Z"),
            ("2024-02-29T10:11:12.123456Z", "2024-02-29T10:11:12.123Z"),
            ("2024-03-05T10:11:12+01:00", "2024-03-05T09:11:12.000Z"),
            ("2021-07-08T14:12:45+0000", "2021-07-08T14:12:45.000Z"),
            ("2024-03-05 10:11:12", "2024-03-05T10:11:12.000Z"),
            ("2024-03-05T10:11:12", "2024-03-05T10:11:12.000Z"),
            ("2024-03-05 10:11:12 UTC", "2024-03-05T10:11:12.000Z"),
            ("2024-03-05", "2024-03-05T00:00:00.000Z"),
            ("1709633472", "2024-03-05T10:11:12.000Z"),
            ("1709633472123", "2024-03-05T10:11:12.123Z"),
            ("1709633472123456", "2024-03-05T10:11:12.123Z"),
            ("1709633472.5", "2024-03-05T10:11:12.000Z"),
        ] {
            assert_eq!(read_time(text).map(|time| time.to_string()).as_deref(), Some(expected), "{text}");
        }
        for text in ["", "yesterday", "2024-13-01", "2024-02-30T00:00:00Z", "05/03/2024", "2024-03-05T25:00:00Z"] {
            assert_eq!(read_time(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn reads_own_form(millis in -62_167_219_200_000_i64..253_402_200_000_000) {
            let time = Timestamp::from_millis(millis).unwrap();
            prop_assert_eq!(read_time(&time.to_string()), Some(time));
        }

        #[test]
        fn never_panics(text in "[0-9TZ:. +-]{0,40}|.{0,40}") {
            let _ = read_time(&text);
        }
    }
}
