//! Stores collections of files in `LinksTable`; see `collection_items`. [`super::files`] puts files into them, in the transaction that adds
//! the file, and takes them out in the one that removes it.

use std::collections::HashMap;
use std::sync::Arc;

use async_trait::async_trait;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{AttributeValue, KeysAndAttributes, ReturnValue};
use futures::future::try_join_all;
use waypost_domain::files::collections::collection::Collection;
use waypost_domain::files::collections::id::CollectionId;
use waypost_domain::files::collections::ports::{FilesPart, StoredCollections};
use waypost_domain::files::collections::reader::{
    CollectionAddress, CollectionPart, CollectionReader, FILES_ON_A_PAGE,
};
use waypost_domain::files::file::StoredFile;
use waypost_domain::files::id::FileId;
use waypost_domain::{StoreError, StoreErrorKind, Timestamp, WorkspaceId};

use super::aggregates::take_text;
use super::collection_items::{collection_from, collection_key, due_key_of, item_of_collection, places_pk};
use super::conditional_writes::{put_if_absent, was_written};
use super::file_items::{file_from, file_sk, key};
use super::newest::newest_below;
use super::{Item, text};
use crate::backoff::Backoff;
use crate::error::{broken, store_error};
use crate::time_budget::TABLE_OPERATION;

/// How many items DynamoDB gives at a time by their keys.
const AT_A_TIME: usize = 100;
const LIST: &str = "collections.files";

/// Collections in DynamoDB.
#[derive(Debug, Clone)]
pub struct DynamoCollections {
    client: Client,
    table: String,
}

impl DynamoCollections {
    /// Collections in `table`.
    pub fn new(client: Client, table: impl Into<String>) -> Self {
        Self { client, table: table.into() }
    }

    async fn read(
        &self,
        workspace: &WorkspaceId,
        id: &CollectionId,
        consistent: bool,
    ) -> Result<Option<Collection>, StoreError> {
        const OPERATION: &str = "collections.get";
        let read = self.client.get_item().table_name(&self.table).set_key(Some(collection_key(workspace, id)));
        let found = read.consistent_read(consistent).send().await.map_err(|error| store_error(OPERATION, error))?;
        found.item.map(|item| collection_from(item, OPERATION)).transpose()
    }

    /// Reads the files of `limit` paths with greater keys than `after`.
    async fn list(
        &self,
        (workspace, id): (&WorkspaceId, &CollectionId),
        after: Option<&str>,
        limit: usize,
        consistent: bool,
    ) -> Result<FilesPart, StoreError> {
        let mut places = self.places((workspace, id), after, limit + 1, consistent).await?;
        let has_more = places.len() > limit;
        places.truncate(limit);
        let next = places.last().filter(|_| has_more).map(|(key, _)| key.clone());
        let ids: Vec<FileId> = places.into_iter().map(|(_, id)| id).collect();
        let reads = ids.chunks(AT_A_TIME).map(|ids| self.files_of(workspace, ids, consistent));
        let mut found: HashMap<FileId, StoredFile> = try_join_all(reads).await?.into_iter().flatten().collect();
        Ok(FilesPart { files: ids.iter().filter_map(|id| found.remove(id)).collect(), next })
    }

    /// Reads up to `limit` keys of paths, with the files to which they lead.
    async fn places(
        &self,
        (workspace, id): (&WorkspaceId, &CollectionId),
        after: Option<&str>,
        limit: usize,
        consistent: bool,
    ) -> Result<Vec<(String, FileId)>, StoreError> {
        let query = self
            .client
            .query()
            .table_name(&self.table)
            .consistent_read(consistent)
            .key_condition_expression("pk = :pk AND sk > :after")
            .expression_attribute_values(":pk", text(places_pk(workspace, id)))
            // Smaller than every key.
            .expression_attribute_values(":after", text(after.unwrap_or("\u{1}")));
        let (mut places, mut start) = (Vec::new(), None);
        while places.len() < limit {
            let left = i32::try_from(limit - places.len()).unwrap_or(i32::MAX);
            let page = query.clone().limit(left).set_exclusive_start_key(start).send().await;
            let page = page.map_err(|error| store_error(LIST, error))?;
            for mut item in page.items.unwrap_or_default() {
                let id = take_text(&mut item, "id").and_then(|id| FileId::parse(id).ok());
                let place = take_text(&mut item, "sk").zip(id);
                places.push(place.ok_or_else(|| broken(LIST, "a path leads to no file"))?);
            }
            start = page.last_evaluated_key;
            if start.is_none() {
                break;
            }
        }
        Ok(places)
    }

