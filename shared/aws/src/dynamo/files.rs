//! Stores the files of workspaces in `LinksTable`: `pk = FILES#{workspace}`, `sk = FILE#{id}`, and at `sk = USAGE` how many there are
//! (`files`) with how many bytes (`bytes`). A file and its count are written in one transaction. What is remembered of a removed file takes
//! its place in the same transaction.

use std::collections::HashMap;
use std::sync::Arc;

use async_trait::async_trait;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{AttributeValue, CancellationReason, Delete, Put, TransactWriteItem, Update};
use waypost_domain::files::file::StoredFile;
use waypost_domain::files::id::FileId;
use waypost_domain::files::quota::{FileQuota, FileUsage};
use waypost_domain::files::reader::{FileAddress, FileReader};
use waypost_domain::files::removed::RemovedFile;
use waypost_domain::files::store_ports::{Added, StoredFiles};
use waypost_domain::{StoreError, StoreErrorKind, WorkspaceId};

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

/// The result of a transaction of two or more writes.
enum Transacted {
    Done,
    /// The condition did not hold of the first write, or else of another.
    Refused {
        first: bool,
    },
}

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
            let refused = |index: usize| codes.get(index) == Some(&"ConditionalCheckFailed");
            if (0..codes.len()).any(refused) {
                return Ok(Transacted::Refused { first: refused(0) });
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
        let put = Put::builder()
            .table_name(&self.table)
            .set_item(Some(item_of(file, OPERATION)?))
            .condition_expression("attribute_not_exists(pk)");
        let put = TransactWriteItem::builder().put(put.build().map_err(|error| broken(OPERATION, error))?).build();
        match self.transact(OPERATION, vec![put, self.count(OPERATION, file, Some(quota))?]).await? {
            Transacted::Done => Ok(Added::Done),
            // The first attempt of this write may have succeeded although its answer was lost.
            Transacted::Refused { first: true } => {
                let stored = self.get(&file.workspace, &file.id).await?;
                Ok(if stored.as_ref() == Some(file) { Added::Done } else { Added::Taken })
            }
            Transacted::Refused { first: false } => self.usage(&file.workspace).await.map(Added::NoRoom),
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
        let put = Put::builder().table_name(&self.table).set_item(Some(item_of_removed(removed, OPERATION)?));
        let put = TransactWriteItem::builder().put(put.build().map_err(|error| broken(OPERATION, error))?).build();
        let writes = vec![delete, self.count(OPERATION, file, None)?, put];
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
