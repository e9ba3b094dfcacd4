//! Reads the sums of a link since it exists.

use futures::future::try_join_all;

use super::answer::AllTime;
use super::read::pages;
use crate::analytics::model::aggregate::{link_pks, total_range};
use crate::analytics::model::tally::Tally;
use crate::analytics::ports::{AggregateReader, KeyRange, Parts};
use crate::links::link::Link;
use crate::values::error::StoreError;

/// Reads the sums of a link's clicks, in all lanes. It takes one query, or two for a link from before links had ids.
///
/// # Errors
/// The store failed.
pub async fn read_all_time(aggregates: &dyn AggregateReader, link: &Link) -> Result<AllTime, StoreError> {
    let pks = link_pks(link);
    all_time(aggregates, &pks.iter().map(String::as_str).collect::<Vec<_>>()).await
}

/// Adds up the totals of these partitions, in all lanes.
pub(super) async fn all_time(aggregates: &dyn AggregateReader, pks: &[&str]) -> Result<AllTime, StoreError> {
    let (first, last) = total_range();
    let parts = Parts { clicked_at: true, ..Parts::default() };
    let ranges = pks.iter().map(|pk| KeyRange { pk, first: first.clone(), last: last.clone(), after: None });
    let reads: Vec<_> = ranges.map(|range| pages(aggregates, range, &parts)).collect();
    let mut all = Tally::default();
    for lane in try_join_all(reads).await?.into_iter().flatten() {
        all.merge(&lane.tally);
    }
    Ok(AllTime {
        clicks: all.clicks,
        bots: all.bots,
        first_click_at: all.first_click_at,
        last_click_at: all.last_click_at,
    })
}
