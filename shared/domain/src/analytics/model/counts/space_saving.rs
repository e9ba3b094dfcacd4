//! Counts many clicks at once where not all values have room. It gives the same as one click after the other, without a
//! search for each.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};

use compact_str::CompactString;
use foldhash::fast::RandomState;

use super::{Count, Counts};
use crate::analytics::model::dimension::Dimension;
use crate::clicks::click::cut;

impl Counts {
    /// Counts one click with each of `values` of `dimension`, in their order. Ignores empty values.
    pub(in crate::analytics) fn add_each<'a>(
        &mut self,
        dimension: Dimension,
        values: impl Iterator<Item = &'a str> + Clone,
    ) {
        let values = values.map(|value| cut(value, dimension.max_value_bytes())).filter(|value| !value.is_empty());
        let mut indices: HashMap<&str, usize, RandomState> = values.clone().map(|value| (value, 0)).collect();
        let new = indices.keys().filter(|value| self.find(value).is_err()).map(|value| ((*value).into(), None));
        let mut all: Vec<_> = new.collect();
        all.extend(std::mem::take(&mut self.values).into_iter().map(|(value, count)| (value, Some(count))));
        all.sort_by(|(a, _), (b, _): &(CompactString, _)| a.cmp(b));
        for (index, (value, _)) in all.iter().enumerate() {
            indices.get_mut(value.as_str()).into_iter().for_each(|of_value| *of_value = index);
        }
        let indices: Vec<usize> = values.map(|value| indices[value]).collect();
        let mut batch = SpaceSavingBatch::of(self, all);
        indices.into_iter().for_each(|index| batch.add(index, dimension.max_values()));
        self.values = batch.all.into_iter().filter_map(|(value, count)| Some((value, count?))).collect();
    }
}

/// The counts while a batch of clicks is added.
struct SpaceSavingBatch<'a> {
    counts: &'a mut Counts,
    /// All values of the counts and of the batch, sorted. A value that is not kept has no count.
    all: Vec<(CompactString, Option<Count>)>,
    /// How many of them are kept.
    kept: usize,
    /// The kept values: the upper bound of each when it was queued, and its index. A value that has more clicks since then is
    /// queued again when its turn comes.
    queue: BinaryHeap<Reverse<(u64, usize)>>,
}

impl<'a> SpaceSavingBatch<'a> {
    fn of(counts: &'a mut Counts, all: Vec<(CompactString, Option<Count>)>) -> Self {
        let kept = all
            .iter()
            .enumerate()
            .filter_map(|(index, (_, count))| Some(Reverse((count.as_ref()?.upper_bound(), index))));
        let queue: BinaryHeap<_> = kept.collect();
        Self { counts, kept: queue.len(), all, queue }
    }

    fn add(&mut self, index: usize, capacity: usize) {
        if let Some(count) = &mut self.all[index].1 {
            count.clicks += 1;
            return;
        }
        while self.kept >= capacity {
            self.evict();
        }
        let count = Count { clicks: 1, error: self.counts.floor() };
        self.queue.push(Reverse((count.upper_bound(), index)));
        self.all[index].1 = Some(count);
        self.kept += 1;
    }

    /// Evicts the same value as [`Counts::evict`] does.
    fn evict(&mut self) {
        while let Some(Reverse((upper_bound, index))) = self.queue.pop() {
            let kept = &mut self.all[index].1;
            match kept.take_if(|count| count.upper_bound() == upper_bound) {
                Some(count) => {
                    self.counts.add_evicted(count);
                    self.kept -= 1;
                    return;
                }
                None => self.queue.extend(kept.map(|count| Reverse((count.upper_bound(), index)))),
            }
        }
        // The queue is empty, so no value is kept.
        self.kept = 0;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn many_at_once_equal_one_after_the_other(
            batches in prop::collection::vec(prop::collection::vec(prop_oneof![0_u16..20, 0_u16..400], 0..400), 1..4),
        ) {
            let (mut each, mut one) = (Counts::default(), Counts::default());
            for batch in batches {
                let values: Vec<String> = batch.iter().map(u16::to_string).collect();
                each.add_each(Dimension::Referrer, values.iter().map(String::as_str));
                values.iter().for_each(|value| one.add(Dimension::Referrer, value));
                prop_assert_eq!(&each, &one);
            }
        }
    }

    #[test]
    fn counts_without_a_floor_go_on() {
        let stored: Counts = serde_json::from_str(r#"{"values":{"a":3,"b":9,"c":1},"other":7}"#).unwrap();
        let values: Vec<String> = (0..300_u32).map(|n| format!("{}", n % 150)).collect();
        let (mut each, mut one) = (stored.clone(), stored);
        each.add_each(Dimension::Referrer, values.iter().map(String::as_str));
        values.iter().for_each(|value| one.add(Dimension::Referrer, value));
        assert_eq!(each, one);
    }

    #[test]
    fn empty_value_is_ignored_and_long_value_is_cut() {
        let mut counts = Counts::default();
        let long = "x".repeat(300);
        counts.add_each(Dimension::Country, ["", &long, &long[..200], "DE"].into_iter());
        assert_eq!(counts.iter().collect::<Vec<_>>(), [("DE", 1), (&long[..16], 2)]);
    }
}
