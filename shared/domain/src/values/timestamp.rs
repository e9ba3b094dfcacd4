//! Parses and formats times for the API and the tables.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// A time in UTC to the millisecond, written as RFC 3339 with exactly three decimals (`2026-01-02T03:04:05.678Z`), so that
/// texts sort in the order of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(jiff::Timestamp);

/// The error of a text or number that is not a time between the years 0 and 9999.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("is not a time as in RFC 3339, such as 2026-01-02T03:04:05Z")]
pub struct TimestampError;

/// The first millisecond of the year 0.
const MIN_MILLIS: i64 = -62_167_219_200_000;

impl Timestamp {
    /// Makes a time from milliseconds since the Unix epoch.
    pub fn from_millis(millis: i64) -> Result<Self, TimestampError> {
        // The range of jiff ends in the last days of 9999, but begins before the year 0.
        if millis < MIN_MILLIS {
            return Err(TimestampError);
        }
        jiff::Timestamp::from_millisecond(millis).map(Self).map_err(|_| TimestampError)
    }

    /// Parses RFC 3339 with any offset. Drops fractions of a millisecond.
    pub fn parse(text: &str) -> Result<Self, TimestampError> {
        let time: jiff::Timestamp = text.parse().map_err(|_| TimestampError)?;
        Self::from_millis(time.as_millisecond())
    }

    /// Returns the milliseconds since the Unix epoch.
    pub fn as_millis(self) -> i64 {
        self.0.as_millisecond()
    }

    /// Returns the whole seconds since the Unix epoch, rounded down, as DynamoDB's TTL counts them.
    pub fn as_seconds(self) -> i64 {
        self.as_millis().div_euclid(1000)
    }

    /// Returns the time `seconds` later (earlier if negative), or this time if the result is out of range.
    pub fn plus_seconds(self, seconds: i64) -> Self {
        Self::from_millis(self.as_millis().saturating_add(seconds.saturating_mul(1000))).unwrap_or(self)
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

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.3}", self.0)
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
        assert!(Timestamp::parse("9999-12-30T00:00:00Z").is_ok());
        assert!(Timestamp::parse("+010000-01-01T00:00:00Z").is_err());
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
    fn time_out_of_range_is_not_moved_to() {
        let time = Timestamp::parse("2026-01-02T03:04:05.678Z").unwrap();
        assert_eq!(time.plus_seconds(-60).to_string(), "2026-01-02T03:03:05.678Z");
        assert_eq!(time.plus_seconds(60).to_string(), "2026-01-02T03:05:05.678Z");
        for seconds in [i64::MAX, i64::MIN, 9_000 * 366 * 86_400] {
            assert_eq!(time.plus_seconds(seconds), time, "{seconds}");
        }
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
