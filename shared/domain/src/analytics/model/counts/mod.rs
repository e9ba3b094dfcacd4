//! Clicks by value of one dimension, in bounded room: the frequent values stay.

mod space_saving;

use std::fmt;

use compact_str::CompactString;
use serde::de::{self, IgnoredAny, SeqAccess};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::dimension::Dimension;
use crate::clicks::click::cut;

/// How often each value was seen, for up to [`Dimension::max_values`] values: the algorithm Space-Saving (Metwally, Agrawal
/// and El Abbadi, 2005) with its counts split into what is certain and what may be.
///
/// A value that finds no room takes the place of the one that can have been seen least often. So, with `n` clicks and room
/// for `k` values:
/// * the clicks of a value are at least [`Counts::clicks`] and at most that and [`Counts::error`];
/// * a value that is not kept has at most [`Counts::floor`] clicks, which is at most `n / k`: whatever has more, stays;
/// * the certain clicks of all values and [`Counts::other`] add up to `n` exactly.
///
/// [`Counts::merge`] keeps the first and the third, and adds up the floors.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Counts {
    /// In the order of the alphabet, each value once. Nearly all are short enough to lie in the list itself.
    #[serde(default, with = "as_map")]
    values: Vec<(CompactString, Count)>,
    #[serde(default, skip_serializing_if = "is_zero")]
    other: u64,
    #[serde(default, skip_serializing_if = "is_zero")]
    floor: u64,
}

/// A value's clicks: stored as one number, or as a list of two if there is an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Count {
    clicks: u64,
    error: u64,
}

impl Count {
    /// The most clicks there can have been.
    fn most(self) -> u64 {
        self.clicks + self.error
    }

    fn add(&mut self, other: Self) {
        self.clicks += other.clicks;
        self.error += other.error;
    }
}

fn is_zero(number: &u64) -> bool {
    *number == 0
}

impl Counts {
    /// How many values are kept of merged counts: days of many lanes have few values each, but not the same ones.
    pub const MAX_MERGED: usize = 2_000;

    /// Counts one click with `value` of `dimension`. An empty value is not counted.
    pub fn add(&mut self, dimension: Dimension, value: &str) {
        self.add_many(dimension, value, 1);
    }

    /// Counts as many clicks at once.
    pub(crate) fn add_many(&mut self, dimension: Dimension, value: &str, clicks: u64) {
        let value = cut(value, dimension.max_value_bytes());
        if value.is_empty() {
            return;
        }
        match self.find(value) {
            Ok(place) => self.values[place].1.clicks += clicks,
            Err(mut place) => {
                while self.values.len() >= dimension.max_values() {
                    place -= usize::from(self.evict() < place);
                }
                let error = self.floor();
                self.values.insert(place, (value.into(), Count { clicks, error }));
            }
        }
    }

    /// The place of `value`, or the one where it belongs.
    fn find(&self, value: &str) -> Result<usize, usize> {
        self.values.binary_search_by(|(other, _)| other.as_str().cmp(value))
    }

    /// Gives up the value that can have been seen least often; of equal ones the first in the order of the alphabet, so
    /// that the same clicks always lead to the same counts. Says which place it had.
    fn evict(&mut self) -> usize {
        let least = self.values.iter().enumerate().min_by_key(|(_, (_, count))| count.most());
        let place = least.map_or(0, |(place, _)| place);
        let (_, count) = self.values.remove(place);
        self.give_up(count);
        place
    }

    /// Counts the clicks of a value that is not kept any more.
    fn give_up(&mut self, count: Count) {
        self.floor = self.floor().max(count.most());
        self.other += count.clicks;
    }

    /// Adds the counts of another aggregate. A value that only one of both kept may have had as many clicks in the other as
    /// its floor says.
    pub fn merge(&mut self, counts: &Self) {
        let (mine, theirs) = (self.floor(), counts.floor());
        if theirs > 0 {
            let only_mine = self.values.iter_mut().filter(|(value, _)| counts.find(value).is_err());
            only_mine.for_each(|(_, count)| count.error += theirs);
        }
        let mut new = Vec::new();
        for (value, count) in &counts.values {
            match self.find(value) {
                Ok(place) => self.values[place].1.add(*count),
                Err(place) => new.push((place, (value.clone(), Count { error: count.error + mine, ..*count }))),
            }
        }
        self.insert(new);
        self.floor = mine + theirs;
        self.other += counts.other;
        if self.values.len() > Self::MAX_MERGED {
            self.prune();
        }
    }

    /// Inserts values at the places where they belong, which ascend.
    fn insert(&mut self, new: Vec<(usize, (CompactString, Count))>) {
        if new.is_empty() {
            return;
        }
        let mut values = Vec::with_capacity(self.values.len() + new.len());
        let mut known = std::mem::take(&mut self.values).into_iter().enumerate().peekable();
        for (place, value) in new {
            while let Some((_, value)) = known.next_if(|(before, _)| *before < place) {
                values.push(value);
            }
            values.push(value);
        }
        values.extend(known.map(|(_, value)| value));
        self.values = values;
    }

