//! The numbers of one aggregate.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::record::Record;
use super::{Counts, Dimension, Grain, VisitorSketch};
use crate::Timestamp;
use crate::click::Trigger;

/// What clicks add up to. Which parts are filled depends on the [`Grain`]; an empty part is not stored.
///
/// A bot's click is counted in `bots` and nowhere else: `clicks`, `visitors` and all groups are those of people.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Tally {
    /// Clicks of people.
    #[serde(default)]
    pub clicks: u64,
    /// Clicks of bots.
    #[serde(default)]
    pub bots: u64,
    /// Clicks by hour of the day, 0 to 23. A link's day.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub hours: BTreeMap<u8, u64>,
    /// Clicks by minute of the hour, 0 to 59. A link's hour.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub minutes: BTreeMap<u8, u64>,
    /// Clicks by value of each dimension. A link's day has all but the link; a workspace's day has the link.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub dimensions: BTreeMap<Dimension, Counts>,
    /// Who clicked. A link's day.
    #[serde(default, skip_serializing_if = "VisitorSketch::is_empty")]
    pub visitors: VisitorSketch,
    /// The first click. A link's total.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_click_at: Option<Timestamp>,
    /// The last click. A link's total.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_click_at: Option<Timestamp>,
}

impl Tally {
    pub(super) fn add(&mut self, grain: Grain, record: &Record) {
        if record.agent.bot {
            self.bots += 1;
            return;
        }
        self.clicks += 1;
        let click = &record.click;
        match grain {
            Grain::LinkDay => {
                *self.hours.entry(click.time.hour()).or_default() += 1;
                if let Some(visitor) = &click.visitor {
                    self.visitors.add(visitor);
                }
                for dimension in Dimension::OF_LINK {
                    if let Some(value) = value_of(dimension, record) {
                        self.dimensions.entry(dimension).or_default().add(dimension, value);
                    }
                }
            }
            Grain::LinkHour => *self.minutes.entry(click.time.minute()).or_default() += 1,
            Grain::LinkTotal => self.see(click.time),
            Grain::WorkspaceDay => {
                let link = format!("{}/{}", click.domain, click.slug);
                self.dimensions.entry(Dimension::Link).or_default().add(Dimension::Link, &link);
            }
        }
    }

    fn see(&mut self, time: Timestamp) {
        self.first_click_at = Some(self.first_click_at.map_or(time, |first| first.min(time)));
        self.last_click_at = Some(self.last_click_at.map_or(time, |last| last.max(time)));
    }

    /// Adds the numbers of another lane or another time; the visitors are merged apart, by a
    /// [`VisitorUnion`](super::visitors::VisitorUnion), which is cheaper for many.
    pub(super) fn merge(&mut self, other: &Self) {
        self.clicks += other.clicks;
        self.bots += other.bots;
        for (hour, clicks) in &other.hours {
            *self.hours.entry(*hour).or_default() += clicks;
        }
        for (minute, clicks) in &other.minutes {
            *self.minutes.entry(*minute).or_default() += clicks;
        }
        for (dimension, counts) in &other.dimensions {
            self.dimensions.entry(*dimension).or_default().merge(counts);
        }
        other.first_click_at.into_iter().chain(other.last_click_at).for_each(|time| self.see(time));
    }
}

fn value_of(dimension: Dimension, record: &Record) -> Option<&str> {
    let (click, agent) = (&record.click, &record.agent);
    match dimension {
        Dimension::Country => click.country.as_deref(),
        Dimension::Device => agent.device.map(|device| device.as_str()),
        Dimension::Browser => agent.browser.as_deref(),
        Dimension::Os => agent.os.as_deref(),
        Dimension::Referrer => click.referrer.as_deref(),
        Dimension::Language => click.language.as_deref(),
        Dimension::UtmSource => click.utm.source.as_deref(),
        Dimension::UtmMedium => click.utm.medium.as_deref(),
        Dimension::UtmCampaign => click.utm.campaign.as_deref(),
        Dimension::UtmTerm => click.utm.term.as_deref(),
        Dimension::UtmContent => click.utm.content.as_deref(),
        Dimension::Trigger => Some(match click.trigger {
            Trigger::Link => "link",
            Trigger::Qr => "qr",
        }),
        Dimension::Link => None,
    }
}
