//! Inspects a file that has arrived in the bucket: whether it is what was announced, and what its content is.
//!
//! Events come at least once, in any order, and at the same time: each run looks at what there is, and writes on the condition that the
//! record has not changed since.

use super::detect::{Detected, HEAD_BYTES};
use super::file::{FileStatus, StoredFile};
use super::ports::ObjectRemover;
use super::store_ports::{FileContents, FoundObject, StoredFiles};
use super::target::file_of_key;
use crate::ports::Clock;
use crate::values::error::{StoreError, StoreErrorKind};

/// How often a file is looked at again because it has changed.
const ATTEMPTS: usize = 5;

/// The ports of [`inspect_file`].
#[derive(Clone, Copy)]
pub struct InspectFilePorts<'a> {
    /// Keeps the files.
    pub files: &'a dyn StoredFiles,
    /// Reads their content.
    pub contents: &'a dyn FileContents,
    /// Deletes objects without a file.
    pub objects: &'a dyn ObjectRemover,
    /// Tells the time.
    pub clock: &'a dyn Clock,
}

/// What an inspection did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Inspected {
    /// The file is ready or blocked now.
    Done(Box<StoredFile>),
    /// The object belonged to no file, and was deleted.
    Removed,
    /// There was nothing to do, for this reason.
    Skipped(&'static str),
}

/// Inspects the file whose object has the key `key`.
///
/// An object whose file does not exist is deleted: a file exists before anyone can upload it, so it was deleted, and an upload that was
/// signed before came later.
///
/// # Errors
/// A store failed, or others kept writing the file. Another try is safe.
pub async fn inspect_file(ports: &InspectFilePorts<'_>, key: &str) -> Result<Inspected, StoreError> {
    let Some((workspace, id)) = file_of_key(key) else { return Ok(Inspected::Skipped("no file has such a key")) };
    for _ in 0..ATTEMPTS {
        let Some(file) = ports.files.get(&workspace, &id).await? else {
            ports.objects.remove(key).await?;
            return Ok(Inspected::Removed);
        };
        match file.status {
            FileStatus::Uploading | FileStatus::Inspecting => {}
            FileStatus::Ready | FileStatus::Blocked => return Ok(Inspected::Skipped("it was inspected before")),
        }
        let Some(found) = ports.contents.found(key).await? else {
            return Ok(Inspected::Skipped("the object is gone"));
        };
        let Some(next) = judge(ports, &file, &found).await? else { continue };
        if ports.files.replace(&next).await? {
            return Ok(Inspected::Done(Box::new(next)));
        }
    }
    Err(StoreError::new("files.inspect", StoreErrorKind::Throttled, "the file keeps changing"))
}

/// Returns the file as it is after a look at its object. `None` if the object has changed meanwhile.
async fn judge(
    ports: &InspectFilePorts<'_>,
    file: &StoredFile,
    found: &FoundObject,
) -> Result<Option<StoredFile>, StoreError> {
    if let Err(reason) = file.check(&found.object) {
        return Ok(Some(file.blocked(reason)));
    }
    let range = 0..found.object.size.min(HEAD_BYTES);
    let Some(head) = ports.contents.bytes(&file.object_key(), &found.etag, range).await? else { return Ok(None) };
    Ok(Some(StoredFile {
        status: FileStatus::Ready,
        detected: Some(Detected::of(&head)),
        completed_at: Some(ports.clock.now()),
        ..file.arrived(&found.object)
    }))
}
