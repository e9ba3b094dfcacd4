//! Declares how files in the bucket are read, written and shared by signed requests.

use std::collections::BTreeMap;

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::BoxStream;

use crate::values::error::StoreError;

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
pub trait DownloadSigner: Send + Sync {
    /// A URL of the report at `key`, which works for `seconds`.
    async fn sign_download(&self, key: &str, seconds: u32) -> Result<String, StoreError>;
}

/// Keeps reports, whole and in pieces, and other files that are made here.
#[async_trait]
pub trait FileStore: Send + Sync {
    /// Begins the file `key`. Nothing is there before it is finished; then it replaces what was there.
    async fn create(&self, key: &str) -> Result<Box<dyn FileWriter>, StoreError>;
    /// Writes the small file `key` as a whole.
    async fn put(&self, key: &str, bytes: Vec<u8>) -> Result<(), StoreError>;
    /// The file `key`, which must be there.
    async fn read(&self, key: &str) -> Result<Body, StoreError>;
}

/// A report being written.
#[async_trait]
pub trait FileWriter: Send {
    /// Adds `bytes`.
    async fn write(&mut self, bytes: &[u8]) -> Result<(), StoreError>;
    /// Puts the report in its place. After an error nothing is left of it, as far as that can be done.
    async fn finish(self: Box<Self>) -> Result<(), StoreError>;
    /// Leaves nothing behind, as far as that can be done; what stays is cleaned up by the bucket's rules.
    async fn abort(self: Box<Self>);
}
