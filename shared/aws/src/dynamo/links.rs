//! Stores links in `LinksTable`: `pk = LINK#{domain}#{slug}`, `sk = LINK`. The index `list` lists them, the index `targets` finds
//! them by target. An alias or a reservation can stand at an address instead: see `stored_link`.

use async_trait::async_trait;
use aws_sdk_dynamodb::Client;
use waypost_domain::links::ports::{LinkReader, LinkWriter, Relocation};
use waypost_domain::{Link, LinkAddress, StoreError, Timestamp, WorkspaceId};

use super::conditional_writes::was_written;
use super::link_changes::{Unchanged, Update};
use super::stored_link::{self, Alias, Reservation, Stored, pointer_of, stored_from};
use super::{Item, text};
use crate::error::{broken, store_error};

/// The index that lists the links, keys and imports of a workspace.
pub const LIST_INDEX: &str = "list";

/// The index that finds the links of a workspace with one target on one domain.
pub(super) const TARGETS_INDEX: &str = "targets";

const GET: &str = "links.get";

/// Links in DynamoDB.
#[derive(Debug, Clone)]
pub struct DynamoLinks {
    pub(super) client: Client,
    pub(super) table: String,
    consistent: bool,
    pub(super) marks_changes: bool,
}

impl DynamoLinks {
    /// Links in `table`.
    pub fn new(client: Client, table: impl Into<String>) -> Self {
        Self { client, table: table.into(), consistent: false, marks_changes: false }
    }

    /// Makes [`LinkReader::get`] see every write that was answered before it, at twice the price of a read.
    pub fn consistent(self) -> Self {
        Self { consistent: true, ..self }
    }

    /// Makes [`LinkWriter`] mark what it changes, so that redirects notice within a second. Each such change costs a write more, to one
    /// item for all: not for changes by the thousand.
    pub fn marking(self) -> Self {
        Self { marks_changes: true, ..self }
    }

    /// Reads the link at `address`, at once or through an alias, which takes one read more.
    async fn read(&self, address: &LinkAddress, consistent: bool) -> Result<Option<Link>, StoreError> {
        let alias = match self.stored(address, consistent).await? {
            Some(Stored::Link(link)) => return Ok(Some(*link)),
            Some(Stored::Alias(alias)) => alias,
            Some(Stored::Reserved(_)) | None => return Ok(None),
        };
        if let Some(link) = self.behind(&alias, consistent).await? {
            return Ok(Some(link));
        }
        // The link has moved between the two reads, or the second one lagged behind the move.
        match self.stored(address, true).await? {
            Some(Stored::Link(link)) => Ok(Some(*link)),
            Some(Stored::Alias(alias)) => self.behind(&alias, true).await,
            Some(Stored::Reserved(_)) | None => Ok(None),
        }
    }

    /// Reads the link that `alias` leads to.
    async fn behind(&self, alias: &Alias, consistent: bool) -> Result<Option<Link>, StoreError> {
        match self.stored(&alias.alias_of, consistent).await? {
            Some(Stored::Link(link)) if link.id() == alias.link_id => Ok(Some(*link)),
            _ => Ok(None),
        }
    }

    async fn stored(&self, address: &LinkAddress, consistent: bool) -> Result<Option<Stored>, StoreError> {
        let get = self.client.get_item().table_name(&self.table).set_key(Some(key(address)));
        let found = get.consistent_read(consistent).send().await.map_err(|error| store_error(GET, error))?;
        found.item.map(|item| stored_from(item, GET)).transpose()
    }
}

#[async_trait]
impl LinkReader for DynamoLinks {
    async fn get(&self, address: &LinkAddress) -> Result<Option<Link>, StoreError> {
        self.read(address, self.consistent).await
    }

    async fn get_latest(&self, address: &LinkAddress) -> Result<Option<Link>, StoreError> {
        self.read(address, true).await
    }
}

#[async_trait]
impl LinkWriter for DynamoLinks {
    async fn insert(&self, link: &Link) -> Result<bool, StoreError> {
        let condition = Unchanged::free_for(&link.workspace);
        let put = self.client.put_item().table_name(&self.table).set_item(Some(item_of(link)?));
        let put = put.condition_expression(condition.expression);
        let result = put.set_expression_attribute_values(Some(condition.values)).send().await;
        let made = was_written("links.insert", result)?;
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
            self.mark(seen, Some(next)).await;
            return Ok(true);
        }
        // As above. Clicks may have been counted since.
        let stored = self.read(&seen.address, true).await?;
        let replaced = stored.is_some_and(|stored| {
            let mut next = next.clone();
            next.settings.used_clicks = stored.settings.used_clicks;
            stored == next
        });
        if replaced {
            self.mark(seen, Some(next)).await;
        }
        Ok(replaced)
    }

    async fn relocate(&self, seen: &Link, next: &Link, now: Timestamp) -> Result<Relocation, StoreError> {
        let relocation = self.write_relocated(seen, next, now).await?;
        if relocation == Relocation::Done {
            self.mark(seen, Some(next)).await;
        }
        Ok(relocation)
    }

    async fn delete(&self, seen: &Link, now: Timestamp) -> Result<bool, StoreError> {
        let deleted = if seen.aliases.is_empty() {
            self.write_reserved(seen, now).await?
        } else {
            self.write_deleted(seen, now).await?
        };
        if deleted {
            self.mark(seen, None).await;
        }
        Ok(deleted)
    }
}

impl DynamoLinks {
    /// Puts a reservation in the place of `seen`, which has no aliases. Returns whether the link was unchanged.
    async fn write_reserved(&self, seen: &Link, now: Timestamp) -> Result<bool, StoreError> {
        let condition = Unchanged::since(seen);
        let reservation = pointer_of(&seen.address, &Reservation::new(&seen.workspace, now))?;
        let put = self.client.put_item().table_name(&self.table).set_item(Some(reservation));
        let result = put
            .condition_expression(condition.expression)
            .set_expression_attribute_names(Some(condition.names))
            .set_expression_attribute_values(Some(condition.values))
            .send()
            .await;
        was_written("links.delete", result)
    }
}

/// Makes the key of the item at an address.
pub fn key(address: &LinkAddress) -> Item {
    stored_link::key(address)
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
    // A link from before the ids is not in the index of targets: it gets there with its id.
    if link.stored_id.is_some() {
        let target = Link::target_key(&link.workspace, &link.address.domain, &link.url);
        item.insert("target_pk".to_owned(), text(target_pk(&target, link.list_shard())));
    }
    Ok(item)
}

/// Reads the link in an item for `operation`.
///
/// # Errors
/// [`waypost_domain::values::error::StoreErrorKind::Broken`] names an item that is not a link.
pub fn link_from(item: Item, operation: &'static str) -> Result<Link, StoreError> {
    stored_link::read(item, operation, "a link")
}

pub(super) fn list_pk(workspace: &WorkspaceId, shard: u8) -> String {
    format!("WS#{workspace}#{shard}")
}

/// Makes the partition of the index `targets`. As in the index `list`, shards keep an import of many links to one target from
/// being throttled.
pub(super) fn target_pk(target: &str, shard: u8) -> String {
    format!("TARGET#{target}#{shard}")
}
