//! Stores the files of workspaces in `LinksTable`: `pk = FILES#{workspace}`, `sk = FILE#{id}`, and at `sk = USAGE` how many there are
//! (`files`) with how many bytes (`bytes`). A file and its count are written in one transaction, and with them its path in a collection and the
//! collection's count (`collection_items`). What is remembered of a removed file takes its place in the same transaction.

use std::collections::HashMap;
use std::sync::Arc;

use async_trait::async_trait;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{AttributeValue, CancellationReason, Delete, Put, TransactWriteItem, Update};
use waypost_domain::files::collections::collection::MAX_FILES;
use waypost_domain::files::collections::path::FilePlace;
use waypost_domain::files::file::StoredFile;
use waypost_domain::files::id::FileId;
use waypost_domain::files::quota::{FileQuota, FileUsage};
use waypost_domain::files::reader::{FileAddress, FileReader};
use waypost_domain::files::removed::RemovedFile;
use waypost_domain::files::store_ports::{Added, StoredFiles};
use waypost_domain::{StoreError, StoreErrorKind, WorkspaceId};

use super::Item;
use super::collection_items::{collection_from, collection_key, item_of_place, place_key};
use super::conditional_writes::put_next;
use super::file_items::{file_from, file_sk, item_of, item_of_removed, key, removed_from, removed_sk};
use super::newest::newest_below;
use crate::backoff::Backoff;
use crate::error::{broken, kind_of, store_error};

const USAGE: &str = "USAGE";

/// Files in DynamoDB.
#[derive(Debug, Clone)]
pub struct DynamoFiles {
    client: Client,
    table: String,
}

/// The result of a transaction.
enum Transacted {
    Done,
    /// The conditions of these writes did not hold, counted from 0.
    Refused(Vec<usize>),
}

/// The writes of [`StoredFiles::add`] in their order. The last two are those of a file in a collection.
const FILE: usize = 0;
const COUNT: usize = 1;
const PATH: usize = 3;

impl DynamoFiles {
    /// Files in `table`.
    pub fn new(client: Client, table: impl Into<String>) -> Self {
        Self { client, table: table.into() }
    }

    async fn usage(&self, workspace: &WorkspaceId) -> Result<FileUsage, StoreError> {
        const OPERATION: &str = "files.usage";
        let read = self.client.get_item().table_name(&self.table).set_key(Some(key(workspace, USAGE)));
        let found = read.consistent_read(true).send().await.map_err(|error| store_error(OPERATION, error))?;
        let usage = found.item.map(serde_dynamo::from_item).transpose();
        usage.map(Option::unwrap_or_default).map_err(|error| broken(OPERATION, error))
    }

    /// Makes the write that adds a file of `size` bytes to the count, or takes it away.
    fn count(
        &self,
        operation: &'static str,
        file: &StoredFile,
        quota: Option<FileQuota>,
    ) -> Result<TransactWriteItem, StoreError> {
        let sign = if quota.is_some() { "" } else { "-" };
        let update = Update::builder()
            .table_name(&self.table)
            .set_key(Some(key(&file.workspace, USAGE)))
            .update_expression("ADD #files :one, #bytes :size")
            .set_expression_attribute_names(Some(names(&["files", "bytes"])))
            .expression_attribute_values(":one", number(format!("{sign}1")))
            .expression_attribute_values(":size", number(format!("{sign}{}", file.size)));
        let update = match quota {
            None => update,
            Some(quota) => update
                .condition_expression(
                    "(attribute_not_exists(#files) OR #files < :files) AND (attribute_not_exists(#bytes) OR #bytes <= :room)",
                )
                .expression_attribute_values(":files", number(quota.files))
                .expression_attribute_values(":room", number(quota.room_for(file.size).unwrap_or(0))),
        };
        Ok(TransactWriteItem::builder().update(update.build().map_err(|error| broken(operation, error))?).build())
    }

