//! Defines a date in UTC.

use std::fmt;

use jiff::ToSpan;
use jiff::civil::{Date, date};
use serde::{Serialize, Serializer};

use crate::values::timestamp::Timestamp;

/// A date in UTC, written `2026-01-02`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(Date);

/// The error of a text that is not a [`Day`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is not a date such as 2026-01-31")]
pub struct DayError;

impl Day {
    /// Reads a date written as `2026-01-02`, and in no other form.
    pub fn parse(text: &str) -> Result<Self, DayError> {
        let shaped = text.len() == 10 && text.bytes().all(|b| b.is_ascii_digit() || b == b'-');
        if !shaped {
            return Err(DayError);
        }
        text.parse().map(Self).map_err(|_| DayError)
    }

    /// Returns the date of `time`.
    pub fn of(time: Timestamp) -> Self {
        Self::from_number(day_number(time))
    }

    /// Returns the date `number` days after 1970-01-01; see [`day_number`].
    pub(crate) fn from_number(number: i64) -> Self {
        let epoch = Self(date(1970, 1, 1));
        epoch.plus(number)
    }

    /// Returns how many days after 1970-01-01 it is.
    pub(crate) fn number(self) -> i64 {
        self.days_since(Self(date(1970, 1, 1)))
    }

    /// Returns the date of the calendar.
    pub(crate) fn date(self) -> Date {
        self.0
    }

    /// Returns the date `days` later (earlier if negative), or the last or first date that the calendar has.
    pub fn plus(self, days: i64) -> Self {
        Self(self.0.saturating_add(days.days()))
    }

    /// Returns the number of days from `earlier` to this date; it is negative if `earlier` is later.
    pub fn days_since(self, earlier: Self) -> i64 {
        // jiff gives a difference of dates in days by default.
        (self.0 - earlier.0).get_days().into()
    }
}

/// Returns how many days after 1970-01-01 `time` is: a number is cheaper to compare and to hash than a date.
pub(crate) fn day_number(time: Timestamp) -> i64 {
    time.as_seconds().div_euclid(86_400)
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Serialize for Day {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(feature = "openapi")]
crate::values::schema::schema!(Day, "Day", {
    "type": "string",
    "format": "date",
    "description": "A date in UTC.",
});

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn only_calendar_dates_are_read() {
        for text in ["", "2026-1-2", "2026-02-30", "20260102", "2026-01-02T00:00:00Z", "+026-01-02", "today"] {
            assert!(Day::parse(text).is_err(), "{text:?}");
        }
        assert_eq!(Day::parse("2026-01-31").unwrap().to_string(), "2026-01-31");
    }

    proptest! {
        #[test]
        fn day_of_a_time_is_its_date(millis in -62_167_219_200_000_i64..253_402_300_799_999) {
            let time = Timestamp::from_millis(millis).unwrap();
            prop_assert_eq!(Day::of(time).to_string(), time.date());
            prop_assert_eq!(Day::parse(&time.date()).unwrap(), Day::of(time));
        }

        #[test]
        fn adding_days_and_days_since_agree(number in 0_i64..40_000, days in -400_i64..400) {
            let day = Day::from_number(number);
            prop_assert_eq!(day.plus(days).days_since(day), days);
        }
    }
}
