//! Reads times in the forms that other services write. A text that more than one time could be meant by is not a time.

use jiff::civil;
use jiff::fmt::rfc2822;

use super::calendar::{DateOrder, MAX_BYTES, read_civil};
use crate::values::timestamp::Timestamp;

/// The error of a text that is not a time.
pub(crate) const NOT_A_TIME: &str = "is not a time such as 2026-01-02T03:04:05Z, 2026-01-02 03:04:05, 2 Jan 2026, 02.01.2026 \
     or a number of seconds since 1970 (of a date such as 01/02/2026, day and month are not certain)";

/// The seconds since 1970 that a number may mean: from 1990, before the first link, up to 2100. A smaller number is rather a
/// year, a date or the number of a day in a spreadsheet.
const UNIX_SECONDS: std::ops::Range<i64> = 631_152_000..4_102_444_800;
/// The seconds from 1601, where Chrome's clock begins, to 1970.
const SECONDS_TO_1970: i64 = 11_644_473_600;

/// Reads a time. It may be
///
/// * RFC 3339, also with a space instead of the `T`, without seconds, or without an offset (then it is UTC);
/// * a date, `2026-01-02`, `2026/01/02` or `20260102`; it means the beginning of the day in UTC;
/// * RFC 2822, or a date with the English name of a month, such as `2 Jan 2026` or `January 2, 2026`;
/// * `02.01.2026`, which is always the day first, or `01/02/2026` and `01-02-2026` if `order` tells which number is the month or
///   only one order makes a date, each also with a time of 24 or 12 hours;
/// * seconds, milliseconds or microseconds since 1970, or Chrome's microseconds since 1601, between 1990 and 2100.
pub(crate) fn read_time(text: &str, order: DateOrder) -> Option<Timestamp> {
    if let Ok(time) = Timestamp::parse(text) {
        return Some(time);
    }
    let text = text.trim();
    if text.is_empty() || text.len() > MAX_BYTES {
        return None;
    }
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    if digits == text.len() || text.split_once('.').is_some_and(|(whole, rest)| is_number(whole) && is_number(rest)) {
        return read_basic(text).or_else(|| read_unix_time(text));
    }
    if let Ok(time) = rfc2822::DateTimeParser::new().parse_timestamp(text) {
        return Timestamp::from_millis(time.as_millisecond()).ok();
    }
    let (moment, offset) = read_civil(text, order)?;
    to_timestamp(moment, offset)
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Reads `20260102` or `20260102030405`.
fn read_basic(text: &str) -> Option<Timestamp> {
    let part = |from: usize, to: usize| text.get(from..to)?.parse::<i8>().ok();
    let date = civil::Date::new(text.get(..4)?.parse().ok()?, part(4, 6)?, part(6, 8)?).ok()?;
    if !(1990..2100).contains(&date.year()) {
        return None;
    }
    let time = match text.len() {
        8 => civil::Time::midnight(),
        14 => civil::Time::new(part(8, 10)?, part(10, 12)?, part(12, 14)?, 0).ok()?,
        _ => return None,
    };
    to_timestamp(date.to_datetime(time), 0)
}

fn read_unix_time(text: &str) -> Option<Timestamp> {
    let whole = text.split_once('.').map_or(text, |(whole, _)| whole);
    let count: i64 = whole.parse().ok()?;
    let since_1601 = count / 1_000_000 - SECONDS_TO_1970;
    let millis = match () {
        () if UNIX_SECONDS.contains(&count) => count * 1000,
        () if UNIX_SECONDS.contains(&(count / 1000)) => count,
        () if UNIX_SECONDS.contains(&(count / 1_000_000)) => count / 1000,
        () if UNIX_SECONDS.contains(&since_1601) => count / 1000 - SECONDS_TO_1970 * 1000,
        () => return None,
    };
    Timestamp::from_millis(millis).ok()
}

/// Returns the time that a clock `offset` seconds ahead of UTC shows as `moment`.
fn to_timestamp(moment: civil::DateTime, offset: i64) -> Option<Timestamp> {
    let days = i64::from((moment.date() - civil::date(1970, 1, 1)).get_days());
    let time = moment.time();
    let seconds = i64::from(time.hour()) * 3600 + i64::from(time.minute()) * 60 + i64::from(time.second()) - offset;
    let millis = (days * 86_400 + seconds) * 1000 + i64::from(time.subsec_nanosecond() / 1_000_000);
    Timestamp::from_millis(millis).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(text: &str, order: DateOrder) -> Option<String> {
        read_time(text, order).map(|time| time.to_string())
    }

    #[test]
    fn forms_of_other_services_are_read() {
        for (text, expected) in [
            ("2024-03-05T10:11:12Z", "2024-03-05T10:11:12.000Z"),
            ("2024-03-05T10:11:12.5Z", "2024-03-05T10:11:12.500Z"),
            ("2024-02-29T10:11:12.123456Z", "2024-02-29T10:11:12.123Z"),
            ("2024-03-05T10:11:12+01:00", "2024-03-05T09:11:12.000Z"),
            ("2021-07-08T14:12:45+0000", "2021-07-08T14:12:45.000Z"),
            ("2024-03-05 10:11:12", "2024-03-05T10:11:12.000Z"),
            ("2024-03-05 10:11:12.25", "2024-03-05T10:11:12.250Z"),
            ("2024-03-05T10:11:12", "2024-03-05T10:11:12.000Z"),
            ("2024-03-05 10:11:12 UTC", "2024-03-05T10:11:12.000Z"),
            ("2024-03-05 10:11:12 +0000 UTC", "2024-03-05T10:11:12.000Z"),
            ("2024-03-05 10:11:12 +02:00", "2024-03-05T08:11:12.000Z"),
            ("2024-03-05 10:11:12-05", "2024-03-05T15:11:12.000Z"),
            ("2024-03-05 10:11", "2024-03-05T10:11:00.000Z"),
            ("2024-03-05", "2024-03-05T00:00:00.000Z"),
            ("2024-3-5", "2024-03-05T00:00:00.000Z"),
            ("2024/03/05", "2024-03-05T00:00:00.000Z"),
            ("20240305", "2024-03-05T00:00:00.000Z"),
            ("20240305T101112Z", "2024-03-05T10:11:12.000Z"),
            ("20240305101112", "2024-03-05T10:11:12.000Z"),
            ("31.12.2031", "2031-12-31T00:00:00.000Z"),
            ("05.03.2024", "2024-03-05T00:00:00.000Z"),
            ("1.2.2031", "2031-02-01T00:00:00.000Z"),
            ("31.12.2031 23:59", "2031-12-31T23:59:00.000Z"),
            ("31.12.2031, 23:59:58", "2031-12-31T23:59:58.000Z"),
            ("31/12/2031", "2031-12-31T00:00:00.000Z"),
            ("12/31/2031", "2031-12-31T00:00:00.000Z"),
            ("12/31/2031 1:05 PM", "2031-12-31T13:05:00.000Z"),
            ("12/31/2031, 12:05:06 am", "2031-12-31T00:05:06.000Z"),
            ("5/5/2024", "2024-05-05T00:00:00.000Z"),
            ("31-12-2031", "2031-12-31T00:00:00.000Z"),
            ("5 Mar 2024", "2024-03-05T00:00:00.000Z"),
            ("05-Mar-2024 10:11", "2024-03-05T10:11:00.000Z"),
            ("March 5, 2024", "2024-03-05T00:00:00.000Z"),
            ("Sept 5, 2024 1:05 PM", "2024-09-05T13:05:00.000Z"),
            ("Tue, 5 Mar 2024 10:11:12 +0100", "2024-03-05T09:11:12.000Z"),
            ("Tue, 05 Mar 2024 10:11:12 GMT", "2024-03-05T10:11:12.000Z"),
            ("Tue Mar 05 2024 10:11:12 GMT+0100", "2024-03-05T09:11:12.000Z"),
            ("1709633472", "2024-03-05T10:11:12.000Z"),
            ("1709633472123", "2024-03-05T10:11:12.123Z"),
            ("1709633472123456", "2024-03-05T10:11:12.123Z"),
            ("1709633472.5", "2024-03-05T10:11:12.000Z"),
            ("13354107072123456", "2024-03-05T10:11:12.123Z"),
            ("9999-12-31", "9999-12-31T00:00:00.000Z"),
        ] {
            assert_eq!(read(text, DateOrder::Unknown).as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn what_could_mean_another_time_is_refused() {
        for text in [
            "",
            "-",
            "yesterday",
            "2024",
            "44927",
            "0",
            "-1709633472",
            "1.70963E+09",
            "1.abc",
            "1.2.31",
            "10.11.12",
            "24-03-05",
            "05/03/2024",
            "05-03-2024",
            "5/3/2024 10:11",
            "2024-13-01",
            "32.12.2024",
            "13/13/2024",
            "20241301",
            "99991231",
            "2024-02-30T00:00:00Z",
            "2024-03-05T25:00:00Z",
            "2024-03-05 13:00 PM",
            "2024-03-05 10",
            "10:11:12",
            "5 Mar 24",
            "Mar 2024",
            "5.3",
            "1.2.3.2024",
            "12345678901234567890",
            "86400",
            "3600",
            "0000-00-00 00:00:00",
            "2024-03-05 10:11:12 PST",
            "2024-03-05 10:11:12 +99:00",
        ] {
            assert_eq!(read(text, DateOrder::Unknown), None, "{text}");
        }
    }

    #[test]
    fn order_of_the_column_decides() {
        let (day, month) = (Some("2024-03-05T00:00:00.000Z".to_owned()), Some("2024-05-03T00:00:00.000Z".to_owned()));
        assert_eq!(read("05/03/2024", DateOrder::DayFirst), day);
        assert_eq!(read("05/03/2024", DateOrder::MonthFirst), month);
        assert_eq!(read("5-3-2024", DateOrder::DayFirst), day);
        let shown = |cells: &[&str]| DateOrder::shown_by(cells.iter().copied());
        assert_eq!(shown(&["01/02/2024", "13/02/2024", ""]), DateOrder::DayFirst);
        assert_eq!(shown(&["01/02/2024", "02/13/2024 1:00 PM"]), DateOrder::MonthFirst);
        assert_eq!(shown(&["13/02/2024", "02/13/2024"]), DateOrder::Unknown);
        assert_eq!(shown(&["01/02/2024", "x", "13.02.2024", "2024-02-13"]), DateOrder::Unknown);
    }

    proptest! {
        #[test]
        fn own_form_is_read(millis in -62_167_219_200_000_i64..253_402_200_000_000) {
            let time = Timestamp::from_millis(millis).unwrap();
            prop_assert_eq!(read_time(&time.to_string(), DateOrder::Unknown), Some(time));
        }

        #[test]
        fn numbers_mean_plausible_times_or_none(number in any::<i64>(), digits in 1..20_u32) {
            let text = number.unsigned_abs().checked_rem(10_u64.pow(digits)).unwrap_or(0).to_string();
            if let Some(time) = read_time(&text, DateOrder::Unknown) {
                prop_assert!((631_152_000..4_102_444_800).contains(&time.as_seconds()), "{} is {}", text, time);
            }
        }

        #[test]
        fn never_panics(text in "[0-9TZ:. +-]{0,40}|.{0,40}|[0-9]{1,4}[./-][0-9]{1,4}[./-][0-9]{1,4}( [0-9:]{0,12}[ APMZ+-]{0,4}[0-9:]{0,6})?") {
            for order in [DateOrder::Unknown, DateOrder::DayFirst, DateOrder::MonthFirst] {
                let _ = read_time(&text, order);
            }
            let _ = DateOrder::shown_by([text.as_str()].into_iter());
        }
    }
}
