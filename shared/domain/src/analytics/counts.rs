//! Clicks by value of one dimension, bounded.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Dimension;
use crate::click::cut;

/// How often each value was seen. The first values of an aggregate are told apart, up to [`Dimension::max_values`]; later
/// ones are counted together as `other`. The sum of all is exact.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Counts {
    /// Clicks by value.
    #[serde(default)]
    pub values: BTreeMap<String, u64>,
    /// Clicks of the values that had no room.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub other: u64,
}

fn is_zero(number: &u64) -> bool {
    *number == 0
}

impl Counts {
    /// Counts one click with `value` of `dimension`. An empty value is not counted.
    pub fn add(&mut self, dimension: Dimension, value: &str) {
        let value = cut(value, dimension.max_value_bytes());
        if value.is_empty() {
            return;
        }
        if let Some(count) = self.values.get_mut(value) {
            *count += 1;
        } else if self.values.len() < dimension.max_values() {
            self.values.insert(value.to_owned(), 1);
        } else {
            self.other += 1;
        }
    }

    /// Adds the counts of another aggregate. What is other there stays other here: its values are not known.
    pub fn merge(&mut self, counts: &Self) {
        for (value, count) in &counts.values {
            match self.values.get_mut(value) {
                Some(sum) => *sum += count,
                None => {
                    self.values.insert(value.clone(), *count);
                }
            }
        }
        self.other += counts.other;
    }

    /// All clicks in it.
    pub fn sum(&self) -> u64 {
        self.values.values().sum::<u64>() + self.other
    }

    /// The `limit` values with the most clicks, the most frequent first, equal ones in the order of the alphabet.
    pub fn top(&self, limit: usize) -> Vec<(&str, u64)> {
        let mut all: Vec<_> = self.values.iter().map(|(value, count)| (value.as_str(), *count)).collect();
        all.sort_by_key(|&(value, count)| (std::cmp::Reverse(count), value));
        all.truncate(limit);
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_most_frequent_come_first_and_ties_are_stable() {
        let mut counts = Counts::default();
        for value in ["b", "a", "c", "c"] {
            counts.add(Dimension::Browser, value);
        }
        assert_eq!(counts.top(2), [("c", 2), ("a", 1)]);
    }

    proptest! {
        #[test]
        fn no_click_is_lost_and_the_values_are_bounded(values in prop::collection::vec("[a-z]{1,2}", 0..400)) {
            let mut counts = Counts::default();
            for value in &values {
                counts.add(Dimension::Referrer, value);
            }
            prop_assert_eq!(counts.sum(), values.len() as u64);
            prop_assert!(counts.values.len() <= Dimension::Referrer.max_values());
        }

        #[test]
        fn a_value_is_cut_at_the_border_of_a_character(value in "\\PC{1,300}") {
            let mut counts = Counts::default();
            counts.add(Dimension::Referrer, &value);
            prop_assert!(counts.values.keys().all(|key| key.len() <= Dimension::Referrer.max_value_bytes()));
            prop_assert_eq!(counts.sum(), 1);
        }

        #[test]
        fn merging_adds_up(a in prop::collection::vec("[a-c]", 0..50), b in prop::collection::vec("[a-c]", 0..50)) {
            let count = |values: &[String]| {
                let mut counts = Counts::default();
                values.iter().for_each(|value| counts.add(Dimension::Os, value));
                counts
            };
            let mut merged = count(&a);
            merged.merge(&count(&b));
            prop_assert_eq!(merged, count(&[a, b].concat()));
        }
    }
}
