//! Makes items of files, and of what is remembered of removed ones (`sk = GONE#{id}`). Those that are due at some time stand in the index
//! `list`, too: `list_pk = DUEFILES#{shard}`, `list_sk = {time}#{id}`.

use waypost_domain::files::file::StoredFile;
use waypost_domain::files::id::FileId;
use waypost_domain::files::removed::RemovedFile;
use waypost_domain::files::store_ports::DUE_SHARDS;
use waypost_domain::{StoreError, Timestamp, WorkspaceId};

use super::{Item, text};
use crate::error::broken;

/// Returns the sort key of a file.
pub(super) fn file_sk(id: &FileId) -> String {
    format!("FILE#{id}")
}

/// Returns the sort key of what is remembered of a removed file.
pub(super) fn removed_sk(id: &FileId) -> String {
    format!("GONE#{id}")
}

/// Returns the key of an item of a workspace's files.
pub(super) fn key(workspace: &WorkspaceId, sk: &str) -> Item {
    Item::from([("pk".to_owned(), text(format!("FILES#{workspace}"))), ("sk".to_owned(), text(sk))])
}

/// Returns the partition of the index that lists what is due.
pub(super) fn due_pk(shard: u8) -> String {
    format!("DUEFILES#{shard}")
}

/// Makes the item of a file.
pub(super) fn item_of(file: &StoredFile, operation: &'static str) -> Result<Item, StoreError> {
    let mut item: Item = serde_dynamo::to_item(file).map_err(|error| broken(operation, error))?;
    item.extend(key(&file.workspace, &file_sk(&file.id)));
    item.extend(file.due_at().into_iter().flat_map(|due| due_key(file.id.as_str(), due)));
    Ok(item)
}

/// Makes the item of what is remembered of a removed file.
pub(super) fn item_of_removed(removed: &RemovedFile, operation: &'static str) -> Result<Item, StoreError> {
    let mut item: Item = serde_dynamo::to_item(removed).map_err(|error| broken(operation, error))?;
    item.extend(key(&removed.workspace, &removed_sk(&removed.id)));
    item.extend(due_key(removed.id.as_str(), removed.look_at));
    Ok(item)
}

/// Returns the key in the list of what is due.
pub(super) fn due_key(id: &str, due: Timestamp) -> Item {
    // The last digits are random.
    let shard = id.bytes().last().unwrap_or_default() % DUE_SHARDS;
    Item::from([("list_pk".to_owned(), text(due_pk(shard))), ("list_sk".to_owned(), text(format!("{due}#{id}")))])
}

/// Reads a file.
pub(super) fn file_from(item: Item, operation: &'static str) -> Result<StoredFile, StoreError> {
    serde_dynamo::from_item(item).map_err(|error| broken(operation, format!("the item is not a file: {error}")))
}

/// Reads what is remembered of a removed file.
pub(super) fn removed_from(item: Item, operation: &'static str) -> Result<RemovedFile, StoreError> {
    serde_dynamo::from_item(item).map_err(|error| broken(operation, format!("the item is not a removed file: {error}")))
}
