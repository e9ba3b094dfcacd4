//! Reads all links of a workspace, one shard of the index `list` after the other, the oldest first.

use async_trait::async_trait;
use waypost_domain::links::ports::{LinkShards, ShardPlace};
use waypost_domain::{Link, StoreError, StoreErrorKind, WorkspaceId};

use super::links::{DynamoLinks, LIST_INDEX, key, link_from, list_pk};
use super::{Item, text};
use crate::backoff::Backoff;
use crate::error::store_error;

const OPERATION: &str = "links.shard";

#[async_trait]
impl LinkShards for DynamoLinks {
    async fn next(
        &self,
        workspace: &WorkspaceId,
        shard: u8,
        after: Option<&ShardPlace>,
    ) -> Result<(Vec<Link>, bool), StoreError> {
        let list_pk = list_pk(workspace, shard);
        let start = after.map(|place| {
            let mut start: Item = key(&place.address);
            start.insert("list_pk".to_owned(), text(list_pk.as_str()));
            start.insert("list_sk".to_owned(), text(place.list_key.as_str()));
            start
        });
        let query = self
            .client
            .query()
            .table_name(&self.table)
            .index_name(LIST_INDEX)
            .key_condition_expression("list_pk = :pk")
            .expression_attribute_values(":pk", text(list_pk))
            .set_exclusive_start_key(start);
        let mut backoff = Backoff::default();
        let page = loop {
            match query.clone().send().await.map_err(|error| store_error(OPERATION, error)) {
                Ok(page) => break page,
                Err(error) if error.kind == StoreErrorKind::Throttled && backoff.wait().await => {}
                Err(error) => return Err(error),
            }
        };
        let more = page.last_evaluated_key.is_some();
        let links = page.items.unwrap_or_default().into_iter().map(|item| link_from(item, OPERATION));
        Ok((links.collect::<Result<_, _>>()?, more))
    }
}
