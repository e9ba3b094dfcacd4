//! Removes files: first the record, in whose place it is remembered that the bucket has to be emptied, then the bytes. So no record is ever
//! ready without its object, and no object is ever forgotten.

use super::file::StoredFile;
use super::ports::ObjectRemover;
use super::removed::RemovedFile;
use super::store_ports::{FileUploads, StoredFiles};
use crate::values::error::StoreError;
use crate::values::timestamp::Timestamp;

/// What removing a file needs.
#[derive(Clone, Copy)]
pub struct RemoveFilePorts<'a> {
    /// Keeps the files.
    pub files: &'a dyn StoredFiles,
    /// Ends uploads.
    pub uploads: &'a dyn FileUploads,
    /// Deletes objects.
    pub objects: &'a dyn ObjectRemover,
}

/// Removes `file` at `now` and gives its room back, or returns `false` if the store has another revision of it. What the bucket does not
/// delete at once is deleted later.
pub(crate) async fn remove_file(
    ports: &RemoveFilePorts<'_>,
    file: &StoredFile,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let removed = RemovedFile::of(file, now);
    if !ports.files.remove(file, &removed).await? {
        return Ok(false);
    }
    if let Err(error) = empty(ports, &removed).await {
        let (operation, look_at) = (error.operation, removed.look_at);
        tracing::warn!(event = "file.emptied_later", file = %removed.id, operation, %look_at, %error);
    }
    Ok(true)
}

/// Deletes all that the bucket has of a removed file.
pub(crate) async fn empty(ports: &RemoveFilePorts<'_>, removed: &RemovedFile) -> Result<(), StoreError> {
    let key = removed.object_key();
    if let Some(upload) = &removed.upload {
        ports.uploads.abort(&key, upload).await?;
    }
    ports.objects.remove(&key).await
}
