//! Parses and formats times for the API and the tables.

use std::fmt;

use jiff::ToSpan;
use jiff::civil::date;
use jiff::fmt::temporal::Pieces;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// A time in UTC to the millisecond, in the years 0 to 9999, written as RFC 3339 with exactly three decimals
/// (`2026-01-02T03:04:05.678Z`), so that texts sort in the order of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

/// The error of a text or number that is not a time between the years 0 and 9999.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("is not a time as in RFC 3339, such as 2026-01-02T03:04:05Z")]
pub struct TimestampError;

/// The first millisecond of the year 0.
const MIN_MILLIS: i64 = -62_167_219_200_000;
/// The last millisecond of the year 9999.
const MAX_MILLIS: i64 = 253_402_300_799_999;
const DAY_MILLIS: i64 = 86_400_000;

impl Timestamp {
    /// Makes a time from milliseconds since the Unix epoch.
    pub fn from_millis(millis: i64) -> Result<Self, TimestampError> {
        if (MIN_MILLIS..=MAX_MILLIS).contains(&millis) { Ok(Self(millis)) } else { Err(TimestampError) }
    }

    /// Parses RFC 3339 with any offset. Drops fractions of a millisecond.
    pub fn parse(text: &str) -> Result<Self, TimestampError> {
        let millis = match text.parse::<jiff::Timestamp>() {
            // Round down, also before 1970: jiff rounds towards zero.
            Ok(time) => time.as_second() * 1000 + i64::from(time.subsec_nanosecond().div_euclid(1_000_000)),
            Err(_) => parse_last_days(text).ok_or(TimestampError)?,
        };
        Self::from_millis(millis)
    }

    /// Returns the milliseconds since the Unix epoch.
    pub fn as_millis(self) -> i64 {
        self.0
    }

    /// Returns the whole seconds since the Unix epoch, rounded down, as DynamoDB's TTL counts them.
    pub fn as_seconds(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// Returns the time `seconds` later (earlier if negative), but not before the year 0 nor after 9999.
    pub fn plus_seconds(self, seconds: i64) -> Self {
        Self(self.0.saturating_add(seconds.saturating_mul(1000)).clamp(MIN_MILLIS, MAX_MILLIS))
    }

    /// Returns the date in UTC, as `2026-01-02`.
    pub fn date(self) -> String {
        self.to_string()[..10].to_owned()
    }

    /// Returns the hour in UTC, 0 to 23.
    pub fn hour(self) -> u8 {
        u8::try_from(self.as_seconds().rem_euclid(86_400) / 3600).unwrap_or(0)
    }

    /// Returns the minute in UTC, 0 to 59.
    pub fn minute(self) -> u8 {
        u8::try_from(self.as_seconds().rem_euclid(3600) / 60).unwrap_or(0)
    }
}

/// Parses a time in the last days of 9999, which are out of jiff's range: that leaves room for every offset of a zone.
/// Returns milliseconds since the Unix epoch.
#[cold]
fn parse_last_days(text: &str) -> Option<i64> {
    let pieces = Pieces::parse(text).ok()?;
    let (date, time) = (pieces.date(), pieces.time()?);
    let offset = i64::from(pieces.to_numeric_offset()?.seconds());
    let days = i64::from((date - EPOCH).get_days());
    let seconds = i64::from(time.hour()) * 3600 + i64::from(time.minute()) * 60 + i64::from(time.second()) - offset;
    Some(days * DAY_MILLIS + seconds * 1000 + i64::from(time.subsec_nanosecond() / 1_000_000))
}

const EPOCH: jiff::civil::Date = date(1970, 1, 1);

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let date = EPOCH.saturating_add(self.0.div_euclid(DAY_MILLIS).days());
        let millis = self.0.rem_euclid(DAY_MILLIS);
        let (seconds, millis) = (millis / 1000, millis % 1000);
        write!(f, "{date}T{:02}:{:02}:{:02}.{millis:03}Z", seconds / 3600, seconds / 60 % 60, seconds % 60)
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).map_err(de::Error::custom)
    }
}

