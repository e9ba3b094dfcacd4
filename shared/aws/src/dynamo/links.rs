//! Stores links in `LinksTable`: `pk = LINK#{domain}#{slug}`, `sk = LINK`. The index `list` lists them.

use async_trait::async_trait;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use waypost_domain::links::ports::{LinkReader, LinkWriter};
use waypost_domain::{Link, LinkAddress, StoreError, WorkspaceId};

use super::conditional_writes::{put_if_absent, was_written};
use super::link_changes::{Unchanged, Update};
use super::{Item, text};
use crate::error::{broken, store_error};

/// The index that lists the links, keys and imports of a workspace.
pub const LIST_INDEX: &str = "list";

/// Links in DynamoDB.
#[derive(Debug, Clone)]
pub struct DynamoLinks {
    pub(super) client: Client,
    pub(super) table: String,
    consistent: bool,
}

impl DynamoLinks {
    /// Links in `table`.
    pub fn new(client: Client, table: impl Into<String>) -> Self {
        Self { client, table: table.into(), consistent: false }
    }

    /// Makes [`LinkReader::get`] see every write that was answered before it, at twice the price of a read.
    pub fn consistent(self) -> Self {
        Self { consistent: true, ..self }
    }

    async fn read(&self, address: &LinkAddress, consistent: bool) -> Result<Option<Link>, StoreError> {
        const OPERATION: &str = "links.get";
        let found = self
            .client
            .get_item()
            .table_name(&self.table)
            .set_key(Some(key(address)))
            .consistent_read(consistent)
            .send()
            .await
            .map_err(|error| store_error(OPERATION, error))?;
        found.item.map(|item| link_from(item, OPERATION)).transpose()
    }
}

#[async_trait]
impl LinkReader for DynamoLinks {
    async fn get(&self, address: &LinkAddress) -> Result<Option<Link>, StoreError> {
        self.read(address, self.consistent).await
    }
}

#[async_trait]
impl LinkWriter for DynamoLinks {
    async fn insert(&self, link: &Link) -> Result<bool, StoreError> {
        let made = put_if_absent(&self.client, &self.table, "links.insert", item_of(link)?).await?;
        // The first attempt of this write may have succeeded although its answer was lost.
        Ok(made || self.read(&link.address, true).await?.as_ref() == Some(link))
    }

    async fn replace(&self, seen: &Link, next: &Link) -> Result<bool, StoreError> {
        let update = Update::between(item_of(seen)?, item_of(next)?);
        let condition = Unchanged::since(seen);
        let result = self
            .client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(key(&seen.address)))
            .update_expression(update.expression)
            .condition_expression(condition.expression)
            .set_expression_attribute_names(Some(update.names.into_iter().chain(condition.names).collect()))
            .set_expression_attribute_values(Some(update.values.into_iter().chain(condition.values).collect()))
            .send()
            .await;
        if was_written("links.replace", result)? {
            return Ok(true);
        }
        // As above. Clicks may have been counted since.
        let stored = self.read(&seen.address, true).await?;
        Ok(stored.is_some_and(|stored| {
            let mut next = next.clone();
            next.settings.used_clicks = stored.settings.used_clicks;
            stored == next
        }))
    }

    async fn delete_unchanged(&self, seen: &Link) -> Result<bool, StoreError> {
        const OPERATION: &str = "links.delete";
        let condition = Unchanged::since(seen);
        let result = self
            .client
            .delete_item()
            .table_name(&self.table)
            .set_key(Some(key(&seen.address)))
            .condition_expression(condition.expression)
            .set_expression_attribute_names(Some(condition.names))
            .set_expression_attribute_values(Some(condition.values))
            .send()
            .await;
        was_written(OPERATION, result)
    }

    async fn delete(&self, address: &LinkAddress, workspace: &WorkspaceId) -> Result<bool, StoreError> {
        const OPERATION: &str = "links.delete";
        let result = self
            .client
            .delete_item()
            .table_name(&self.table)
            .set_key(Some(key(address)))
            .condition_expression("workspace = :workspace")
            .expression_attribute_values(":workspace", text(workspace.as_str()))
            .send()
            .await;
        was_written(OPERATION, result)
    }
}

/// Makes the key of a link's item.
pub fn key(address: &LinkAddress) -> Item {
    Item::from([
        ("pk".to_owned(), text(format!("LINK#{}#{}", address.domain, address.slug))),
        ("sk".to_owned(), text("LINK")),
    ])
}

/// Makes the whole item of a link. Write links as this item only.
///
/// # Errors
/// None in practice: a link has only texts and lists of texts.
pub fn item_of(link: &Link) -> Result<Item, StoreError> {
    let mut item: Item = serde_dynamo::to_item(link).map_err(|error| broken("links.write", error))?;
    item.extend(key(&link.address));
    item.insert("list_pk".to_owned(), text(list_pk(&link.workspace, link.list_shard())));
    item.insert("list_sk".to_owned(), text(link.list_key()));
    Ok(item)
}

/// Reads the link in an item for `operation`.
///
/// # Errors
/// [`waypost_domain::values::error::StoreErrorKind::Broken`] names an item that is not a link.
pub fn link_from(item: Item, operation: &'static str) -> Result<Link, StoreError> {
    let pk = item.get("pk").and_then(|pk| AttributeValue::as_s(pk).ok().cloned()).unwrap_or_default();
    serde_dynamo::from_item(item).map_err(|error| broken(operation, format!("the item {pk} is not a link: {error}")))
}

pub(super) fn list_pk(workspace: &WorkspaceId, shard: u8) -> String {
    format!("WS#{workspace}#{shard}")
}
