//! Empties a collection that is deleted or has ended, and removes it.

use futures::stream::{self, StreamExt};

use super::collection::Collection;
use super::ports::StoredCollections;
use crate::files::file::StoredFile;
use crate::files::remove::{RemoveFilePorts, remove_file};
use crate::ports::Clock;
use crate::values::error::{StoreError, StoreErrorKind};
use crate::values::timestamp::Timestamp;

/// How many files are listed at a time.
const AT_A_TIME: usize = 100;
/// How many of them are removed at once. Few, since all of them change the same counts.
const AT_ONCE: usize = 4;
/// How often a file is looked at again because it has changed.
const ATTEMPTS: usize = 5;

/// What removing a collection needs.
#[derive(Clone, Copy)]
pub struct RemoveCollectionPorts<'a> {
    /// Keeps the collections.
    pub collections: &'a dyn StoredCollections,
    /// Removes files.
    pub remove: RemoveFilePorts<'a>,
    /// Tells the time.
    pub clock: &'a dyn Clock,
}

/// What was removed of a collection.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct RemovedFiles {
    /// How many files.
    pub(crate) files: u64,
    /// How many bytes they had.
    pub(crate) bytes: u64,
    /// How many files could not be removed.
    pub(crate) failures: u64,
    /// Whether the collection is no more. Else it is still due.
    pub(crate) is_gone: bool,
}

/// Marks `collection` as deleted, removes its files one by one, and then itself. Begins no more after `deadline`; whoever calls it next goes on.
/// Wherever it stops, what is left is listed and counted.
///
/// # Errors
/// The collection could not be marked or removed, or its files not listed.
pub(crate) async fn remove_collection(
    ports: &RemoveCollectionPorts<'_>,
    collection: &Collection,
    deadline: Timestamp,
) -> Result<RemovedFiles, StoreError> {
    let (Collection { workspace, id, .. }, now) = (collection, ports.clock.now());
    let mut removed = RemovedFiles::default();
    // First, so that no file comes after the last that is seen here.
    if ports.collections.mark_deleted(workspace, id, now).await?.is_none() {
        return Ok(RemovedFiles { is_gone: true, ..removed });
    }
    let mut after = None;
    loop {
        if ports.clock.now() >= deadline {
            return Ok(removed);
        }
        let part = ports.collections.files(workspace, id, after.as_deref(), AT_A_TIME).await?;
        let mut done = stream::iter(part.files).map(|file| remove(ports, file)).buffer_unordered(AT_ONCE);
        while let Some(one) = done.next().await {
            match one {
                Ok(None) => {}
                Ok(Some(bytes)) => {
                    removed.files += 1;
                    removed.bytes = removed.bytes.saturating_add(bytes);
                }
                Err(error) => {
                    removed.failures += 1;
                    tracing::error!(event = "collection.file_not_removed", %workspace, collection = %id, operation = error.operation, %error);
                }
            }
        }
        after = part.next;
        if after.is_none() {
            break;
        }
    }
    // What failed is still counted, so that the collection stays.
    if removed.failures == 0 {
        removed.is_gone = ports.collections.forget(workspace, id).await?;
        if !removed.is_gone {
            let cause = "the collection has no files and counts some";
            return Err(StoreError::new("collections.forget", StoreErrorKind::Broken, cause));
        }
    }
    Ok(removed)
}

/// Removes a file, and returns its size. `None` if its owner did so meanwhile.
async fn remove(ports: &RemoveCollectionPorts<'_>, mut file: StoredFile) -> Result<Option<u64>, StoreError> {
    for _ in 0..ATTEMPTS {
        if remove_file(&ports.remove, &file, ports.clock.now()).await? {
            return Ok(Some(file.size));
        }
        match ports.remove.files.get(&file.workspace, &file.id).await? {
            Some(changed) => file = changed,
            None => return Ok(None),
        }
    }
    Err(StoreError::new("collections.remove", StoreErrorKind::Throttled, "the file keeps changing"))
}
