//! Counts clicks by value of one dimension in bounded space: the frequent values stay.

mod space_saving;

use std::collections::BTreeMap;
use std::fmt;

use compact_str::CompactString;
use serde::de::{self, IgnoredAny, SeqAccess};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::dimension::Dimension;
use crate::clicks::click::cut;

/// The clicks of up to [`Dimension::max_values`] values: the algorithm Space-Saving (Metwally, Agrawal and El Abbadi, 2005),
/// with each count split into certain clicks and possible ones.
///
/// If there is no room, a new value takes the place of the value that can have been seen least often. So, with `n` clicks and
/// room for `k` values:
/// * The clicks of a value lie between [`Counts::clicks`] and `clicks` + [`Counts::error`].
/// * A value that is not kept has at most [`Counts::floor`] clicks, which is at most `n / k`. A value with more clicks stays.
/// * The certain clicks of all values and [`Counts::other`] add up to `n` exactly.
///
/// [`Counts::merge`] keeps the first and the third promise, and adds up the floors.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Counts {
    /// Sorted by value, each value once. Nearly all values are short enough to be stored inline.
    #[serde(default, with = "as_map")]
    values: Vec<(CompactString, Count)>,
    #[serde(default, skip_serializing_if = "is_zero")]
    other: u64,
    #[serde(default, skip_serializing_if = "is_zero")]
    floor: u64,
}

/// The clicks of a value: stored as one number, or as a list of two if there is an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Count {
    clicks: u64,
    error: u64,
}