    /// Keeps half of [`Counts::MAX_MERGED`], so that it is seldom done.
    fn prune(&mut self) {
        self.values.sort_by(|(a, x), (b, y)| y.most().cmp(&x.most()).then_with(|| a.cmp(b)));
        for (_, count) in self.values.split_off(Self::MAX_MERGED / 2) {
            self.floor = self.floor.max(count.most());
            self.other += count.clicks;
        }
        self.values.sort_by(|(a, _), (b, _)| a.cmp(b));
    }

    /// All clicks in it.
    pub fn sum(&self) -> u64 {
        self.values.iter().map(|(_, count)| count.clicks).sum::<u64>() + self.other
    }

    /// Clicks that are not among the certain clicks of any value.
    pub fn other(&self) -> u64 {
        self.other
    }

    /// How many values are told apart.
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// Whether no value is told apart.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// The clicks that `value` certainly has; zero if it is not kept.
    pub fn clicks(&self, value: &str) -> u64 {
        self.find(value).map_or(0, |place| self.values[place].1.clicks)
    }

    /// How many clicks `value` may have beyond [`Counts::clicks`].
    pub fn error(&self, value: &str) -> u64 {
        self.find(value).map_or(self.floor(), |place| self.values[place].1.error)
    }

    /// The most clicks that a value can have which is not kept. Zero as long as every value had room.
    pub fn floor(&self) -> u64 {
        // Before there were floors, the first values stayed and all clicks of the others were counted together.
        if self.floor == 0 { self.other } else { self.floor }
    }

    /// The values and their certain clicks, in the order of the alphabet.
    pub fn iter(&self) -> impl Iterator<Item = (&str, u64)> {
        self.values.iter().map(|(value, count)| (value.as_str(), count.clicks))
    }

    /// The `limit` values with the most clicks, the most frequent first, equal ones in the order of the alphabet.
    pub fn top(&self, limit: usize) -> Vec<(&str, u64)> {
        let mut all: Vec<_> = self.iter().collect();
        all.sort_by_key(|&(value, clicks)| (std::cmp::Reverse(clicks), value));
        all.truncate(limit);
        all
    }
}

/// The values are stored as a map. What is read may be in any order.
mod as_map {
    use super::*;

    pub(crate) fn serialize<S: Serializer>(values: &[(CompactString, Count)], to: S) -> Result<S::Ok, S::Error> {
        to.collect_map(values.iter().map(|(value, count)| (value, count)))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<(CompactString, Count)>, D::Error> {
        struct Values;
        impl<'de> de::Visitor<'de> for Values {
            type Value = Vec<(CompactString, Count)>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a map of clicks by value")
            }
            fn visit_map<A: de::MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut values = Vec::with_capacity(map.size_hint().unwrap_or(0).min(Counts::MAX_MERGED));
                while let Some(entry) = map.next_entry()? {
                    values.push(entry);
                }
                values.sort_by(|(a, _), (b, _): &(CompactString, Count)| a.cmp(b));
                values.dedup_by(|(a, _), (b, _)| a == b);
                Ok(values)
            }
        }
        from.deserialize_map(Values)
    }
}

impl Serialize for Count {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.error == 0 {
            self.clicks.serialize(serializer)
        } else {
            (self.clicks, self.error).serialize(serializer)
        }
    }
}

impl<'de> Deserialize<'de> for Count {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct NumberOrTwo;
        impl<'de> de::Visitor<'de> for NumberOrTwo {
            type Value = Count;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("clicks, or a list of clicks and error")
            }
            fn visit_u64<E: de::Error>(self, clicks: u64) -> Result<Count, E> {
                Ok(Count { clicks, error: 0 })
            }
            fn visit_i64<E: de::Error>(self, clicks: i64) -> Result<Count, E> {
                u64::try_from(clicks).map(|clicks| Count { clicks, error: 0 }).map_err(E::custom)
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Count, A::Error> {
                let mut next = |index| list.next_element()?.ok_or_else(|| de::Error::invalid_length(index, &self));
                let count = Count { clicks: next(0)?, error: next(1)? };
                while list.next_element::<IgnoredAny>()?.is_some() {}
                Ok(count)
            }
        }
        deserializer.deserialize_any(NumberOrTwo)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    const ROOM: usize = Dimension::Referrer.max_values();

    fn count(values: &[u16]) -> Counts {
        let mut counts = Counts::default();
        values.iter().for_each(|value| counts.add(Dimension::Referrer, &value.to_string()));
        counts
    }

    /// Few values that are frequent and many that are not.
    fn clicks() -> impl Strategy<Value = Vec<u16>> {
        prop::collection::vec(prop_oneof![0_u16..20, 0_u16..400, 0_u16..5_000], 0..800)
    }

