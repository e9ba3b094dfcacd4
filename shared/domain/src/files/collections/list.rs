//! Lists the collections of the caller's workspace, the newest first.

use futures::future::BoxFuture;

use super::collection::Collection;
use super::id::CollectionId;
use super::ports::StoredCollections;
use crate::access::key::{Caller, Role};
use crate::jobs::open_to::newest_open_to;
use crate::values::error::Error;
use crate::values::field_errors::Errors;
use crate::values::page::{Page, PageRequest};

/// Returns one page of the workspace's collections, of those that the caller may see.
///
/// # Errors
/// [`Error::Invalid`] names what is wrong with `page`.
pub async fn list_collections(
    collections: &dyn StoredCollections,
    caller: &Caller,
    page: &PageRequest,
) -> Result<Page<Collection>, Error> {
    caller.require(Role::Viewer)?;
    let mut errors = Errors::default();
    let query = page.check_with(&mut errors);
    let before = query.before.map(CollectionId::parse);
    let before = before.and_then(|id| errors.note("cursor", id.map_err(|_| "is not a cursor that a page gave")));
    let (limit, before) = errors.or(Some((query.limit, before)))?;
    let newest = |before: Option<CollectionId>, limit| -> BoxFuture<'_, _> {
        Box::pin(async move { collections.newest(&caller.workspace, before.as_ref(), limit).await })
    };
    let items = newest_open_to(caller, before, limit + 1, newest).await?;
    Ok(Page::from_items(items, limit, |collection| collection.id.to_string()))
}
