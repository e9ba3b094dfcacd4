//! The numbers of one aggregate.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::{Deserialize, Deserializer, Serialize};

use super::record::Record;
use super::user_agent::Bot;
use super::{Counts, Dimension, Grain, VisitorSketch, referrer};
use crate::Timestamp;
use crate::click::Trigger;

/// What clicks add up to. Which parts are filled depends on the [`Grain`]; an empty part is not stored.
///
/// A bot's click is counted in `bots`, in `bot_hours` or `bot_minutes`, and in the dimensions of bots, and nowhere else:
/// `clicks`, `visitors` and all other groups are those of people.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Tally {
    /// Clicks of people.
    #[serde(default)]
    pub clicks: u64,
    /// Clicks of bots.
    #[serde(default)]
    pub bots: u64,
    /// Clicks of people by hour of the day, 0 to 23. Of days.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub hours: BTreeMap<u8, u64>,
    /// Clicks of bots by hour of the day. Of days.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub bot_hours: BTreeMap<u8, u64>,
    /// Clicks of people by minute of the hour, 0 to 59. Of hours.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub minutes: BTreeMap<u8, u64>,
    /// Clicks of bots by minute of the hour. Of hours.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub bot_minutes: BTreeMap<u8, u64>,
    /// Clicks by value of each dimension. Of days; only a workspace's has the link.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty", deserialize_with = "known_dimensions")]
    pub dimensions: BTreeMap<Dimension, Counts>,
    /// Who clicked. Of days.
    #[serde(default, skip_serializing_if = "VisitorSketch::is_empty")]
    pub visitors: VisitorSketch,
    /// The first click of a person. Of totals.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_click_at: Option<Timestamp>,
    /// The last click of a person. Of totals.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_click_at: Option<Timestamp>,
}

/// The dimensions that this version knows: a later one may have stored more.
fn known_dimensions<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BTreeMap<Dimension, Counts>, D::Error> {
    let all = BTreeMap::<String, Counts>::deserialize(deserializer)?.into_iter();
    let known = all.filter_map(|(name, counts)| Some((Dimension::named(&name)?, counts)));
    Ok(known.collect())
}

impl Tally {
    pub(super) fn add(&mut self, grain: Grain, record: &Record) {
        match &record.agent.bot {
            Some(bot) => self.add_bot(grain, record, bot),
            None => self.add_person(grain, record),
        }
    }

    fn add_person(&mut self, grain: Grain, record: &Record) {
        self.clicks += 1;
        let time = record.click.time;
        match grain {
            Grain::LinkDay | Grain::WorkspaceDay => {
                *self.hours.entry(time.hour()).or_default() += 1;
                if let Some(visitor) = &record.click.visitor {
                    self.visitors.add(visitor);
                }
                for dimension in Dimension::OF_LINK {
                    self.add_value(dimension, value_of(dimension, record));
                }
                if grain == Grain::WorkspaceDay {
                    let link = format!("{}/{}", record.click.domain, record.click.slug);
                    self.add_value(Dimension::Link, Some(&link));
                }
            }
            Grain::LinkHour => *self.minutes.entry(time.minute()).or_default() += 1,
            Grain::LinkTotal => self.see(time),
        }
    }

    fn add_bot(&mut self, grain: Grain, record: &Record, bot: &Bot) {
        self.bots += 1;
        let time = record.click.time;
        match grain {
            Grain::LinkDay | Grain::WorkspaceDay => {
                *self.bot_hours.entry(time.hour()).or_default() += 1;
                self.add_value(Dimension::BotKind, Some(bot.kind));
                self.add_value(Dimension::Bot, bot.name.as_deref());
            }
            Grain::LinkHour => *self.bot_minutes.entry(time.minute()).or_default() += 1,
            Grain::LinkTotal => {}
        }
    }

    fn add_value(&mut self, dimension: Dimension, value: Option<&str>) {
        if let Some(value) = value {
            self.dimensions.entry(dimension).or_default().add(dimension, value);
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
        for (sums, parts) in [
            (&mut self.hours, &other.hours),
            (&mut self.bot_hours, &other.bot_hours),
            (&mut self.minutes, &other.minutes),
            (&mut self.bot_minutes, &other.bot_minutes),
        ] {
            parts.iter().for_each(|(time, clicks)| *sums.entry(*time).or_default() += clicks);
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
        Dimension::Referrer => click.referrer.as_deref().map(referrer::group),
        Dimension::ReferrerHost => click.referrer.as_deref(),
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
        Dimension::Rule => click.rule.map(rule_name),
        Dimension::Variant => click.variant.as_deref(),
        Dimension::Link | Dimension::Bot | Dimension::BotKind => None,
    }
}

fn rule_name(rule: u8) -> &'static str {
    static NAMES: LazyLock<Vec<String>> = LazyLock::new(|| (0..=u8::MAX).map(|rule| rule.to_string()).collect());
    NAMES.get(usize::from(rule)).map_or("", String::as_str)
}
