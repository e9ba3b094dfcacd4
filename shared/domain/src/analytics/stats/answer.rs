//! Defines the answer to a request for statistics.

use std::collections::BTreeMap;

use serde::Serialize;

use super::interval::Interval;
use crate::analytics::model::dimension::Dimension;
use crate::links::id::LinkId;
use crate::values::domains::Domain;
use crate::values::slug::Slug;
use crate::values::timestamp::Timestamp;

/// The sums of clicks in a range of time.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct Stats {
    /// The link's id. Only for one link.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub link_id: Option<LinkId>,
    /// The link's domain, or the one whose visits to no link these are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub domain: Option<Domain>,
    /// The link's slug. Only for one link.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub slug: Option<Slug>,
    /// The requested tags. Only for links by tag.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tags: Option<Vec<String>>,
    /// How many links have one of the tags. Only for links by tag.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub links: Option<usize>,
    /// The time at which the range begins, in the time zone.
    pub from: String,
    /// The time at which the range ends. It is not in the range.
    pub to: String,
    /// The time zone.
    pub tz: &'static str,
    /// Whether the range, the period before it and all steps begin and end exactly where the request and the time zone have
    /// them. If not, they begin at the next whole hour of UTC (by minute: at the next minute), as `from` and `to` say, or the
    /// hours of clicks that an older version counted are not known.
    pub exact: bool,
    /// The sums of the range.
    pub totals: Numbers,
    /// With a filter: how many more clicks can have the value at most, because aggregates do not keep all values.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub filter_error: Option<u64>,
    /// The sums since the link exists, or of all visits to no link of the domain. Absent for several links.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub all_time: Option<AllTime>,
    /// How the sums differ from those of the period before, if requested.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub change: Option<Change>,
    /// The sums by time, without gaps.
    pub series: Series,
    /// The most frequent values of each requested dimension; null if they are not known for this range.
    pub top: BTreeMap<Dimension, Option<Top>>,
    /// Why something in this answer is null: the reason by the path of the field, such as `totals.visitors` or
    /// `series.items.visitors`. Statistics count visitors and values by day in UTC only.
    pub null_because: BTreeMap<String, &'static str>,
}

/// Sums. A sum that is not known for the request is null, and `null_because` says why.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct Numbers {
    /// Clicks of people.
    pub clicks: Option<u64>,
    /// Clicks of bots.
    pub bots: Option<u64>,
    /// Visitors, estimated with a standard error of 0.8 %. A person who comes on two days is two visitors.
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
    /// The time of the first click of a person.
    pub first_click_at: Option<Timestamp>,
    /// The time of the last click of a person.
    pub last_click_at: Option<Timestamp>,
}

/// How the sums of a range differ from those of the period before it, which is as long.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct Change {
    /// The time at which the period before begins. It ends where the range begins.
    pub from: String,
    /// The sums of the period before.
    pub before: Numbers,
    /// The relative change of the clicks of people: 0.25 is a quarter more. Null if there were none before, or if either sum is
    /// null.
    pub clicks: Option<f64>,
    /// The relative change of the clicks of bots.
    pub bots: Option<f64>,
    /// The relative change of visitors.
    pub visitors: Option<f64>,
}

/// Sums by time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct Series {
    /// The width of a step.
    pub interval: Interval,
    /// Every step of the range, the oldest first. The range may cut its first and last step short.
    pub items: Vec<Step>,
}

/// One step of a series.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct Step {
    /// The start of the step: a date in the time zone (`2026-01-02`), or a time if the step is shorter than a day.
    pub start: String,
    /// The sums of the step. Visitors are known for whole days of UTC.
    #[serde(flatten)]
    pub numbers: Numbers,
}

/// The most frequent values of a dimension. `items`, `other` and `unknown` add up to `clicks` of `totals`, or to `bots` in
/// the dimensions of bots.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct Top {
    /// The values, the most frequent first.
    pub items: Vec<TopItem>,
    /// Clicks with other values, and clicks whose value is not certain.
    pub other: u64,
    /// Clicks without a value.
    pub unknown: u64,
    /// The greatest number of clicks that a value can have that the aggregates did not keep.
    pub error: u64,
}

/// A value of a dimension.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct TopItem {
    /// The value. A link is named by its present address, `{domain}/{slug}`; a deleted one by its last.
    pub value: String,
    /// The link's id. Only for links: one that was deleted and one that was made again at its address have the same value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub link_id: Option<LinkId>,
    /// Clicks that certainly have this value.
    pub clicks: u64,
    /// How many more clicks can have it at most.
    pub error: u64,
}