    /// Reads up to [`AT_A_TIME`] files. Those that do not exist any more are left out.
    async fn files_of(
        &self,
        workspace: &WorkspaceId,
        ids: &[FileId],
        consistent: bool,
    ) -> Result<Vec<(FileId, StoredFile)>, StoreError> {
        let mut open: Vec<Item> = ids.iter().map(|id| key(workspace, &file_sk(id))).collect();
        let (mut found, mut backoff) = (Vec::new(), Backoff::default());
        while !open.is_empty() {
            let before = open.len();
            let keys = KeysAndAttributes::builder().set_keys(Some(open)).consistent_read(consistent).build();
            let keys = keys.map_err(|error| broken(LIST, error))?;
            let output = self.client.batch_get_item().request_items(&self.table, keys).send().await;
            let output = output.map_err(|error| store_error(LIST, error))?;
            for item in output.responses.into_iter().flat_map(|mut tables| tables.remove(&self.table)).flatten() {
                let file = file_from(item, LIST)?;
                found.push((file.id.clone(), file));
            }
            let rest = output.unprocessed_keys.and_then(|mut tables| tables.remove(&self.table));
            open = rest.map(|keys| keys.keys).unwrap_or_default();
            if open.len() < before {
                backoff.reset();
            }
            if !open.is_empty() && !backoff.wait().await {
                return Err(StoreError::new(LIST, StoreErrorKind::Throttled, "keys remain unprocessed"));
            }
        }
        Ok(found)
    }
}

#[async_trait]
impl StoredCollections for DynamoCollections {
    async fn add(&self, collection: &Collection) -> Result<bool, StoreError> {
        const OPERATION: &str = "collections.add";
        let item = item_of_collection(collection, OPERATION)?;
        let made = put_if_absent(&self.client, &self.table, OPERATION, item).await?;
        // The first attempt of this write may have succeeded although its answer was lost.
        Ok(made || self.read(&collection.workspace, &collection.id, true).await?.as_ref() == Some(collection))
    }

    async fn get(&self, workspace: &WorkspaceId, id: &CollectionId) -> Result<Option<Collection>, StoreError> {
        self.read(workspace, id, true).await
    }

    async fn newest(
        &self,
        workspace: &WorkspaceId,
        before: Option<&CollectionId>,
        limit: usize,
    ) -> Result<Vec<Collection>, StoreError> {
        const OPERATION: &str = "collections.newest";
        let before = before.map(ToString::to_string);
        let place = (format!("FILES#{workspace}"), "COLL#");
        let items = newest_below(&self.client, &self.table, OPERATION, place, before.as_deref(), limit).await?;
        items.into_iter().map(|item| collection_from(item, OPERATION)).collect()
    }

    async fn files(
        &self,
        workspace: &WorkspaceId,
        id: &CollectionId,
        after: Option<&str>,
        limit: usize,
    ) -> Result<FilesPart, StoreError> {
        self.list((workspace, id), after, limit, true).await
    }

    async fn mark_deleted(
        &self,
        workspace: &WorkspaceId,
        id: &CollectionId,
        now: Timestamp,
    ) -> Result<Option<Collection>, StoreError> {
        const OPERATION: &str = "collections.mark_deleted";
        let mut due = due_key_of(id, now);
        let mut due = |name| due.remove(name).unwrap_or_else(|| text(""));
        let update = self.client.update_item().table_name(&self.table).set_key(Some(collection_key(workspace, id)));
        let marked = update
            .update_expression("SET deleted_at = :now, list_pk = :list_pk, list_sk = :list_sk")
            .condition_expression("attribute_exists(pk) AND attribute_not_exists(deleted_at)")
            .expression_attribute_values(":now", text(now.to_string()))
            .expression_attribute_values(":list_pk", due("list_pk"))
            .expression_attribute_values(":list_sk", due("list_sk"))
            .return_values(ReturnValue::AllNew)
            .send()
            .await;
        match marked {
            Ok(marked) => marked.attributes.map(|item| collection_from(item, OPERATION)).transpose(),
            Err(error) => match error.as_service_error() {
                Some(UpdateItemError::ConditionalCheckFailedException(_)) => self.read(workspace, id, true).await,
                _ => Err(store_error(OPERATION, error)),
            },
        }
    }

    async fn forget(&self, workspace: &WorkspaceId, id: &CollectionId) -> Result<bool, StoreError> {
        let delete = self.client.delete_item().table_name(&self.table).set_key(Some(collection_key(workspace, id)));
        let deleted = delete
            .condition_expression("attribute_exists(deleted_at) AND #files = :none")
            .expression_attribute_names("#files", "files")
            .expression_attribute_values(":none", AttributeValue::N("0".to_owned()))
            .send()
            .await;
        Ok(was_written("collections.forget", deleted)? || self.read(workspace, id, true).await?.is_none())
    }
}

#[async_trait]
impl CollectionReader for DynamoCollections {
    async fn collection(&self, address: &CollectionAddress) -> Result<Option<Arc<Collection>>, StoreError> {
        Ok(self.read(&address.workspace, &address.id, false).await?.map(Arc::new))
    }

    /// Takes no longer than one operation of the table, whatever it needs: visitors wait for it.
    async fn part(
        &self,
        address: &CollectionAddress,
        after: Option<&str>,
    ) -> Result<Option<Arc<CollectionPart>>, StoreError> {
        let CollectionAddress { workspace, id } = address;
        let both = async {
            let list = self.list((workspace, id), after, FILES_ON_A_PAGE, false);
            tokio::try_join!(self.read(workspace, id, false), list)
        };
        let (collection, part) = tokio::time::timeout(TABLE_OPERATION, both)
            .await
            .map_err(|elapsed| StoreError::new(LIST, StoreErrorKind::Unavailable, elapsed))??;
        Ok(collection.map(|collection| Arc::new(CollectionPart { collection, part })))
    }
}
