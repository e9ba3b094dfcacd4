//! Defines the numbers of one aggregate.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize};

use super::counts::Counts;
use super::dimension::Dimension;
use super::recent::RecentClicks;
use super::visitors::VisitorSketch;
use crate::values::timestamp::Timestamp;

/// The numbers of an aggregate. Its [`Grain`](super::aggregate::Grain) decides which parts are filled. Stores leave out
/// empty parts.
///
/// A bot's click is counted in `bots`, in `bot_hours` or `bot_minutes`, and in the dimensions of bots, and nowhere else:
/// `clicks`, `visitors` and all other parts count people.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Tally {
    /// Clicks of people.
    #[serde(default)]
    pub clicks: u64,
    /// Clicks of bots.
    #[serde(default)]
    pub bots: u64,
    /// Clicks of people by hour of the day, 0 to 23. Only in days.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub hours: BTreeMap<u8, u64>,
    /// Clicks of bots by hour of the day. Only in days.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub bot_hours: BTreeMap<u8, u64>,
    /// Clicks of people by minute of the hour, 0 to 59. Only in hours.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub minutes: BTreeMap<u8, u64>,
    /// Clicks of bots by minute of the hour. Only in hours.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub bot_minutes: BTreeMap<u8, u64>,
    /// Clicks by value of each dimension. Only in days; only those of a workspace have the link.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty", deserialize_with = "known_dimensions")]
    pub dimensions: BTreeMap<Dimension, Counts>,
    /// A sketch of the people who clicked. Only in days.
    #[serde(default, skip_serializing_if = "VisitorSketch::is_empty")]
    pub visitors: VisitorSketch,
    /// The time of the first click of a person. Only in totals.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_click_at: Option<Timestamp>,
    /// The time of the last click of a person. Only in totals.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_click_at: Option<Timestamp>,
    /// The last clicks, to recognise one that comes again. Only in totals.
    #[serde(default, skip_serializing_if = "RecentClicks::is_empty")]
    pub recent: RecentClicks,
}

/// Reads the dimensions that this version knows, and skips those that a later version stored.
fn known_dimensions<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BTreeMap<Dimension, Counts>, D::Error> {
    let all = BTreeMap::<String, Counts>::deserialize(deserializer)?.into_iter();
    let known = all.filter_map(|(name, counts)| Some((Dimension::named(&name)?, counts)));
    Ok(known.collect())
}

impl Tally {
    /// Extends the times of the first and the last click to `time`.
    pub(crate) fn add_click_time(&mut self, time: Timestamp) {
        self.first_click_at = Some(self.first_click_at.map_or(time, |first| first.min(time)));
        self.last_click_at = Some(self.last_click_at.map_or(time, |last| last.max(time)));
    }

    /// Adds the numbers of another lane or another time, except the visitors: a
    /// [`VisitorUnion`](super::visitors::VisitorUnion) merges them, which is cheaper for many.
    pub(crate) fn merge(&mut self, other: &Self) {
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
        other.first_click_at.into_iter().chain(other.last_click_at).for_each(|time| self.add_click_time(time));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_millis(1000 * seconds).unwrap()
    }

    /// Makes a tally with different numbers in each part.
    fn tally(n: u64) -> Tally {
        let mut counts = Counts::default();
        counts.add_many(Dimension::Country, "CH", n);
        Tally {
            clicks: n,
            bots: n + 1,
            hours: [(3, n + 2), (n as u8, 1)].into(),
            bot_hours: [(4, n + 3)].into(),
            minutes: [(5, n + 4)].into(),
            bot_minutes: [(6, n + 5)].into(),
            dimensions: [(Dimension::Country, counts)].into(),
            ..Tally::default()
        }
    }

    #[test]
    fn every_part_is_added_up() {
        let mut sum = tally(10);
        sum.merge(&tally(20));
        assert_eq!((sum.clicks, sum.bots), (30, 32));
        assert_eq!(sum.hours, [(3, 34), (10, 1), (20, 1)].into());
        assert_eq!(
            (sum.bot_hours, sum.minutes, sum.bot_minutes),
            ([(4, 36)].into(), [(5, 38)].into(), [(6, 40)].into())
        );
        assert_eq!(sum.dimensions[&Dimension::Country].clicks("CH"), 30);
    }

    #[test]
    fn merged_times_are_the_first_and_the_last() {
        let of = |seconds: &[i64]| {
            let mut tally = Tally::default();
            seconds.iter().for_each(|seconds| tally.add_click_time(at(*seconds)));
            tally
        };
        for (mine, theirs, span) in [
            (vec![], vec![], None),
            (vec![5], vec![], Some((5, 5))),
            (vec![], vec![5, 3], Some((3, 5))),
            (vec![4, 6, 5], vec![1, 9], Some((1, 9))),
            (vec![1, 9], vec![4], Some((1, 9))),
        ] {
            let mut merged = of(&mine);
            merged.merge(&of(&theirs));
            let found = merged.first_click_at.zip(merged.last_click_at);
            assert_eq!(found, span.map(|(first, last)| (at(first), at(last))), "{mine:?} {theirs:?}");
        }
    }

    #[test]
    fn dimension_of_a_later_version_is_skipped() {
        let json = r#"{"clicks":1,"dimensions":{"colour":{"values":{"red":1}},"country":{"values":{"CH":1}}}}"#;
        let tally: Tally = serde_json::from_str(json).unwrap();
        assert_eq!(tally.dimensions.keys().copied().collect::<Vec<_>>(), [Dimension::Country]);
        assert_eq!(serde_json::to_value(Tally::default()).unwrap(), serde_json::json!({"clicks": 0, "bots": 0}));
    }
}