impl Count {
    /// Returns the greatest number of clicks that the value can have.
    fn upper_bound(self) -> u64 {
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
    /// The greatest number of values in merged counts: days of many lanes have few values each, but not the same ones.
    pub const MAX_MERGED: usize = 2_000;

    /// Counts one click with `value` of `dimension`. Ignores an empty value.
    pub fn add(&mut self, dimension: Dimension, value: &str) {
        self.add_many(dimension, value, 1);
    }

    /// Counts several clicks with one value.
    pub(crate) fn add_many(&mut self, dimension: Dimension, value: &str, clicks: u64) {
        let value = cut(value, dimension.max_value_bytes());
        if value.is_empty() {
            return;
        }
        match self.find(value).or_else(|index| self.find_spelling(dimension, value).ok_or(index)) {
            Ok(index) => self.values[index].1.clicks += clicks,
            Err(mut index) => {
                while self.values.len() >= dimension.max_values() {
                    index -= usize::from(self.evict() < index);
                }
                let error = self.floor();
                self.values.insert(index, (value.into(), Count { clicks, error }));
            }
        }
    }

    /// Finds the index of `value`, or the index at which to insert it.
    fn find(&self, value: &str) -> Result<usize, usize> {
        self.values.binary_search_by(|(other, _)| other.as_str().cmp(value))
    }

    /// Finds the index of another spelling of `value`, if `dimension` ignores case. The first spelling stays.
    fn find_spelling(&self, dimension: Dimension, value: &str) -> Option<usize> {
        if !dimension.ignores_case() {
            return None;
        }
        if value.is_ascii() {
            return self.values.iter().position(|(other, _)| other.eq_ignore_ascii_case(value));
        }
        let folded = fold_case(value);
        self.values.iter().position(|(other, _)| fold_case(other) == folded)
    }

    /// Returns the counts of the values in lower case. An aggregate may have several spellings of a value, if a version that
    /// knew no case wrote it.
    pub fn folded(&self) -> Self {
        let mut values = BTreeMap::<CompactString, Count>::new();
        for (value, count) in &self.values {
            values.entry(fold_case(value).into()).or_default().add(*count);
        }
        Self { values: values.into_iter().collect(), other: self.other, floor: self.floor }
    }

    /// Evicts the value that can have been seen least often, and returns the index that it had. Of equal ones it evicts the
    /// first in sort order, so that the same clicks always lead to the same counts.
    fn evict(&mut self) -> usize {
        let least = self.values.iter().enumerate().min_by_key(|(_, (_, count))| count.upper_bound());
        let index = least.map_or(0, |(index, _)| index);
        let (_, count) = self.values.remove(index);
        self.add_evicted(count);
        index
    }

    /// Adds the clicks of an evicted value to the floor and to the other clicks.
    fn add_evicted(&mut self, count: Count) {
        self.floor = self.floor().max(count.upper_bound());
        self.other += count.clicks;
    }

    /// Adds the counts of another aggregate. If only one of the two kept a value, the value may have had up to `floor` clicks
    /// in the other.
    pub fn merge(&mut self, counts: &Self) {
        let (mine, theirs) = (self.floor(), counts.floor());
        if theirs != 0 {
            let only_mine = self.values.iter_mut().filter(|(value, _)| counts.find(value).is_err());
            only_mine.for_each(|(_, count)| count.error += theirs);
        }
        let mut new = Vec::new();
        for (value, count) in &counts.values {
            match self.find(value) {
                Ok(index) => self.values[index].1.add(*count),
                Err(index) => new.push((index, (value.clone(), Count { error: count.error + mine, ..*count }))),
            }
        }
        self.insert(new);
        self.floor = mine + theirs;
        self.other += counts.other;
        if self.values.len() > Self::MAX_MERGED {
            self.prune();
        }
    }

    /// Inserts values at their indices, which ascend.
    fn insert(&mut self, new: Vec<(usize, (CompactString, Count))>) {
        if new.is_empty() {
            return;
        }
        let mut values = Vec::with_capacity(self.values.len() + new.len());
        let mut known = std::mem::take(&mut self.values).into_iter().enumerate().peekable();
        for (index, value) in new {
            while let Some((_, value)) = known.next_if(|(before, _)| *before < index) {
                values.push(value);
            }
            values.push(value);
        }
        values.extend(known.map(|(_, value)| value));
        self.values = values;
    }

    /// Keeps half of [`Counts::MAX_MERGED`] values, so that it seldom runs.
    fn prune(&mut self) {
        self.values.sort_by(|(a, x), (b, y)| y.upper_bound().cmp(&x.upper_bound()).then_with(|| a.cmp(b)));
        for (_, count) in self.values.split_off(Self::MAX_MERGED / 2) {
            self.floor = self.floor.max(count.upper_bound());
            self.other += count.clicks;
        }
        self.values.sort_by(|(a, _), (b, _)| a.cmp(b));
    }

    /// Returns the number of all clicks.
    pub fn sum(&self) -> u64 {
        self.values.iter().map(|(_, count)| count.clicks).sum::<u64>() + self.other
    }

    /// Returns the number of clicks that are not among the certain clicks of any value.
    pub fn other(&self) -> u64 {
        self.other
    }

    /// Returns the number of kept values.
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// Tells whether no value is kept.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// Returns the clicks that `value` certainly has: zero if it is not kept.
    pub fn clicks(&self, value: &str) -> u64 {
        self.find(value).map_or(0, |index| self.values[index].1.clicks)
    }

    /// Returns how many clicks `value` may have beyond [`Counts::clicks`].
    pub fn error(&self, value: &str) -> u64 {
        self.find(value).map_or(self.floor(), |index| self.values[index].1.error)
    }

    /// Returns the greatest number of clicks that a value can have that is not kept: zero as long as every value had room.
    pub fn floor(&self) -> u64 {
        // Counts of an older version have no floor. They kept the first values and counted the clicks of all others together.
        if self.floor == 0 { self.other } else { self.floor }
    }

    /// Iterates over the values and their certain clicks, sorted by value.
    pub fn iter(&self) -> impl Iterator<Item = (&str, u64)> {
        self.values.iter().map(|(value, count)| (value.as_str(), count.clicks))
    }

    /// Returns the `limit` values with the most clicks, the most frequent first, equal ones sorted by value.
    pub fn top(&self, limit: usize) -> Vec<(&str, u64)> {
        let mut all: Vec<_> = self.iter().collect();
        all.sort_by_key(|&(value, clicks)| (std::cmp::Reverse(clicks), value));
        all.truncate(limit);
        all
    }
}

/// Returns `value` in lower case, as values are compared that ignore case.
pub fn fold_case(value: &str) -> String {
    value.to_lowercase()
}

/// Stores the values as a map, and reads them in any order.
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
        struct CountVisitor;
        impl<'de> de::Visitor<'de> for CountVisitor {
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
        deserializer.deserialize_any(CountVisitor)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const CAPACITY: usize = Dimension::Referrer.max_values();

    fn count(values: &[u16]) -> Counts {
        let mut counts = Counts::default();
        values.iter().for_each(|value| counts.add(Dimension::Referrer, &value.to_string()));
        counts
    }

    #[test]
    fn counts_are_empty_until_a_value_is_counted() {
        let mut counts = Counts::default();
        counts.add(Dimension::Referrer, "");
        assert!(counts.is_empty());
        counts.add(Dimension::Referrer, "a");
        assert!(!counts.is_empty());
    }

    /// Generates few frequent values and many rare ones.
    fn clicks() -> impl Strategy<Value = Vec<u16>> {
        prop::collection::vec(prop_oneof![0_u16..20, 0_u16..400, 0_u16..5_000], 0..800)
    }

