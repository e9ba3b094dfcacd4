//! Reads the sums of a link since it exists.

use super::answer::AllTime;
use super::read::pages;
use crate::analytics::model::aggregate::{link_pk, total_range};
use crate::analytics::model::tally::Tally;
use crate::analytics::ports::{AggregateReader, KeyRange, Parts};
use crate::links::link::LinkAddress;
use crate::values::error::StoreError;
use crate::values::workspace::WorkspaceId;

/// Reads the sums of a link's clicks while `workspace` owned it, in all lanes. It takes one query.
///
/// # Errors
/// The store failed.
pub async fn read_all_time(
    aggregates: &dyn AggregateReader,
    workspace: &WorkspaceId,
    address: &LinkAddress,
) -> Result<AllTime, StoreError> {
    let (pk, (first, last)) = (link_pk(workspace, address), total_range());
    let parts = Parts { clicked_at: true, ..Parts::default() };
    let mut all = Tally::default();
    for lane in pages(aggregates, KeyRange { pk: &pk, first, last, after: None }, &parts).await? {
        all.merge(&lane.tally);
    }
    Ok(AllTime {
        clicks: all.clicks,
        bots: all.bots,
        first_click_at: all.first_click_at,
        last_click_at: all.last_click_at,
    })
}
