//! Reads the totals of links' clicks in `StatsTable`.

use async_trait::async_trait;
use futures::future::try_join_all;
use waypost_domain::analytics::model::aggregate::{LinkKey, link_pk, total_range};
use waypost_domain::catalog::patch::LaneClicks;
use waypost_domain::catalog::ports::LinkTotals;
use waypost_domain::{Link, StoreError, Timestamp};

use super::aggregates::{DynamoAggregates, take_text};
use super::{Item, text};
use crate::error::{broken, store_error};

const OPERATION: &str = "totals.of";

#[async_trait]
impl LinkTotals for DynamoAggregates {
    async fn of(&self, link: &Link) -> Result<Vec<LaneClicks>, StoreError> {
        let keys = LinkKey::of(link);
        let read = keys.iter().map(|key| self.totals_of(link, key));
        Ok(try_join_all(read).await?.into_iter().flatten().collect())
    }
}

impl DynamoAggregates {
    async fn totals_of(&self, link: &Link, key: &LinkKey) -> Result<Vec<LaneClicks>, StoreError> {
        let (first, last) = total_range();
        let query = self
            .client
            .query()
            .table_name(&self.table)
            .key_condition_expression("pk = :pk AND sk BETWEEN :first AND :last")
            .expression_attribute_values(":pk", text(link_pk(&link.workspace, key)))
            .expression_attribute_values(":first", text(first))
            .expression_attribute_values(":last", text(last))
            .projection_expression("sk, clicks, last_click_at");
        let (mut all, mut start) = (Vec::new(), None);
        loop {
            let page = query.clone().set_exclusive_start_key(start).send().await;
            let page = page.map_err(|error| store_error(OPERATION, error))?;
            for item in page.items.unwrap_or_default() {
                all.push(lane_clicks(item, key).ok_or_else(|| broken(OPERATION, "a total has no clicks"))?);
            }
            start = page.last_evaluated_key;
            if start.is_none() {
                return Ok(all);
            }
        }
    }
}

fn lane_clicks(mut item: Item, key: &LinkKey) -> Option<LaneClicks> {
    let sk = take_text(&mut item, "sk")?;
    let clicks = item.remove("clicks")?.as_n().ok()?.parse().ok()?;
    let last_at = take_text(&mut item, "last_click_at").and_then(|time| Timestamp::parse(&time).ok());
    Some(LaneClicks { lane: lane_name(&sk, key)?, clicks, last_at: last_at.map(Timestamp::as_millis) })
}

/// Makes the name of the lane in catalogues from the sort key of a total.
pub(super) fn lane_name(sk: &str, key: &LinkKey) -> Option<String> {
    let lane = sk.strip_prefix("TOTAL#")?;
    Some(match key {
        LinkKey::Id(_) => lane.to_owned(),
        LinkKey::Address(_) => format!("@{lane}"),
    })
}
