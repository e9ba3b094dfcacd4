//! Stores what workspaces say of tags in `LinksTable`: `pk = WS#{workspace}`, `sk = TAG#{tag}`.

use async_trait::async_trait;
use aws_sdk_dynamodb::Client;
use waypost_domain::tags::ports::TagStore;
use waypost_domain::tags::tag::TagDefinition;
use waypost_domain::{StoreError, WorkspaceId};

use super::conditional_writes::{put_if_absent, put_next};
use super::{Item, text};
use crate::error::{broken, store_error};

/// Definitions of tags in DynamoDB.
#[derive(Debug, Clone)]
pub struct DynamoTags {
    client: Client,
    table: String,
}

impl DynamoTags {
    /// Definitions in `table`.
    pub fn new(client: Client, table: impl Into<String>) -> Self {
        Self { client, table: table.into() }
    }
}

#[async_trait]
impl TagStore for DynamoTags {
    async fn get(&self, workspace: &WorkspaceId, tag: &str) -> Result<Option<TagDefinition>, StoreError> {
        const OPERATION: &str = "tags.get";
        let read = self.client.get_item().table_name(&self.table).set_key(Some(key(workspace, tag)));
        let found = read.consistent_read(true).send().await.map_err(|error| store_error(OPERATION, error))?;
        found.item.map(|item| tag_from(item, OPERATION)).transpose()
    }

    async fn all(&self, workspace: &WorkspaceId) -> Result<Vec<TagDefinition>, StoreError> {
        const OPERATION: &str = "tags.all";
        let query = self
            .client
            .query()
            .table_name(&self.table)
            .consistent_read(true)
            .key_condition_expression("pk = :pk AND begins_with(sk, :tags)")
            .expression_attribute_values(":pk", text(format!("WS#{workspace}")))
            .expression_attribute_values(":tags", text("TAG#"));
        let (mut all, mut start) = (Vec::new(), None);
        loop {
            let page = query.clone().set_exclusive_start_key(start).send().await;
            let page = page.map_err(|error| store_error(OPERATION, error))?;
            for item in page.items.unwrap_or_default() {
                all.push(tag_from(item, OPERATION)?);
            }
            start = page.last_evaluated_key;
            if start.is_none() {
                return Ok(all);
            }
        }
    }

    async fn put(&self, next: &TagDefinition) -> Result<bool, StoreError> {
        const OPERATION: &str = "tags.put";
        let mut item: Item = serde_dynamo::to_item(next).map_err(|error| broken(OPERATION, error))?;
        item.extend(key(&next.workspace, &next.tag));
        let made = match next.revision {
            0 => put_if_absent(&self.client, &self.table, OPERATION, item).await?,
            revision => put_next(&self.client, &self.table, OPERATION, (item, revision)).await?,
        };
        // The first attempt of this write may have succeeded although its answer was lost.
        Ok(made || self.get(&next.workspace, &next.tag).await?.as_ref() == Some(next))
    }

    async fn delete(&self, workspace: &WorkspaceId, tag: &str) -> Result<(), StoreError> {
        let delete = self.client.delete_item().table_name(&self.table).set_key(Some(key(workspace, tag)));
        delete.send().await.map(drop).map_err(|error| store_error("tags.delete", error))
    }
}

fn key(workspace: &WorkspaceId, tag: &str) -> Item {
    Item::from([("pk".to_owned(), text(format!("WS#{workspace}"))), ("sk".to_owned(), text(format!("TAG#{tag}")))])
}

fn tag_from(item: Item, operation: &'static str) -> Result<TagDefinition, StoreError> {
    serde_dynamo::from_item(item).map_err(|error| broken(operation, format!("the item is not a tag: {error}")))
}