#[cfg(feature = "openapi")]
crate::values::schema::schema!(Timestamp, "Timestamp", {
    "type": "string",
    "format": "date-time",
    "description": "A time as in RFC 3339. Answers are in UTC, to the millisecond.",
});

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn text_has_three_decimals() {
        assert_eq!(Timestamp::parse("2026-01-02T03:04:05Z").unwrap().to_string(), "2026-01-02T03:04:05.000Z");
        assert_eq!(Timestamp::parse("2026-01-02T03:04:05.6789+01:00").unwrap().to_string(), "2026-01-02T02:04:05.678Z");
    }

    #[test]
    fn date_hour_and_minute_are_in_utc() {
        let time = Timestamp::parse("2026-01-02T23:59:05-02:00").unwrap();
        assert_eq!((time.date().as_str(), time.hour(), time.minute()), ("2026-01-03", 1, 59));
    }

    #[test]
    fn year_has_four_digits() {
        assert_eq!(Timestamp::from_millis(MIN_MILLIS).unwrap().to_string(), "0000-01-01T00:00:00.000Z");
        assert!(Timestamp::from_millis(MIN_MILLIS - 1).is_err());
        assert!(Timestamp::parse("+010000-01-01T00:00:00Z").is_err());
    }

    #[test]
    fn every_time_of_9999_is_read() {
        for (text, expected) in [
            ("9999-12-30T00:00:00Z", Some("9999-12-30T00:00:00.000Z")),
            ("9999-12-31T23:59:59Z", Some("9999-12-31T23:59:59.000Z")),
            ("9999-12-31T23:59:59.9999+00:00", Some("9999-12-31T23:59:59.999Z")),
            ("9999-12-31T23:59:59+14:00", Some("9999-12-31T09:59:59.000Z")),
            ("9999-12-31T00:00:00-12:00", Some("9999-12-31T12:00:00.000Z")),
            ("9999-12-31T23:59:59-00:01", None),
            ("9999-12-31T23:59:59", None),
            ("9999-12-31", None),
            ("9999-12-32T00:00:00Z", None),
            ("0000-01-01T00:00:00+00:01", None),
        ] {
            assert_eq!(Timestamp::parse(text).ok().map(|time| time.to_string()).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn parts_are_right_before_and_after_the_epoch() {
        for (text, millis, seconds, date, hour, minute) in [
            ("1970-01-01T00:00:00Z", 0, 0, "1970-01-01", 0, 0),
            ("1970-01-01T00:00:00.999Z", 999, 0, "1970-01-01", 0, 0),
            ("1969-12-31T23:59:59.999Z", -1, -1, "1969-12-31", 23, 59),
            ("1969-12-31T22:30:00Z", -5_400_000, -5_400, "1969-12-31", 22, 30),
            ("1970-01-02T13:07:01Z", 133_621_000, 133_621, "1970-01-02", 13, 7),
        ] {
            let time = Timestamp::parse(text).unwrap();
            assert_eq!((time.as_millis(), time.as_seconds()), (millis, seconds), "{text}");
            assert_eq!((time.date().as_str(), time.hour(), time.minute()), (date, hour, minute), "{text}");
        }
    }

    #[test]
    fn sums_stay_within_the_range() {
        let (first, last) = (Timestamp::from_millis(MIN_MILLIS).unwrap(), Timestamp::from_millis(MAX_MILLIS).unwrap());
        for (time, seconds, sum) in
            [(first, -1, first), (last, 1, last), (first, i64::MAX, last), (last, i64::MIN, first)]
        {
            assert_eq!(time.plus_seconds(seconds), sum, "{time} {seconds}");
        }
        assert_eq!(last.plus_seconds(-1).to_string(), "9999-12-31T23:59:58.999Z");
    }

    #[test]
    fn stored_time_is_checked_when_it_is_read() {
        let time: Timestamp = serde_json::from_str("\"2026-01-02T03:04:05+01:00\"").unwrap();
        assert_eq!(serde_json::to_string(&time).unwrap(), "\"2026-01-02T02:04:05.000Z\"");
        assert!(serde_json::from_str::<Timestamp>("\"tomorrow\"").is_err());
    }

    proptest! {
        #[test]
        fn parse_accepts_z_and_numeric_offsets(millis in -62_167_219_200_000_i64..253_402_300_799_999) {
            let text = Timestamp::from_millis(millis).unwrap().to_string();
            let other = text.replace('Z', "+00:00");
            prop_assert_eq!(Timestamp::parse(&text).unwrap().as_millis(), millis);
            prop_assert_eq!(Timestamp::parse(&other).unwrap().as_millis(), millis);
        }

        #[test]
        fn text_order_is_time_order(a in 0_i64..253_402_300_799_999, b in 0_i64..253_402_300_799_999) {
            let (x, y) = (Timestamp::from_millis(a).unwrap(), Timestamp::from_millis(b).unwrap());
            prop_assert_eq!(x.to_string().cmp(&y.to_string()), a.cmp(&b));
            prop_assert_eq!(Timestamp::parse(&x.to_string()).unwrap(), x);
        }
    }
}