    /// Makes the write that adds `file` to the count of its collection, if that takes it, or takes it away.
    fn count_in_collection(
        &self,
        operation: &'static str,
        file: &StoredFile,
        (place, is_added): (&FilePlace, bool),
    ) -> Result<TransactWriteItem, StoreError> {
        let (sign, condition) = match is_added {
            true => ("", "attribute_exists(pk) AND attribute_not_exists(deleted_at) AND #files < :most"),
            false => ("-", "attribute_exists(pk)"),
        };
        let update = Update::builder()
            .table_name(&self.table)
            .set_key(Some(collection_key(&file.workspace, &place.collection)))
            .update_expression("ADD #files :one, #bytes :size")
            .condition_expression(condition)
            .set_expression_attribute_names(Some(names(&["files", "bytes"])))
            .expression_attribute_values(":one", number(format!("{sign}1")))
            .expression_attribute_values(":size", number(format!("{sign}{}", file.size)));
        let update = if is_added { update.expression_attribute_values(":most", number(MAX_FILES)) } else { update };
        Ok(TransactWriteItem::builder().update(update.build().map_err(|error| broken(operation, error))?).build())
    }

    /// Makes a write that puts `item`, only if there is none if `is_new`.
    fn put(&self, operation: &'static str, item: Item, is_new: bool) -> Result<TransactWriteItem, StoreError> {
        let put = Put::builder().table_name(&self.table).set_item(Some(item));
        let put = if is_new { put.condition_expression("attribute_not_exists(pk)") } else { put };
        Ok(TransactWriteItem::builder().put(put.build().map_err(|error| broken(operation, error))?).build())
    }

    /// Tells why the collection did not take the file of a transaction that was refused.
    async fn refusal(&self, file: &StoredFile, place: &FilePlace) -> Result<Added, StoreError> {
        const OPERATION: &str = "files.collection";
        let key = collection_key(&file.workspace, &place.collection);
        let read = self.client.get_item().table_name(&self.table).set_key(Some(key)).consistent_read(true);
        let found = read.send().await.map_err(|error| store_error(OPERATION, error))?;
        let collection = found.item.map(|item| collection_from(item, OPERATION)).transpose()?;
        let is_open = collection.is_some_and(|collection| collection.deleted_at.is_none());
        Ok(if is_open { Added::CollectionFull } else { Added::NoCollection })
    }

    /// Writes all or nothing. Tries again, within bounds, while other writes get in the way.
    async fn transact(
        &self,
        operation: &'static str,
        writes: Vec<TransactWriteItem>,
    ) -> Result<Transacted, StoreError> {
        let mut backoff = Backoff::default();
        loop {
            let all = self.client.transact_write_items().set_transact_items(Some(writes.clone()));
            let Err(error) = all.send().await else { return Ok(Transacted::Done) };
            let Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) = error.as_service_error()
            else {
                return Err(store_error(operation, error));
            };
            let codes = cancelled.cancellation_reasons().iter().map(CancellationReason::code);
            let codes: Vec<&str> = codes.map(|code| code.unwrap_or("None")).collect();
            let is_refused = |index: &usize| codes.get(*index) == Some(&"ConditionalCheckFailed");
            let refused: Vec<usize> = (0..codes.len()).filter(is_refused).collect();
            if !refused.is_empty() {
                return Ok(Transacted::Refused(refused));
            }
            let cause = codes.iter().copied().find(|code| *code != "None");
            if kind_of(cause) == StoreErrorKind::Broken {
                return Err(broken(operation, format!("the transaction was cancelled: {cause:?}")));
            }
            if !backoff.wait().await {
                return Err(StoreError::new(operation, StoreErrorKind::Throttled, "others keep writing it"));
            }
        }
    }
}

#[async_trait]
impl StoredFiles for DynamoFiles {
    async fn add(&self, file: &StoredFile, quota: FileQuota) -> Result<Added, StoreError> {
        const OPERATION: &str = "files.add";
        if quota.room_for(file.size).is_none() {
            return self.usage(&file.workspace).await.map(Added::NoRoom);
        }
        let put = self.put(OPERATION, item_of(file, OPERATION)?, true)?;
        let mut writes = vec![put, self.count(OPERATION, file, Some(quota))?];
        if let Some(place) = &file.place {
            writes.push(self.count_in_collection(OPERATION, file, (place, true))?);
            writes.push(self.put(OPERATION, item_of_place(file, place), true)?);
        }
        let refused = match self.transact(OPERATION, writes).await? {
            Transacted::Done => return Ok(Added::Done),
            Transacted::Refused(refused) => refused,
        };
        // The first attempt of this write may have succeeded although its answer was lost.
        if refused.contains(&FILE) {
            let stored = self.get(&file.workspace, &file.id).await?;
            return Ok(if stored.as_ref() == Some(file) { Added::Done } else { Added::Taken });
        }
        match &file.place {
            Some(_) if refused.contains(&PATH) => Ok(Added::PathTaken),
            Some(place) if !refused.contains(&COUNT) => self.refusal(file, place).await,
            _ => self.usage(&file.workspace).await.map(Added::NoRoom),
        }
    }

