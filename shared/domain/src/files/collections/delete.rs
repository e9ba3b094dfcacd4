//! Deletes a collection with its files.

use super::find::visible_collection;
use super::remove::{RemoveCollectionPorts, RemovedFiles, remove_collection};
use crate::access::key::{Caller, Role};
use crate::values::error::Error;

/// How long a request removes files, in seconds. API Gateway waits 30.
const SECONDS: i64 = 10;

/// How far a deletion has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deleted {
    /// The collection and its files are no more.
    All,
    /// Nobody sees the collection any more; what is left of its files is removed by the next cleaning.
    Begun,
}

/// Deletes the collection `id`: at once for those who look at it, and its files as far as a request has time for that. Needs [`Role::Editor`].
///
/// # Errors
/// [`Error::NotFound`] if the caller sees no such collection.
pub async fn delete_collection(ports: &RemoveCollectionPorts<'_>, caller: &Caller, id: &str) -> Result<Deleted, Error> {
    caller.require(Role::Editor)?;
    let collection = visible_collection(ports.collections, caller, id).await?;
    let now = ports.clock.now();
    ports.collections.mark_deleted(&collection.workspace, &collection.id, now).await?;
    // From here on it is deleted, whatever fails: it is due.
    let removed = remove_collection(ports, &collection, now.plus_seconds(SECONDS)).await;
    let removed = removed.unwrap_or_else(|error| {
        let operation = error.operation;
        tracing::warn!(event = "collection.emptied_later", collection = %collection.id, operation, %error);
        RemovedFiles::default()
    });
    Ok(if removed.is_gone { Deleted::All } else { Deleted::Begun })
}
