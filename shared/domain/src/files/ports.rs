//! Declares the ports that read and write files in the bucket, and sign requests for them.

use std::collections::BTreeMap;

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::BoxStream;

use crate::values::error::StoreError;

/// An open file of the bucket.
pub struct Object {
    /// Identifies its content: other content has another one.
    pub etag: String,
    /// Its size in bytes.
    pub size: u64,
    /// The metadata that its owner gave it: names in lower case, and values.
    pub metadata: BTreeMap<String, String>,
    /// Its bytes, in pieces of any size: all of the content that `etag` identifies, or an error.
    pub body: Body,
}

/// A stream of bytes in pieces of any size.
pub type Body = BoxStream<'static, Result<Bytes, StoreError>>;

/// Reads files.
#[async_trait]
pub trait ObjectReader: Send + Sync {
    /// Opens the object `key` as it is now, or returns `None` if it does not exist.
    async fn open(&self, key: &str) -> Result<Option<Object>, StoreError>;
    /// Reads the bytes of the object `key` from `from` up to but not including `to`. Returns `None` if the object does not
    /// exist, or its content is not the one that `etag` identifies.
    async fn open_range(&self, key: &str, etag: &str, from: u64, to: u64) -> Result<Option<Body>, StoreError>;
}

/// Deletes files.
#[async_trait]
pub trait ObjectRemover: Send + Sync {
    /// Deletes the object `key`, if it exists.
    async fn remove(&self, key: &str) -> Result<(), StoreError>;
}

/// Tells whether a file has arrived.
#[async_trait]
pub trait ObjectProbe: Send + Sync {
    /// Tells whether the object `key` exists.
    async fn exists(&self, key: &str) -> Result<bool, StoreError>;
}

/// Signs requests that put an object without credentials.
#[async_trait]
pub trait UploadSigner: Send + Sync {
    /// Signs a request that puts exactly `content_length` bytes at `key`. The bucket refuses it after `seconds`, and with
    /// another length.
    async fn sign_upload(&self, key: &str, content_length: u64, seconds: u32) -> Result<SignedUpload, StoreError>;
}

/// A request that needs no credentials.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedUpload {
    /// Its method.
    pub method: String,
    /// Its URL. Keep it secret as long as it works.
    pub url: String,
    /// The headers that the request must have.
    pub headers: Vec<(String, String)>,
}

/// Signs requests that read an object without credentials.
#[async_trait]
pub trait DownloadSigner: Send + Sync {
    /// Returns a URL of the object `key` that works for `seconds`.
    async fn sign_download(&self, key: &str, seconds: u32) -> Result<String, StoreError>;
}

/// Keeps the files that we write: exports, and reports and their pieces.
#[async_trait]
pub trait FileStore: Send + Sync {
    /// Begins the file `key`. It appears as a whole when it is finished, and replaces the file of that key.
    async fn create(&self, key: &str) -> Result<Box<dyn FileWriter>, StoreError>;
    /// Writes the small file `key` as a whole.
    async fn put(&self, key: &str, bytes: Vec<u8>) -> Result<(), StoreError>;
    /// Reads the file `key`, which must exist.
    async fn read(&self, key: &str) -> Result<Body, StoreError>;
}

/// Writes files in parts, over any number of invocations. The bucket's rules remove an upload that is never completed.
#[async_trait]
pub trait FileParts: FileStore {
    /// Begins the upload of the file `key`, and returns the upload's id.
    async fn begin(&self, key: &str) -> Result<String, StoreError>;
    /// Writes the part `number`, counted from 1, and returns its receipt. Every part but the last has at least 5 MiB. A part that is
    /// written again replaces the one before it. Returns `None` if the upload has ended.
    async fn put_part(
        &self,
        key: &str,
        upload: &str,
        number: usize,
        bytes: Bytes,
    ) -> Result<Option<String>, StoreError>;
    /// Puts the file together from the parts with these `receipts`. Returns `false` if the upload has ended.
    async fn complete(&self, key: &str, upload: &str, receipts: &[String]) -> Result<bool, StoreError>;
}

/// A file that is being written.
#[async_trait]
pub trait FileWriter: Send {
    /// Adds `bytes`.
    async fn write(&mut self, bytes: &[u8]) -> Result<(), StoreError>;
    /// Puts the file in its place. After an error it removes what it has written, as far as it can.
    async fn finish(self: Box<Self>) -> Result<(), StoreError>;
    /// Removes what was written, as far as it can. The bucket's rules remove the rest.
    async fn abort(self: Box<Self>);
}
