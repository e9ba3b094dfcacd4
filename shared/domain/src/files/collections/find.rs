//! Finds a collection of the caller's workspace.

use super::collection::Collection;
use super::id::CollectionId;
use super::ports::StoredCollections;
use crate::access::key::{Caller, Role};
use crate::jobs::open_to::SeenJob;
use crate::values::error::Error;

/// Returns the collection `id`, if the caller may see it: one that reaches only some links sees those that it made itself.
///
/// # Errors
/// [`Error::NotFound`] if there is none.
pub(crate) async fn visible_collection(
    collections: &dyn StoredCollections,
    caller: &Caller,
    id: &str,
) -> Result<Collection, Error> {
    let id = CollectionId::parse(id).map_err(|_| Error::NotFound("collection"))?;
    let found = collections.get(&caller.workspace, &id).await?;
    found.filter(|collection| collection.is_open_to(caller)).ok_or(Error::NotFound("collection"))
}

/// Returns the collection `id` of the caller's workspace.
///
/// # Errors
/// [`Error::NotFound`] if there is no such collection, it was deleted, the caller may not see it, or `id` is not a collection's id.
pub async fn find_collection(
    collections: &dyn StoredCollections,
    caller: &Caller,
    id: &str,
) -> Result<Collection, Error> {
    caller.require(Role::Viewer)?;
    visible_collection(collections, caller, id).await
}
