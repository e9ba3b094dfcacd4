//! Moments, as the API and the tables write them.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// A moment in UTC to the millisecond, written as RFC 3339 with exactly three decimals
/// (`2026-01-02T03:04:05.678Z`), so that the order of the texts is the order of the moments.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(jiff::Timestamp);

/// A text or number that is no moment between the years 0 and 9999.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("is not a time as in RFC 3339, such as 2026-01-02T03:04:05Z")]
pub struct TimestampError;

/// The first millisecond of the year 0.
const MIN_MILLIS: i64 = -62_167_219_200_000;

impl Timestamp {
    /// From milliseconds since the Unix epoch.
    pub fn from_millis(millis: i64) -> Result<Self, TimestampError> {
        // The library ends within the last days of 9999.
        if millis < MIN_MILLIS {
            return Err(TimestampError);
        }
        jiff::Timestamp::from_millisecond(millis).map(Self).map_err(|_| TimestampError)
    }

    /// Reads RFC 3339 with any offset; what is finer than a millisecond is cut off.
    pub fn parse(text: &str) -> Result<Self, TimestampError> {
        let moment: jiff::Timestamp = text.parse().map_err(|_| TimestampError)?;
        Self::from_millis(moment.as_millisecond())
    }

    /// Milliseconds since the Unix epoch.
    pub fn as_millis(self) -> i64 {
        self.0.as_millisecond()
    }

    /// Whole seconds since the Unix epoch, as DynamoDB's TTL counts them; before it, the second that has begun.
    pub fn as_seconds(self) -> i64 {
        self.as_millis().div_euclid(1000)
    }

    /// The moment `seconds` later (earlier if negative), or the last one that can be written.
    pub fn plus_seconds(self, seconds: i64) -> Self {
        Self::from_millis(self.as_millis().saturating_add(seconds.saturating_mul(1000))).unwrap_or(self)
    }

    /// The date in UTC, as `2026-01-02`.
    pub fn date(self) -> String {
        self.to_string()[..10].to_owned()
    }

    /// The hour in UTC, 0 to 23.
    pub fn hour(self) -> u8 {
        u8::try_from(self.as_seconds().rem_euclid(86_400) / 3600).unwrap_or(0)
    }

    /// The minute in UTC, 0 to 59.
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
    "description": "A moment as in RFC 3339. Answers are in UTC, to the millisecond.",
});

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn is_written_with_three_decimals() {
        assert_eq!(Timestamp::parse("2026-01-02T03:04:05Z").unwrap().to_string(), "2026-01-02T03:04:05.000Z");
        assert_eq!(Timestamp::parse("2026-01-02T03:04:05.6789+01:00").unwrap().to_string(), "2026-01-02T02:04:05.678Z");
    }

    #[test]
    fn has_date_hour_and_minute_in_utc() {
        let moment = Timestamp::parse("2026-01-02T23:59:05-02:00").unwrap();
        assert_eq!((moment.date().as_str(), moment.hour(), moment.minute()), ("2026-01-03", 1, 59));
    }

    #[test]
    fn has_a_year_of_four_digits() {
        assert_eq!(Timestamp::from_millis(MIN_MILLIS).unwrap().to_string(), "0000-01-01T00:00:00.000Z");
        assert!(Timestamp::from_millis(MIN_MILLIS - 1).is_err());
        assert!(Timestamp::parse("9999-12-30T00:00:00Z").is_ok());
        assert!(Timestamp::parse("+010000-01-01T00:00:00Z").is_err());
    }

    proptest! {
        #[test]
        fn its_own_form_is_read_as_any_other(millis in -62_167_219_200_000_i64..253_402_300_799_999) {
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
