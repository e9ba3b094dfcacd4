//! Makes items of collections (`pk = FILES#{workspace}`, `sk = COLL#{id}`) and of the paths of their files
//! (`pk = PLACES#{workspace}#{collection}`, `sk` the key of the path), which lead to the files. Collections that are due at some time stand in the
//! index `list` with the files that are.

use waypost_domain::files::collections::collection::Collection;
use waypost_domain::files::collections::id::CollectionId;
use waypost_domain::files::collections::path::FilePlace;
use waypost_domain::files::file::StoredFile;
use waypost_domain::{StoreError, Timestamp, WorkspaceId};

use super::file_items::{due_key, key};
use super::{Item, text};
use crate::error::broken;

/// Returns the sort key of a collection.
pub(super) fn collection_sk(id: &CollectionId) -> String {
    format!("COLL#{id}")
}

/// Returns the key of a collection.
pub(super) fn collection_key(workspace: &WorkspaceId, id: &CollectionId) -> Item {
    key(workspace, &collection_sk(id))
}

/// Returns the partition of the paths of a collection.
pub(super) fn places_pk(workspace: &WorkspaceId, id: &CollectionId) -> String {
    format!("PLACES#{workspace}#{id}")
}

/// Returns the key of a path.
pub(super) fn place_key(workspace: &WorkspaceId, place: &FilePlace) -> Item {
    let pk = places_pk(workspace, &place.collection);
    Item::from([("pk".to_owned(), text(pk)), ("sk".to_owned(), text(place.path.key()))])
}

/// Makes the item of a path that leads to `file`.
pub(super) fn item_of_place(file: &StoredFile, place: &FilePlace) -> Item {
    let mut item = place_key(&file.workspace, place);
    item.insert("id".to_owned(), text(file.id.as_str()));
    item
}

/// Makes the item of a collection.
pub(super) fn item_of_collection(collection: &Collection, operation: &'static str) -> Result<Item, StoreError> {
    let mut item: Item = serde_dynamo::to_item(collection).map_err(|error| broken(operation, error))?;
    item.extend(collection_key(&collection.workspace, &collection.id));
    item.extend(collection.due_at().into_iter().flat_map(|due| due_key_of(&collection.id, due)));
    Ok(item)
}

/// Returns the key of a collection in the list of what is due.
pub(super) fn due_key_of(id: &CollectionId, due: Timestamp) -> Item {
    due_key(id.as_str(), due)
}

/// Reads a collection.
pub(super) fn collection_from(item: Item, operation: &'static str) -> Result<Collection, StoreError> {
    serde_dynamo::from_item(item).map_err(|error| broken(operation, format!("the item is not a collection: {error}")))
}