    async fn get(&self, workspace: &WorkspaceId, id: &FileId) -> Result<Option<StoredFile>, StoreError> {
        const OPERATION: &str = "files.get";
        let read = self.client.get_item().table_name(&self.table).set_key(Some(key(workspace, &file_sk(id))));
        let found = read.consistent_read(true).send().await.map_err(|error| store_error(OPERATION, error))?;
        found.item.map(|item| file_from(item, OPERATION)).transpose()
    }

    async fn newest(
        &self,
        workspace: &WorkspaceId,
        before: Option<&FileId>,
        limit: usize,
    ) -> Result<Vec<StoredFile>, StoreError> {
        const OPERATION: &str = "files.newest";
        let before = before.map(ToString::to_string);
        let place = (format!("FILES#{workspace}"), "FILE#");
        let items = newest_below(&self.client, &self.table, OPERATION, place, before.as_deref(), limit).await?;
        items.into_iter().map(|item| file_from(item, OPERATION)).collect()
    }

    async fn replace(&self, next: &StoredFile) -> Result<bool, StoreError> {
        const OPERATION: &str = "files.replace";
        let item = (item_of(next, OPERATION)?, next.revision);
        let made = put_next(&self.client, &self.table, OPERATION, item).await?;
        // As above.
        Ok(made || self.get(&next.workspace, &next.id).await?.as_ref() == Some(next))
    }

    async fn remove(&self, file: &StoredFile, removed: &RemovedFile) -> Result<bool, StoreError> {
        const OPERATION: &str = "files.remove";
        let delete = Delete::builder()
            .table_name(&self.table)
            .set_key(Some(key(&file.workspace, &file_sk(&file.id))))
            .condition_expression("#revision = :revision")
            .set_expression_attribute_names(Some(names(&["revision"])))
            .expression_attribute_values(":revision", number(file.revision));
        let delete = delete.build().map_err(|error| broken(OPERATION, error))?;
        let delete = TransactWriteItem::builder().delete(delete).build();
        let put = self.put(OPERATION, item_of_removed(removed, OPERATION)?, false)?;
        let mut writes = vec![delete, self.count(OPERATION, file, None)?, put];
        if let Some(place) = &file.place {
            writes.push(self.count_in_collection(OPERATION, file, (place, false))?);
            let free = Delete::builder().table_name(&self.table).set_key(Some(place_key(&file.workspace, place)));
            let free = free.build().map_err(|error| broken(OPERATION, error))?;
            writes.push(TransactWriteItem::builder().delete(free).build());
        }
        if matches!(self.transact(OPERATION, writes).await?, Transacted::Done) {
            return Ok(true);
        }
        // As above.
        let read =
            self.client.get_item().table_name(&self.table).set_key(Some(key(&file.workspace, &removed_sk(&file.id))));
        let found = read.consistent_read(true).send().await.map_err(|error| store_error(OPERATION, error))?;
        let stored = found.item.map(|item| removed_from(item, OPERATION)).transpose()?;
        Ok(stored.as_ref() == Some(removed))
    }
}

#[async_trait]
impl FileReader for DynamoFiles {
    async fn file(&self, address: &FileAddress) -> Result<Option<Arc<StoredFile>>, StoreError> {
        Ok(StoredFiles::get(self, &address.workspace, &address.id).await?.map(Arc::new))
    }
}

fn names(attributes: &[&str]) -> HashMap<String, String> {
    attributes.iter().map(|name| (format!("#{name}"), (*name).to_owned())).collect()
}

fn number(value: impl ToString) -> AttributeValue {
    AttributeValue::N(value.to_string())
}
