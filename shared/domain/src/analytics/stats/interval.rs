//! Defines the width of a step in a series.

use jiff::ToSpan;
use jiff::civil::Date;
use serde::Serialize;

/// The width of a step in a series.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub enum Interval {
    /// Minutes of the clock.
    Minute,
    /// Hours of the clock in UTC. A zone whose offset is in whole hours has the same.
    Hour,
    /// Days in the request's time zone.
    Day,
    /// Weeks that begin on Monday (ISO 8601), in the request's time zone.
    Week,
    /// Months in the request's time zone.
    Month,
}

impl Interval {
    /// Finds the interval with this name.
    pub fn named(name: &str) -> Option<Self> {
        Some(match name {
            "minute" => Self::Minute,
            "hour" => Self::Hour,
            "day" => Self::Day,
            "week" => Self::Week,
            "month" => Self::Month,
            _ => return None,
        })
    }

    /// Returns the length of a unit in seconds: aggregates tell units apart, and nothing shorter.
    pub(super) fn unit_seconds(self) -> i64 {
        if self == Self::Minute { 60 } else { 3600 }
    }

    /// Returns the first date of the step after the one that holds `date`. `None` for steps shorter than a day.
    pub(super) fn next_step(self, date: Date) -> Option<Date> {
        let next = match self {
            Self::Minute | Self::Hour => return None,
            Self::Day => date.checked_add(1.day()),
            Self::Week => date.checked_add((7 - i64::from(date.weekday().to_monday_zero_offset())).days()),
            Self::Month => date.first_of_month().checked_add(1.month()),
        };
        next.ok()
    }
}