    /// What is promised of `counts` if these were all clicks.
    fn check(counts: &Counts, all: &[u16]) -> Result<(), TestCaseError> {
        let mut truth = BTreeMap::<u16, u64>::new();
        all.iter().for_each(|value| *truth.entry(*value).or_default() += 1);
        prop_assert_eq!(counts.sum(), all.len() as u64);
        for (value, clicks) in truth {
            let (certain, error) = (counts.clicks(&value.to_string()), counts.error(&value.to_string()));
            prop_assert!(certain <= clicks && clicks <= certain + error, "{value}: {certain} {clicks} {error}");
        }
        Ok(())
    }

    #[test]
    fn the_most_frequent_come_first_and_ties_are_stable() {
        let mut counts = Counts::default();
        for value in ["b", "a", "c", "c"] {
            counts.add(Dimension::Browser, value);
        }
        assert_eq!(counts.top(2), [("c", 2), ("a", 1)]);
    }

    #[test]
    fn a_frequent_value_that_comes_late_takes_the_place_of_a_rare_one() {
        let all: Vec<u16> = (0..2_000).chain([7_777; 500]).collect();
        let counts = count(&all);
        assert_eq!(counts.top(1), [("7777", 500)]);
        assert_eq!((counts.len(), counts.other()), (ROOM, 1_901));
        assert!(counts.floor() <= 2_500 / ROOM as u64);
    }

    #[test]
    fn what_an_earlier_version_stored_is_read() {
        let stored: Counts = serde_json::from_str(r#"{"values":{"a":3,"b":1},"other":7}"#).unwrap();
        assert_eq!((stored.clicks("a"), stored.error("a"), stored.sum()), (3, 0, 11));
        assert_eq!(stored.error("c"), 7, "any of the others may be all of them");
        let mut full = stored.clone();
        (0..ROOM).for_each(|n| full.add(Dimension::Referrer, &format!("new{n}")));
        assert_eq!((full.clicks("new99"), full.error("new99"), full.sum()), (1, 7, 11 + ROOM as u64));
    }

    #[test]
    fn values_are_found_in_whatever_order_they_are_stored() {
        let stored: Counts = serde_json::from_str(r#"{"values":{"b":1,"c":[2,1],"a":3}}"#).unwrap();
        assert_eq!(stored.iter().collect::<Vec<_>>(), [("a", 3), ("b", 1), ("c", 2)]);
        assert_eq!((stored.clicks("a"), stored.error("c"), stored.clicks("d")), (3, 1, 0));
        assert_eq!(serde_json::to_string(&stored).unwrap(), r#"{"values":{"a":3,"b":1,"c":[2,1]}}"#);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]
        #[test]
        fn every_count_is_within_its_error_and_the_floor_within_its_share(all in clicks()) {
            let counts = count(&all);
            check(&counts, &all)?;
            prop_assert!(counts.len() <= ROOM && counts.floor() <= (all.len() / ROOM) as u64);
        }

        #[test]
        fn merged_counts_are_within_their_errors(parts in prop::collection::vec(clicks(), 1..6)) {
            let mut merged = Counts::default();
            parts.iter().for_each(|part| merged.merge(&count(part)));
            check(&merged, &parts.concat())?;
            let floors: u64 = parts.iter().map(|part| count(part).floor()).sum();
            prop_assert_eq!(merged.floor(), floors);
        }

        #[test]
        fn what_is_pruned_is_within_its_error(days in 20_u16..30, width in 90_u16..100) {
            let parts: Vec<Vec<u16>> = (0..days).map(|day| (0..3).chain(day * width..(day + 1) * width).collect()).collect();
            let mut merged = Counts::default();
            parts.iter().for_each(|part| merged.merge(&count(part)));
            prop_assert!(merged.len() <= Counts::MAX_MERGED);
            prop_assert_eq!(merged.clicks("2"), u64::from(days) + 1);
            check(&merged, &parts.concat())?;
        }

        #[test]
        fn counts_go_on_where_they_were_stored(before in clicks(), after in clicks()) {
            let stored = serde_json::to_string(&count(&before)).unwrap();
            let mut counts: Counts = serde_json::from_str(&stored).unwrap();
            after.iter().for_each(|value| counts.add(Dimension::Referrer, &value.to_string()));
            prop_assert_eq!(counts, count(&[before, after].concat()));
        }

        #[test]
        fn a_value_is_cut_at_the_border_of_a_character(value in "\\PC{1,300}") {
            let mut counts = Counts::default();
            counts.add(Dimension::Referrer, &value);
            prop_assert!(counts.iter().all(|(value, _)| value.len() <= Dimension::Referrer.max_value_bytes()));
            prop_assert_eq!(counts.sum(), 1);
        }
    }
}
