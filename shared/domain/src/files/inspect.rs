//! Inspects a file that has arrived in the bucket: whether it is what was announced, and what its content is.
//!
//! Events come at least once, in any order, and at the same time: each run looks at what there is, and writes on the condition that the
//! record has not changed since.

use super::detect::{Detected, HEAD_BYTES};
use super::file::{FileStatus, StoredFile};
use super::ports::ObjectRemover;
use super::store_ports::{FileContents, FoundObject, StoredFiles};
use super::target::file_of_key;
use super::verdict::{ScanResult, Verdict};
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
    /// Whether a scanner of malware tells its verdict of every object: no file is ready before.
    pub is_scanned: bool,
}

/// What an inspection did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Inspected {
    /// The file is ready or blocked now.
    Done(Box<StoredFile>),
    /// The file waits for the verdict of the scanner.
    Waiting(Box<StoredFile>),
    /// The object belonged to no file, and was deleted.
    Removed,
    /// There was nothing to do, for this reason.
    Skipped(&'static str),
}

/// Inspects the file whose object has the key `key`, with the `verdict` of a scanner if that is why.
///
/// The verdict may come before the event of the object, after it, and more than once. It counts for the content that was scanned: if threats were found
/// in any, the file is blocked, also one that is ready; it is ready by the verdict of the content that the bucket has.
///
/// An object whose file does not exist is deleted: a file exists before anyone can upload it, so it was deleted, and an upload that was
/// signed before came later.
///
/// # Errors
/// A store failed, or others kept writing the file. Another try is safe.
pub async fn inspect_file(
    ports: &InspectFilePorts<'_>,
    key: &str,
    verdict: Option<&Verdict>,
) -> Result<Inspected, StoreError> {
    let Some((workspace, id)) = file_of_key(key) else { return Ok(Inspected::Skipped("no file has such a key")) };
    for _ in 0..ATTEMPTS {
        let Some(file) = ports.files.get(&workspace, &id).await? else {
            ports.objects.remove(key).await?;
            return Ok(Inspected::Removed);
        };
        let threats = verdict.filter(|verdict| matches!(verdict.result, ScanResult::Threats(_)));
        let is_done = match file.status {
            FileStatus::Uploading | FileStatus::Inspecting => false,
            FileStatus::Ready => threats.is_none(),
            FileStatus::Blocked => true,
        };
        if is_done {
            return Ok(Inspected::Skipped("it was inspected before"));
        }
        // The bucket may refuse to read an object with threats.
        if let Some(reason) = threats.and_then(|verdict| verdict.result.reason()) {
            let next = file.blocked(reason);
            if ports.files.replace(&next).await? {
                return Ok(Inspected::Done(Box::new(next)));
            }
            continue;
        }
        let Some(found) = ports.contents.found(key).await? else {
            return Ok(Inspected::Skipped("the object is gone"));
        };
        let verdict = verdict.filter(|verdict| verdict.etag == found.etag).map(|verdict| &verdict.result);
        let Some(next) = judge(ports, &file, &found, verdict).await? else { continue };
        let is_waiting = next.status == FileStatus::Inspecting;
        // Another event may have had the same result.
        let is_same = StoredFile { revision: file.revision, ..next.clone() } == file;
        if is_same || ports.files.replace(&next).await? {
            let file = Box::new(if is_same { file } else { next });
            return Ok(if is_waiting { Inspected::Waiting(file) } else { Inspected::Done(file) });
        }
    }
    Err(StoreError::new("files.inspect", StoreErrorKind::Throttled, "the file keeps changing"))
}

/// Returns the file as it is after a look at its object, of whose content the scanner gave this `verdict`. `None` if the object has changed
/// meanwhile.
async fn judge(
    ports: &InspectFilePorts<'_>,
    file: &StoredFile,
    found: &FoundObject,
    verdict: Option<&ScanResult>,
) -> Result<Option<StoredFile>, StoreError> {
    if let Some(reason) = file.check(&found.object).err().or_else(|| verdict.and_then(ScanResult::reason)) {
        return Ok(Some(file.blocked(reason)));
    }
    let range = 0..found.object.size.min(HEAD_BYTES);
    let Some(head) = ports.contents.bytes(&file.object_key(), &found.etag, range).await? else { return Ok(None) };
    let seen = StoredFile { detected: Some(Detected::of(&head)), ..file.arrived(&found.object) };
    let is_ready = !ports.is_scanned || verdict.is_some();
    let completed_at = if is_ready { Some(ports.clock.now()) } else { None };
    let status = if is_ready { FileStatus::Ready } else { FileStatus::Inspecting };
    Ok(Some(StoredFile { status, completed_at, ..seen }))
}
