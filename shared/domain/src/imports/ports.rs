//! What imports need from outside.

use std::collections::BTreeMap;

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::BoxStream;

use crate::imports::part::{Part, PartId};
use crate::imports::{Import, ImportId};
use crate::{Link, LinkId, StoreError, Timestamp, WorkspaceId};

/// Keeps imports.
#[async_trait]
pub trait ImportStore: Send + Sync {
    /// Writes `import` if there is none with its id; says whether it did.
    async fn create(&self, import: &Import) -> Result<bool, StoreError>;
    /// The import as it was last written.
    async fn get(&self, workspace: &WorkspaceId, id: &ImportId) -> Result<Option<Import>, StoreError>;
    /// Writes `next` in place of the revision before it; `false` if that is no longer the last one. Writing the same
    /// `next` twice is not an error: an answer may have been lost.
    async fn replace(&self, next: &Import) -> Result<bool, StoreError>;
}

/// Lists a workspace's imports.
#[async_trait]
pub trait ImportIndex: Send + Sync {
    /// Up to `limit` imports of `workspace`, the newest first, whose [`Import::list_key`] is less than `before`.
    async fn newest(
        &self,
        workspace: &WorkspaceId,
        before: Option<&str>,
        limit: usize,
    ) -> Result<Vec<Import>, StoreError>;
}

/// Keeps the parts of imports.
#[async_trait]
pub trait PartStore: Send + Sync {
    /// Writes `parts`, which nobody knows of yet.
    async fn put_all(&self, parts: &[Part]) -> Result<(), StoreError>;
    /// The part as it was last written.
    async fn get(&self, id: &PartId) -> Result<Option<Part>, StoreError>;
    /// All parts of a plan, in their order. Sees every write that was finished before.
    async fn all(&self, import: &ImportId, plan: u64) -> Result<Vec<Part>, StoreError>;
    /// Writes `next` in place of the revision before it; `false` if that is no longer the last one. Writing the same
    /// `next` twice is not an error: an answer may have been lost.
    async fn replace(&self, next: &Part) -> Result<bool, StoreError>;
}

/// Has parts loaded.
#[async_trait]
pub trait PartQueue: Send + Sync {
    /// Has each of `parts` loaded, once or more often, soon, in any order.
    async fn send(&self, parts: &[PartId]) -> Result<(), StoreError>;
}

/// Has messages come again.
#[async_trait]
pub trait Redelivery: Send + Sync {
    /// Has the message whose delivery `receipt` names come again after `seconds`, instead of when its time in flight is
    /// over. On an error it comes again all the same, only later.
    async fn come_again(&self, receipt: &str, seconds: u32) -> Result<(), StoreError>;
}

/// Writes many links at once.
#[async_trait]
pub trait LinkBatch: Send + Sync {
    /// Writes each of `links` whose id is free and says what became of it. Nothing that exists is changed. All ids
    /// differ; there are 1 to [`MAX_BATCH`] of them. On an error any of them may have been written. A store that is busy
    /// is not asked again here.
    async fn insert_all(&self, links: &[Link]) -> Result<Vec<Inserted>, StoreError>;
    /// The links with these ids (at most [`MAX_BATCH`]), in their order. Sees every write that was finished before.
    async fn get_all(&self, ids: &[LinkId]) -> Result<Vec<Option<Link>>, StoreError>;
    /// As [`crate::ports::LinkWriter::replace`].
    async fn replace(&self, seen: &Link, next: &Link) -> Result<bool, StoreError>;
}

/// What became of a link in [`LinkBatch::insert_all`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Inserted {
    /// It was written.
    Written,
    /// Its id is taken.
    Taken,
    /// The store is busy and did not look at it.
    Busy,
}

/// Lets time go by.
#[async_trait]
pub trait Timer: Send + Sync {
    /// Waits for a random part of `millis` milliseconds.
    async fn pause(&self, millis: u64);
}

/// The greatest number of links in a call of [`LinkBatch`] (DynamoDB's limit for a batch of PartiQL statements).
pub const MAX_BATCH: usize = 25;

/// A file in the bucket, opened.
pub struct Object {
    /// Names its content: another content has another one.
    pub etag: String,
    /// Its size in bytes.
    pub size: u64,
    /// What its owner said about it: names in lower case, values.
    pub metadata: BTreeMap<String, String>,
    /// Its bytes, in pieces of any size; all of the content that `etag` names or an error.
    pub body: Body,
}

/// Bytes in pieces of any size.
pub type Body = BoxStream<'static, Result<Bytes, StoreError>>;

/// Reads files.
#[async_trait]
pub trait ObjectReader: Send + Sync {
    /// Opens the object `key` as it is now, or `None` if there is none.
    async fn open(&self, key: &str) -> Result<Option<Object>, StoreError>;
    /// The bytes of the object `key` from `from` up to but not including `to`, or `None` if its content is not (or no
    /// longer) the one that `etag` names, or there is no such object.
    async fn open_range(&self, key: &str, etag: &str, from: u64, to: u64) -> Result<Option<Body>, StoreError>;
}

/// Lets somebody without credentials put one object.
#[async_trait]
pub trait UploadSigner: Send + Sync {
    /// A request that puts exactly `content_length` bytes at `key`, and is refused after `seconds` or with another length.
    async fn sign_upload(&self, key: &str, content_length: u64, seconds: u32) -> Result<SignedUpload, StoreError>;
}

/// A request that needs no credentials.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedUpload {
    /// Its method.
    pub method: String,
    /// Its URL. It is a secret for as long as it works.
    pub url: String,
    /// The headers that it must have.
    pub headers: Vec<(String, String)>,
}

/// Lets somebody without credentials read one object.
#[async_trait]
pub trait ReportSigner: Send + Sync {
    /// A URL of the report at `key`, which works for `seconds`.
    async fn sign_download(&self, key: &str, seconds: u32) -> Result<String, StoreError>;
}

/// Keeps reports, whole and in pieces, and other files that are made here.
#[async_trait]
pub trait ReportStore: Send + Sync {
    /// Begins the file `key`. Nothing is there before it is finished; then it replaces what was there.
    async fn create(&self, key: &str) -> Result<Box<dyn ReportWriter>, StoreError>;
    /// Writes the small file `key` as a whole.
    async fn put(&self, key: &str, bytes: Vec<u8>) -> Result<(), StoreError>;
    /// The file `key`, which must be there.
    async fn read(&self, key: &str) -> Result<Body, StoreError>;
}

/// A report being written.
#[async_trait]
pub trait ReportWriter: Send {
    /// Adds `bytes`.
    async fn write(&mut self, bytes: &[u8]) -> Result<(), StoreError>;
    /// Puts the report in its place. After an error nothing is left of it, as far as that can be done.
    async fn finish(self: Box<Self>) -> Result<(), StoreError>;
    /// Leaves nothing behind, as far as that can be done; what stays is cleaned up by the bucket's rules.
    async fn abort(self: Box<Self>);
}

/// One invocation that loads imports.
#[derive(Debug, Clone)]
pub struct Delivery {
    /// The invocation's id. A retry of the same asynchronous invocation has the same one.
    pub request_id: String,
    /// When the invocation is cut off.
    pub deadline: Timestamp,
}
