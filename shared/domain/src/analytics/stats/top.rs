//! Finds the most frequent values of a dimension.

use super::answer::{Top, TopItem};
use crate::analytics::model::counts::Counts;

/// Returns the `limit` most frequent values of `counts`. All others of the `clicks` are `other`, or `unknown` if they have no
/// value.
pub(super) fn top(counts: &Counts, clicks: u64, limit: usize) -> Top {
    let item = |(value, clicks): (&str, u64)| TopItem {
        value: value.to_owned(),
        link_id: None,
        clicks,
        error: counts.error(value),
    };
    let items: Vec<TopItem> = counts.top(limit).into_iter().map(item).collect();
    let known = counts.sum();
    let other = known - items.iter().map(|item| item.clicks).sum::<u64>();
    Top { items, other, unknown: clicks.saturating_sub(known), error: counts.floor() }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::analytics::model::dimension::Dimension;

    fn counts(values: &[String]) -> Counts {
        let mut counts = Counts::default();
        values.iter().for_each(|value| counts.add(Dimension::Referrer, value));
        counts
    }

    proptest! {
        #[test]
        fn top_values_add_up_to_all_clicks(
            values in prop::collection::vec("[a-z]{1,2}", 0..500), unknown in 0_u64..9, limit in 1_usize..120,
        ) {
            let clicks = values.len() as u64 + unknown;
            let top = top(&counts(&values), clicks, limit);
            let items: u64 = top.items.iter().map(|item| item.clicks).sum();
            prop_assert_eq!((items + top.other + top.unknown, top.unknown), (clicks, unknown));
            prop_assert!(top.items.len() <= limit);
            prop_assert!(top.items.is_sorted_by(|a, b| a.clicks >= b.clicks));
            for item in &top.items {
                let truth = values.iter().filter(|value| **value == item.value).count() as u64;
                prop_assert!((item.clicks..=item.clicks + item.error).contains(&truth), "{:?} is {}", item, truth);
            }
        }
    }
}
