//! Many clicks at once where not all values have room: the same as one click after the other, without a search for each.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};

use compact_str::CompactString;
use foldhash::fast::RandomState;

use crate::analytics::model::counts::{Count, Counts};
use crate::analytics::model::dimension::Dimension;
use crate::clicks::click::cut;

impl Counts {
    /// Counts one click with each of `values` of `dimension`, in their order. Empty values are not counted.
    pub(in crate::analytics) fn add_each<'a>(
        &mut self,
        dimension: Dimension,
        values: impl Iterator<Item = &'a str> + Clone,
    ) {
        let values = values.map(|value| cut(value, dimension.max_value_bytes())).filter(|value| !value.is_empty());
        let mut places: HashMap<&str, usize, RandomState> = values.clone().map(|value| (value, 0)).collect();
        let new = places.keys().filter(|value| self.find(value).is_err()).map(|value| ((*value).into(), None));
        let mut all: Vec<_> = new.collect();
        all.extend(std::mem::take(&mut self.values).into_iter().map(|(value, count)| (value, Some(count))));
        all.sort_by(|(a, _), (b, _): &(CompactString, _)| a.cmp(b));
        for (place, (value, _)) in all.iter().enumerate() {
            places.get_mut(value.as_str()).into_iter().for_each(|of_value| *of_value = place);
        }
        let places: Vec<usize> = values.map(|value| places[value]).collect();
        let mut batch = SpaceSavingBatch::of(self, all);
        places.into_iter().for_each(|place| batch.add(place, dimension.max_values()));
        self.values = batch.all.into_iter().filter_map(|(value, count)| Some((value, count?))).collect();
    }
}

/// Values that are kept, and values that may be, in the order of the alphabet.
struct SpaceSavingBatch<'a> {
    counts: &'a mut Counts,
    all: Vec<(CompactString, Option<Count>)>,
    kept: usize,
    /// The kept values by the most clicks that they could have when they came here, and by their places. Clicks since then
    /// are noticed when it is a value's turn.
    queue: BinaryHeap<Reverse<(u64, usize)>>,
}

impl<'a> SpaceSavingBatch<'a> {
    fn of(counts: &'a mut Counts, all: Vec<(CompactString, Option<Count>)>) -> Self {
        let kept =
            all.iter().enumerate().filter_map(|(place, (_, count))| Some(Reverse((count.as_ref()?.most(), place))));
        let queue: BinaryHeap<_> = kept.collect();
        Self { counts, kept: queue.len(), all, queue }
    }

    fn add(&mut self, place: usize, room: usize) {
        if let Some(count) = &mut self.all[place].1 {
            count.clicks += 1;
            return;
        }
        while self.kept >= room {
            self.evict();
        }
        let count = Count { clicks: 1, error: self.counts.floor() };
        self.queue.push(Reverse((count.most(), place)));
        self.all[place].1 = Some(count);
        self.kept += 1;
    }

    /// As [`Counts::evict`] does.
    fn evict(&mut self) {
        while let Some(Reverse((most, place))) = self.queue.pop() {
            let kept = &mut self.all[place].1;
            match kept.take_if(|count| count.most() == most) {
                Some(count) => {
                    self.counts.give_up(count);
                    self.kept -= 1;
                    return;
                }
                None => self.queue.extend(kept.map(|count| Reverse((count.most(), place)))),
            }
        }
        // Nothing is queued, so nothing is kept.
        self.kept = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn many_at_once_are_one_after_the_other(
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
    fn what_was_stored_before_there_were_floors_is_gone_on_with() {
        let stored: Counts = serde_json::from_str(r#"{"values":{"a":3,"b":9,"c":1},"other":7}"#).unwrap();
        let values: Vec<String> = (0..300_u32).map(|n| format!("{}", n % 150)).collect();
        let (mut each, mut one) = (stored.clone(), stored);
        each.add_each(Dimension::Referrer, values.iter().map(String::as_str));
        values.iter().for_each(|value| one.add(Dimension::Referrer, value));
        assert_eq!(each, one);
    }

    #[test]
    fn an_empty_value_is_not_counted_and_a_long_one_is_cut() {
        let mut counts = Counts::default();
        let long = "x".repeat(300);
        counts.add_each(Dimension::Country, ["", &long, &long[..200], "DE"].into_iter());
        assert_eq!(counts.iter().collect::<Vec<_>>(), [("DE", 1), (&long[..16], 2)]);
    }
}
