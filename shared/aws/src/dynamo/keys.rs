//! Stores API keys in `LinksTable`: `pk = KEY#{sha256 of the secret}`, `sk = KEY`. The index `list` lists them under
//! `list_pk = KEYS#{workspace}`, `list_sk = {key_id}`. Ids begin with the time, so that they sort by creation; one query of the
//! index finds a key by its id.

use async_trait::async_trait;
use aws_sdk_dynamodb::Client;
use waypost_domain::access::ports::KeyReader;
use waypost_domain::access::ports::{KeyIndex, KeyUsage, KeyWriter};
use waypost_domain::{ApiKey, StoreError, Timestamp, WorkspaceId};

use super::conditional_writes::was_written;
use super::links::LIST_INDEX;
use super::newest::newest;
use super::{Item, text};
use crate::error::{broken, store_error};

/// API keys in DynamoDB.
#[derive(Debug, Clone)]
pub struct DynamoKeys {
    client: Client,
    table: String,
}

impl DynamoKeys {
    /// Keys in `table`.
    pub fn new(client: Client, table: impl Into<String>) -> Self {
        Self { client, table: table.into() }
    }

    /// Finds the key of the item with this id.
    async fn key_of(&self, workspace: &WorkspaceId, key_id: &str) -> Result<Option<Item>, StoreError> {
        let found = self
            .client
            .query()
            .table_name(&self.table)
            .index_name(LIST_INDEX)
            .key_condition_expression("list_pk = :pk AND list_sk = :sk")
            .expression_attribute_values(":pk", text(list_pk(workspace)))
            .expression_attribute_values(":sk", text(key_id))
            .send()
            .await
            .map_err(|error| store_error("keys.lookup", error))?;
        let item = found.items.unwrap_or_default().into_iter().next();
        Ok(item.map(|mut item| ["pk", "sk"].into_iter().filter_map(|name| item.remove_entry(name)).collect()))
    }
}

#[async_trait]
impl KeyReader for DynamoKeys {
    async fn find(&self, hash: &str) -> Result<Option<ApiKey>, StoreError> {
        const OPERATION: &str = "keys.find";
        let found = self
            .client
            .get_item()
            .table_name(&self.table)
            .set_key(Some(key(hash)))
            .send()
            .await
            .map_err(|error| store_error(OPERATION, error))?;
        found.item.map(|item| key_from(item, OPERATION)).transpose()
    }
}

#[async_trait]
impl KeyWriter for DynamoKeys {
    async fn insert(&self, hash: &str, new: &ApiKey) -> Result<(), StoreError> {
        const OPERATION: &str = "keys.insert";
        let mut item: Item = serde_dynamo::to_item(new).map_err(|error| broken(OPERATION, error))?;
        item.extend(key(hash));
        item.insert("list_pk".to_owned(), text(list_pk(&new.workspace)));
        item.insert("list_sk".to_owned(), text(&new.key_id));
        // No condition: a second attempt of the same request must succeed, and two secrets never have the same hash.
        let request = self.client.put_item().table_name(&self.table).set_item(Some(item));
        request.send().await.map(drop).map_err(|error| store_error(OPERATION, error))
    }

    async fn revoke(&self, workspace: &WorkspaceId, key_id: &str) -> Result<bool, StoreError> {
        const OPERATION: &str = "keys.revoke";
        // DynamoDB refuses an empty text as a key.
        if key_id.is_empty() {
            return Ok(false);
        }
        let Some(key) = self.key_of(workspace, key_id).await? else { return Ok(false) };
        let result = self
            .client
            .delete_item()
            .table_name(&self.table)
            .set_key(Some(key))
            // The index can still show a deleted key.
            .condition_expression("workspace = :workspace AND key_id = :key_id")
            .expression_attribute_values(":workspace", text(workspace.as_str()))
            .expression_attribute_values(":key_id", text(key_id))
            .send()
            .await;
        was_written(OPERATION, result)
    }
}

#[async_trait]
impl KeyIndex for DynamoKeys {
    async fn newest(
        &self,
        workspace: &WorkspaceId,
        before: Option<&str>,
        limit: usize,
    ) -> Result<Vec<ApiKey>, StoreError> {
        const OPERATION: &str = "keys.newest";
        let items = newest(&self.client, &self.table, OPERATION, (list_pk(workspace), before), limit).await?;
        items.into_iter().map(|item| key_from(item, OPERATION)).collect()
    }
}

#[async_trait]
impl KeyUsage for DynamoKeys {
    async fn note(&self, hash: &str, at: Timestamp, unless_after: Timestamp) -> Result<(), StoreError> {
        let result = self
            .client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(key(hash)))
            .update_expression("SET last_used_at = :at")
            // Do not bring a revoked key back as an item that has only its last use.
            .condition_expression(
                "attribute_exists(pk) AND (attribute_not_exists(last_used_at) OR last_used_at <= :unless_after)",
            )
            .expression_attribute_values(":at", text(at.to_string()))
            .expression_attribute_values(":unless_after", text(unless_after.to_string()))
            .send()
            .await;
        was_written("keys.note", result).map(drop)
    }
}

fn key(hash: &str) -> Item {
    Item::from([("pk".to_owned(), text(format!("KEY#{hash}"))), ("sk".to_owned(), text("KEY"))])
}

fn key_from(item: Item, operation: &'static str) -> Result<ApiKey, StoreError> {
    serde_dynamo::from_item(item).map_err(|error| broken(operation, format!("the item is not a key: {error}")))
}

fn list_pk(workspace: &WorkspaceId) -> String {
    format!("KEYS#{workspace}")
}
