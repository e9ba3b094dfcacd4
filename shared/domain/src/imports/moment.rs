//! Moments as other services write them.

use crate::Timestamp;

/// A text that is no moment.
pub(super) const NO_MOMENT: &str =
    "is not a time such as 2026-01-02T03:04:05Z, 2026-01-02 03:04:05 or a number of seconds since 1970";

/// Reads a moment: RFC 3339, the same with a space or without an offset (then it is UTC), a date alone, or a count of
/// seconds, milliseconds or microseconds since 1970, whichever its size makes sense of.
pub(super) fn moment(text: &str) -> Option<Timestamp> {
    if let Some(moment) = plain(text.as_bytes()) {
        return Some(moment);
    }
    if let Ok(moment) = Timestamp::parse(text) {
        return Some(moment);
    }
    if let Some(moment) = epoch(text) {
        return Some(moment);
    }
    let text = text.trim_end_matches("UTC").trim_end_matches("GMT").trim_end();
    let text = if text.len() == 10 { format!("{text}T00:00:00Z") } else { format!("{text}Z") };
    Timestamp::parse(&text).ok()
}

/// A count since 1970.
fn epoch(text: &str) -> Option<Timestamp> {
    let whole = text.split_once('.').map_or(text, |(whole, _)| whole);
    let count: i64 = whole.parse().ok()?;
    let millis = match count.unsigned_abs() {
        0..100_000_000_000 => count * 1000,
        100_000_000_000..100_000_000_000_000 => count,
        _ => count / 1000,
    };
    Timestamp::from_millis(millis).ok()
}

/// `2026-01-02T03:04:05Z`, with up to nine decimals, which is how nearly everybody writes it. Anything else is `None`, be it
/// right or wrong.
fn plain(text: &[u8]) -> Option<Timestamp> {
    let (text, [b'Z']) = text.split_last_chunk()? else { return None };
    let (main, decimals) = text.split_first_chunk::<19>()?;
    let number = |from: usize, to: usize| digits(&main[from..to]);
    if [main[4], main[7], main[13], main[16]] != *b"--::" || !matches!(main[10], b'T' | b' ') {
        return None;
    }
    let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
    let (hour, minute, second) = (number(11, 13)?, number(14, 16)?, number(17, 19)?);
    // Days that not every month has, and leap seconds, are left to the calendar.
    if !(1..=12).contains(&month) || !(1..=28).contains(&day) || hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let millis = match decimals {
        [] => 0,
        [b'.', decimals @ ..] if (1..=9).contains(&decimals.len()) => {
            let all = digits(decimals)?;
            let shift = decimals.len() as u32;
            if shift <= 3 { all * 10_i64.pow(3 - shift) } else { all / 10_i64.pow(shift - 3) }
        }
        _ => return None,
    };
    let seconds = (days(year, month, day) * 24 + hour) * 3600 + minute * 60 + second;
    Timestamp::from_millis(seconds * 1000 + millis).ok()
}

fn digits(text: &[u8]) -> Option<i64> {
    text.iter().try_fold(0_i64, |number, byte| byte.is_ascii_digit().then(|| number * 10 + i64::from(byte - b'0')))
}

/// Days since 1970 in the Gregorian calendar, of a year that is not negative: years begin in March, so that a leap day is
/// the last one.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let of_year = (153 * month + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_ways_of_other_services_are_understood() {
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
            assert_eq!(moment(text).map(|moment| moment.to_string()).as_deref(), Some(expected), "{text}");
        }
        for text in ["", "yesterday", "2024-13-01", "2024-02-30T00:00:00Z", "05/03/2024", "2024-03-05T25:00:00Z"] {
            assert_eq!(moment(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn the_short_way_gives_what_the_calendar_gives(millis in -62_167_219_200_000_i64..253_402_200_000_000) {
            let text = Timestamp::from_millis(millis).unwrap().to_string();
            prop_assert_eq!(moment(&text), Timestamp::parse(&text).ok());
            if let Some(moment) = plain(text.as_bytes()) {
                prop_assert_eq!(Ok(moment), Timestamp::parse(&text));
            }
        }

        #[test]
        fn no_text_makes_it_panic(text in "[0-9TZ:. +-]{0,40}|.{0,40}") {
            if let Some(short) = plain(text.as_bytes()) {
                prop_assert_eq!(Ok(short), Timestamp::parse(&text));
            }
            let _ = moment(&text);
        }
    }
}