    /// Checks what [`Counts`] promises, if `all` are the clicks in it.
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
    fn most_frequent_come_first_and_ties_are_stable() {
        let mut counts = Counts::default();
        for value in ["b", "a", "c", "c"] {
            counts.add(Dimension::Browser, value);
        }
        assert_eq!(counts.top(2), [("c", 2), ("a", 1)]);
    }

    #[test]
    fn late_frequent_value_replaces_a_rare_one() {
        let all: Vec<u16> = (0..2_000).chain([7_777; 500]).collect();
        let counts = count(&all);
        assert_eq!(counts.top(1), [("7777", 500)]);
        assert_eq!((counts.len(), counts.other()), (CAPACITY, 1_901));
        assert!(counts.floor() <= 2_500 / CAPACITY as u64);
    }

    #[test]
    fn counts_without_a_floor_are_read() {
        let stored: Counts = serde_json::from_str(r#"{"values":{"a":3,"b":1},"other":7}"#).unwrap();
        assert_eq!((stored.clicks("a"), stored.error("a"), stored.sum()), (3, 0, 11));
        assert_eq!(stored.error("c"), 7, "all other clicks may have this value");
        let mut full = stored.clone();
        (0..CAPACITY).for_each(|n| full.add(Dimension::Referrer, &format!("new{n}")));
        assert_eq!((full.clicks("new99"), full.error("new99"), full.sum()), (1, 7, 11 + CAPACITY as u64));
    }

    #[test]
    fn first_spelling_of_a_utm_value_stays() {
        let mut counts = Counts::default();
        for value in ["Google", "google", "GOOGLE", "Größe", "GRÖSSE", "größe"] {
            counts.add(Dimension::UtmSource, value);
        }
        assert_eq!(counts.top(9), [("Google", 3), ("Größe", 2), ("GRÖSSE", 1)]);
        let mut hosts = Counts::default();
        ["a", "A"].iter().for_each(|value| hosts.add(Dimension::Variant, value));
        assert_eq!(hosts.len(), 2, "names of variants differ in case");
    }

    #[test]
    fn spellings_of_older_versions_fold_into_one() {
        let stored: Counts = serde_json::from_str(r#"{"values":{"Google":[3,1],"google":2,"x":1},"other":4}"#).unwrap();
        let folded = stored.folded();
        assert_eq!(folded.iter().collect::<Vec<_>>(), [("google", 5), ("x", 1)]);
        assert_eq!((folded.error("google"), folded.sum()), (1, stored.sum()));
    }

    #[test]
    fn stored_values_may_have_any_order() {
        let stored: Counts = serde_json::from_str(r#"{"values":{"b":1,"c":[2,1],"a":3}}"#).unwrap();
        assert_eq!(stored.iter().collect::<Vec<_>>(), [("a", 3), ("b", 1), ("c", 2)]);
        assert_eq!((stored.clicks("a"), stored.error("c"), stored.clicks("d")), (3, 1, 0));
        assert_eq!(serde_json::to_string(&stored).unwrap(), r#"{"values":{"a":3,"b":1,"c":[2,1]}}"#);
    }

    #[test]
    fn least_frequent_value_leaves_and_its_clicks_are_kept() {
        // Full of values with two clicks, but `x` with one click; then `y` comes twice.
        let mut counts = Counts::default();
        assert!(counts.is_empty());
        for n in 0..CAPACITY - 1 {
            counts.add_many(Dimension::Referrer, &format!("v{n:03}"), 2);
        }
        counts.add(Dimension::Referrer, "x");
        assert_eq!((counts.len(), counts.other(), counts.floor(), counts.error("y")), (CAPACITY, 0, 0, 0));
        counts.add_many(Dimension::Referrer, "y", 2);
        assert_eq!((counts.clicks("x"), counts.error("x")), (0, 1));
        assert_eq!((counts.clicks("y"), counts.error("y")), (2, 1));
        assert_eq!((counts.len(), counts.other(), counts.floor()), (CAPACITY, 1, 1));
        assert_eq!(counts.sum(), 2 * (CAPACITY as u64 - 1) + 3);
        // Of values with equally many clicks, the first leaves.
        counts.add(Dimension::Referrer, "z");
        assert_eq!((counts.clicks("v000"), counts.clicks("v001"), counts.clicks("z")), (0, 2, 1));
        assert_eq!((counts.error("z"), counts.other(), counts.floor()), (2, 3, 2));
        let values: Vec<&str> = counts.iter().map(|(value, _)| value).collect();
        assert!(values.is_sorted());
    }

    #[test]
    fn value_that_only_one_of_two_kept_may_have_clicks_in_the_other() {
        let read = |json: &str| -> Counts { serde_json::from_str(json).unwrap() };
        let mut mine = read(r#"{"values":{"a":5,"b":[4,1],"d":7},"other":6,"floor":2}"#);
        mine.merge(&read(r#"{"values":{"b":[1,2],"c":[3,1],"e":8},"other":9,"floor":3}"#));
        let merged = r#"{"values":{"a":[5,3],"b":[5,3],"c":[3,3],"d":[7,3],"e":[8,2]},"other":15,"floor":5}"#;
        assert_eq!(serde_json::to_string(&mine).unwrap(), merged);
        let mut exact = read(r#"{"values":{"a":5}}"#);
        exact.merge(&read(r#"{"values":{"a":1,"b":2}}"#));
        assert_eq!(serde_json::to_string(&exact).unwrap(), r#"{"values":{"a":6,"b":2}}"#);
    }

    #[test]
    fn too_many_merged_values_are_halved() {
        let part = |from: usize, to: usize, clicks: u64| {
            let values = (from..to).map(|n| (format!("{n:05}").into(), Count { clicks, error: 0 }));
            Counts { values: values.collect(), ..Counts::default() }
        };
        let mut merged = part(0, Counts::MAX_MERGED - 1, 2);
        merged.merge(&part(5_000, 5_001, 3));
        assert_eq!((merged.len(), merged.floor()), (Counts::MAX_MERGED, 0), "all have room");
        merged.merge(&part(6_000, 6_001, 1));
        assert_eq!((merged.len(), merged.floor()), (Counts::MAX_MERGED / 2, 2));
        assert_eq!((merged.clicks("05000"), merged.clicks("06000"), merged.clicks("00000")), (3, 0, 2));
        assert_eq!(merged.sum(), 2 * (Counts::MAX_MERGED as u64 - 1) + 3 + 1);
        assert!(merged.iter().map(|(value, _)| value).is_sorted());
    }

    #[test]
    fn stored_form_leaves_out_zeros_and_refuses_what_is_no_count() {
        let exact = r#"{"values":{"a":3}}"#;
        assert_eq!(serde_json::to_string(&serde_json::from_str::<Counts>(exact).unwrap()).unwrap(), exact);
        for json in [r#"{"values":{"a":-1}}"#, r#"{"values":{"a":[1]}}"#, r#"{"values":{"a":"1"}}"#, r#"{"values":3}"#]
        {
            assert!(serde_json::from_str::<Counts>(json).is_err(), "{json}");
        }
        let later: Counts = serde_json::from_str(r#"{"values":{"a":[3,1,9]}}"#).unwrap();
        assert_eq!((later.clicks("a"), later.error("a")), (3, 1));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]
        #[test]
        fn counts_keep_their_bounds(all in clicks()) {
            let counts = count(&all);
            check(&counts, &all)?;
            prop_assert!(counts.len() <= CAPACITY && counts.floor() <= (all.len() / CAPACITY) as u64);
        }

        #[test]
        fn merged_counts_keep_their_bounds(parts in prop::collection::vec(clicks(), 1..6)) {
            let mut merged = Counts::default();
            parts.iter().for_each(|part| merged.merge(&count(part)));
            check(&merged, &parts.concat())?;
            let floors: u64 = parts.iter().map(|part| count(part).floor()).sum();
            prop_assert_eq!(merged.floor(), floors);
        }

        #[test]
        fn pruned_counts_keep_their_bounds(days in 20_u16..30, width in 90_u16..100) {
            let parts: Vec<Vec<u16>> = (0..days).map(|day| (0..3).chain(day * width..(day + 1) * width).collect()).collect();
            let mut merged = Counts::default();
            parts.iter().for_each(|part| merged.merge(&count(part)));
            prop_assert!(merged.len() <= Counts::MAX_MERGED);
            prop_assert_eq!(merged.clicks("2"), u64::from(days) + 1);
            check(&merged, &parts.concat())?;
        }

        #[test]
        fn stored_counts_go_on(before in clicks(), after in clicks()) {
            let stored = serde_json::to_string(&count(&before)).unwrap();
            let mut counts: Counts = serde_json::from_str(&stored).unwrap();
            after.iter().for_each(|value| counts.add(Dimension::Referrer, &value.to_string()));
            prop_assert_eq!(counts, count(&[before, after].concat()));
        }

        #[test]
        fn value_is_cut_between_characters(value in "\\PC{1,300}") {
            let mut counts = Counts::default();
            counts.add(Dimension::Referrer, &value);
            prop_assert!(counts.iter().all(|(value, _)| value.len() <= Dimension::Referrer.max_value_bytes()));
            prop_assert_eq!(counts.sum(), 1);
        }
    }
}
