//! Statistics as they are answered.

use std::collections::BTreeMap;

use serde::Serialize;

use super::interval::Interval;
use crate::analytics::model::day::Day;
use crate::analytics::model::dimension::Dimension;
use crate::values::domains::Domain;
use crate::values::slug::Slug;
use crate::values::timestamp::Timestamp;

/// What clicks add up to in a range of time.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct Stats {
    /// The link's domain; of one link only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub domain: Option<Domain>,
    /// The link's slug; of one link only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub slug: Option<Slug>,
    /// The tags that were asked for; of links by tag only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tags: Option<Vec<String>>,
    /// How many links have one of the tags; of links by tag only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub links: Option<usize>,
    /// When the range begins, in the time zone.
    pub from: String,
    /// When it ends; this moment is not in it.
    pub to: String,
    /// The time zone.
    pub tz: &'static str,
    /// Whether the range and all steps are exactly as the time zone has them. If not, they begin with the next whole hour
    /// of UTC (by minute: the next minute).
    pub exact: bool,
    /// The sums.
    pub totals: Numbers,
    /// With a filter: how many more clicks can have the value at most than are told, for want of room in the aggregates.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub filter_error: Option<u64>,
    /// The sums since the link exists; of one link only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub all_time: Option<AllTime>,
    /// How the sums differ from those of the time before, if that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub change: Option<Change>,
    /// The sums by time, without gaps.
    pub series: Series,
    /// The whole days of UTC that visitors and top values are of; not by minute.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub utc_days: Option<UtcDays>,
    /// The most frequent values of each dimension that was asked for.
    pub top: BTreeMap<Dimension, Top>,
}

/// Sums. What is not known for the question is null.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct Numbers {
    /// Clicks of people.
    pub clicks: Option<u64>,
    /// Clicks of bots.
    pub bots: Option<u64>,
    /// Visitors, estimated with a standard error of 0.8 %. Who comes on two days is two visitors.
    pub visitors: Option<u64>,
}

/// Sums of all time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct AllTime {
    /// Clicks of people.
    pub clicks: u64,
    /// Clicks of bots.
    pub bots: u64,
    /// The first click of a person.
    pub first_click_at: Option<Timestamp>,
    /// The last click of a person.
    pub last_click_at: Option<Timestamp>,
}

/// How the sums of a range differ from those of the time before it that is as long.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct Change {
    /// When the time before begins; it ends where the range begins.
    pub from: String,
    /// Its sums.
    pub before: Numbers,
    /// By how much the clicks are more, relative to before: 0.25 is a quarter more. Null if there were none.
    pub clicks: Option<f64>,
    /// The same of the clicks of bots.
    pub bots: Option<f64>,
    /// The same of visitors.
    pub visitors: Option<f64>,
}

/// Sums by time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct Series {
    /// The width of a step.
    pub interval: Interval,
    /// Every step of the range, the oldest first. Those at the ends may be cut off by the range.
    pub items: Vec<Step>,
}

/// One step of a series.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct Step {
    /// When it begins: a date in the time zone (`2026-01-02`), or a time where it is shorter than a day.
    pub start: String,
    /// Its sums. Visitors are not known by hour or minute.
    #[serde(flatten)]
    pub numbers: Numbers,
}

/// Whole days of UTC.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct UtcDays {
    /// The first.
    pub from: Day,
    /// The last, which is among them.
    pub to: Day,
    /// Whether they are exactly the range.
    pub exact: bool,
    /// Clicks of people on them.
    pub clicks: u64,
    /// Clicks of bots on them.
    pub bots: u64,
}

/// The most frequent values of a dimension. `items`, `other` and `unknown` add up to the clicks of `utc_days`: of people,
/// or, in the dimensions of bots, of bots.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct Top {
    /// The most frequent first.
    pub items: Vec<TopItem>,
    /// Clicks with other values, and those of which it is not certain which value they have.
    pub other: u64,
    /// Clicks without a value.
    pub unknown: u64,
    /// No value that is not among `items` for want of room in the aggregates has more clicks than this.
    pub error: u64,
}

/// A value of a dimension.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct TopItem {
    /// The value.
    pub value: String,
    /// Clicks that certainly have it.
    pub clicks: u64,
    /// How many more it can have at most.
    pub error: u64,
}
