//! Declares the ports of a workspace's files: their records, and their uploads and objects in the bucket.

use std::ops::Range;

use async_trait::async_trait;

use super::collections::collection::Collection;
use super::delivery::Delivery;
use super::file::StoredFile;
use super::id::FileId;
use super::ports::SignedUpload;
use super::quota::{FileQuota, FileUsage};
use super::removed::RemovedFile;
use super::stored_object::StoredObject;
use crate::values::error::StoreError;
use crate::values::timestamp::Timestamp;
use crate::values::workspace::WorkspaceId;

/// Whether a file was added.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Added {
    /// It was, and counts.
    Done,
    /// Its id is taken.
    Taken,
    /// The workspace keeps this much already, and has no room for it.
    NoRoom(FileUsage),
    /// Its collection does not exist, or is being deleted.
    NoCollection,
    /// Its collection has as many files as it can have.
    CollectionFull,
    /// Its collection has a file with the same path, or with one that some file system takes for the same.
    PathTaken,
}

/// Keeps the records of files, and counts what each workspace has.
#[async_trait]
pub trait StoredFiles: Send + Sync {
    /// Adds `file`, counts it, and takes its place in its collection, which counts it too; or does none of that.
    async fn add(&self, file: &StoredFile, quota: FileQuota) -> Result<Added, StoreError>;
    /// Returns the file as it was last written.
    async fn get(&self, workspace: &WorkspaceId, id: &FileId) -> Result<Option<StoredFile>, StoreError>;
    /// Lists the `limit` newest files of the workspace that are older than `before`, the newest first.
    async fn newest(
        &self,
        workspace: &WorkspaceId,
        before: Option<&FileId>,
        limit: usize,
    ) -> Result<Vec<StoredFile>, StoreError>;
    /// Writes `next` in place of the revision before it; returns `false` if the stored one is another. Returns `true` if the store holds
    /// `next` already: the answer to an earlier call may have been lost.
    async fn replace(&self, next: &StoredFile) -> Result<bool, StoreError>;
    /// Puts `removed` in the place of `file`, counts that no more and frees its path, or does none of that because the stored one has another revision. Returns whether
    /// it did; `true` also if the store holds `removed` already: the answer to an earlier call may have been lost.
    async fn remove(&self, file: &StoredFile, removed: &RemovedFile) -> Result<bool, StoreError>;
}

/// In how many partitions the list of what is due is kept: each takes only so many writes.
pub const DUE_SHARDS: u8 = 8;

/// Something that is due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Due {
    /// A file is to be removed.
    File(Box<StoredFile>),
    /// A collection is to be removed with its files.
    Collection(Box<Collection>),
    /// The bucket is to be looked at for a file that was removed.
    Removed(RemovedFile),
}

/// An entry of the list of what is due.
#[derive(Debug)]
pub struct DueFile {
    /// Its place in the list.
    pub place: String,
    /// What is due, or why that cannot be read.
    pub what: Result<Due, StoreError>,
}

/// Lists what is to be removed, and when. The list may lag behind the records.
#[async_trait]
pub trait DueFiles: Send + Sync {
    /// Lists up to `limit` of what is due at `until` in the partition `shard`, after the place `after`, in the order of places.
    async fn due(
        &self,
        shard: u8,
        until: Timestamp,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<DueFile>, StoreError>;
    /// Notes that the bucket is to be looked at again, at the `look_at` of `removed`, unless that is forgotten.
    async fn look_again(&self, removed: &RemovedFile) -> Result<(), StoreError>;
    /// Forgets `removed`. It may be forgotten already.
    async fn forget(&self, removed: &RemovedFile) -> Result<(), StoreError>;
}

/// A part that the bucket has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UploadedPart {
    /// Its number, counted from 1.
    pub number: u32,
    /// Its size in bytes.
    pub size: u64,
    /// Identifies its content.
    pub etag: String,
}

/// Whether the bucket put an object together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PutTogether {
    /// It did.
    Done,
    /// The upload has ended: it was completed or aborted before.
    Ended,
    /// It refused the parts, for this reason.
    Refused(String),
}

/// Uploads of files, from their owner to the bucket, and what comes of them.
#[async_trait]
pub trait FileUploads: Send + Sync {
    /// Signs a request that puts the whole file, once, with the headers of its delivery: the bucket refuses it after `seconds`, with another length or checksum, or if it has
    /// the object already.
    async fn sign_whole(&self, file: &StoredFile, seconds: u32) -> Result<SignedUpload, StoreError>;
    /// Begins an upload of `file` in parts, and returns its id.
    async fn begin(&self, file: &StoredFile) -> Result<String, StoreError>;
    /// Signs a request that puts exactly `size` bytes as the part `number`, until `seconds` from now.
    async fn sign_part(
        &self,
        key: &str,
        upload: &str,
        part: (u32, u64),
        seconds: u32,
    ) -> Result<SignedUpload, StoreError>;
    /// Lists the parts that the bucket has with numbers greater than `after`, in order, at most `limit`. `None` if the upload has ended.
    async fn parts(
        &self,
        key: &str,
        upload: &str,
        after: u32,
        limit: usize,
    ) -> Result<Option<Vec<UploadedPart>>, StoreError>;
    /// Puts the object together from all `parts`, if it has the size and checksum of `file`.
    async fn put_together(
        &self,
        file: &StoredFile,
        upload: &str,
        parts: &[UploadedPart],
    ) -> Result<PutTogether, StoreError>;
    /// Ends an upload, and deletes its parts. It may have ended before.
    async fn abort(&self, key: &str, upload: &str) -> Result<(), StoreError>;
    /// Returns what the bucket has at `key`.
    async fn stored(&self, key: &str) -> Result<Option<StoredObject>, StoreError>;
}

/// An object of the bucket, and what identifies its content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundObject {
    /// Identifies its content: other content has another one. Without quotation marks.
    pub etag: String,
    /// What the bucket says of it.
    pub object: StoredObject,
}

/// Reads the content of files.
#[async_trait]
pub trait FileContents: Send + Sync {
    /// Returns what the bucket has at `key`.
    async fn found(&self, key: &str) -> Result<Option<FoundObject>, StoreError>;
    /// Reads the bytes in `range` of the object `key`, which has them all. Returns `None` if the object does not exist, or its content is
    /// not the one that `etag` identifies.
    async fn bytes(&self, key: &str, etag: &str, range: Range<u64>) -> Result<Option<Vec<u8>>, StoreError>;
}

/// How a signed request reads a file. A signature is of one method.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReadMethod {
    /// All of it.
    Get,
    /// Its headers.
    Head,
}

/// Signs requests that read a file without credentials.
#[async_trait]
pub trait FileSigner: Send + Sync {
    /// Returns a URL of the object `key` that works for `seconds`, with `method` only, and gives the object with the headers of `delivery`.
    /// Asks nobody whether the object exists.
    async fn sign_file(
        &self,
        key: &str,
        method: ReadMethod,
        delivery: &Delivery,
        seconds: u32,
    ) -> Result<String, StoreError>;
}
