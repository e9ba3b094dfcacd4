//! Implements the ports of files in memory. Files are read in small pieces.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::{self, StreamExt};
use sha2::{Digest, Sha256};

use super::outage::{lock, yield_once};
use crate::files::ports::{
    Body, DownloadSigner, FileParts, FileStore, FileWriter, Object, ObjectProbe, ObjectReader, ObjectRemover,
    SignedUpload, UploadSigner,
};
use crate::values::error::{StoreError, StoreErrorKind};
use crate::values::hex::hex;

/// A bucket from which the code under test reads what users uploaded; the test puts the uploads there.
#[derive(Default)]
pub struct MemoryUploads(Mutex<HashMap<String, StoredUpload>>);

/// The bytes of an upload and its metadata.
type StoredUpload = (Bytes, BTreeMap<String, String>);

impl MemoryUploads {
    /// How many bytes a piece of a file has: few, so that pieces end within many rows.
    pub const PIECE: usize = 1000;

    /// Adds or replaces an upload.
    pub fn put(&self, key: impl Into<String>, bytes: impl Into<Bytes>) {
        lock(&self.0).insert(key.into(), (bytes.into(), BTreeMap::new()));
    }

    /// Adds or replaces an upload with metadata.
    pub fn put_with(&self, key: impl Into<String>, bytes: impl Into<Bytes>, metadata: &[(&str, &str)]) {
        let metadata = metadata.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        lock(&self.0).insert(key.into(), (bytes.into(), metadata));
    }

    /// Removes an upload.
    pub fn remove(&self, key: &str) {
        lock(&self.0).remove(key);
    }

    /// Returns the ETag that the bucket gives to this content.
    pub fn etag(bytes: &[u8]) -> String {
        hex(&Sha256::digest(bytes)[..16])
    }
}

#[async_trait]
impl ObjectReader for MemoryUploads {
    async fn open(&self, key: &str) -> Result<Option<Object>, StoreError> {
        yield_once().await;
        let Some((bytes, metadata)) = lock(&self.0).get(key).cloned() else { return Ok(None) };
        Ok(Some(Object { etag: Self::etag(&bytes), size: bytes.len() as u64, metadata, body: pieces(bytes) }))
    }

    async fn open_range(&self, key: &str, etag: &str, from: u64, to: u64) -> Result<Option<Body>, StoreError> {
        yield_once().await;
        let Some((bytes, _)) = lock(&self.0).get(key).cloned() else { return Ok(None) };
        let within = |place: u64| usize::try_from(place).unwrap_or(usize::MAX).min(bytes.len());
        Ok((Self::etag(&bytes) == etag).then(|| pieces(bytes.slice(within(from)..within(to)))))
    }
}

#[async_trait]
impl ObjectProbe for MemoryUploads {
    async fn exists(&self, key: &str) -> Result<bool, StoreError> {
        Ok(lock(&self.0).contains_key(key))
    }
}

/// Tells contents apart, faster than [`MemoryUploads::etag`]: benchmarks read large files.
fn checksum(bytes: &[u8]) -> String {
    format!("{:08x}-{}", crc32fast::hash(bytes), bytes.len())
}

fn pieces(bytes: Bytes) -> Body {
    let pieces = stream::unfold(bytes, async |mut rest| {
        yield_once().await;
        let piece = rest.split_to(rest.len().min(MemoryUploads::PIECE));
        (!piece.is_empty()).then_some((Ok(piece), rest))
    });
    pieces.boxed()
}

/// A store of the files that the code under test writes, such as reports; the test looks at them.
#[derive(Default, Clone)]
pub struct MemoryFileStore(Arc<Mutex<BTreeMap<String, Vec<u8>>>>, Arc<Mutex<Uploads>>);

/// Uploads that have not ended, and the number of all.
type Uploads = (BTreeMap<String, BTreeMap<usize, Bytes>>, usize);

impl MemoryFileStore {
    /// Returns how many uploads have not ended.
    pub fn open_uploads(&self) -> usize {
        lock(&self.1).0.len()
    }

    /// Ends all uploads, as a bucket does after some time.
    pub fn end_uploads(&self) {
        lock(&self.1).0.clear();
    }

    /// Returns the bytes of the file `key`.
    pub fn bytes(&self, key: &str) -> Option<Vec<u8>> {
        lock(&self.0).get(key).cloned()
    }

    /// Returns all files by key, as text.
    pub fn all(&self) -> BTreeMap<String, String> {
        let all = lock(&self.0);
        all.iter().map(|(key, bytes)| (key.clone(), String::from_utf8_lossy(bytes).into_owned())).collect()
    }
}

#[async_trait]
impl ObjectReader for MemoryFileStore {
    async fn open(&self, key: &str) -> Result<Option<Object>, StoreError> {
        yield_once().await;
        let Some(bytes) = self.bytes(key) else { return Ok(None) };
        let etag = checksum(&bytes);
        let size = bytes.len() as u64;
        Ok(Some(Object { etag, size, metadata: BTreeMap::new(), body: pieces(bytes.into()) }))
    }

    async fn open_range(&self, key: &str, etag: &str, from: u64, to: u64) -> Result<Option<Body>, StoreError> {
        yield_once().await;
        let Some(bytes) = self.bytes(key).map(Bytes::from) else { return Ok(None) };
        let within = |place: u64| usize::try_from(place).unwrap_or(usize::MAX).min(bytes.len());
        Ok((checksum(&bytes) == etag).then(|| pieces(bytes.slice(within(from)..within(to)))))
    }
}

#[async_trait]
impl ObjectRemover for MemoryFileStore {
    async fn remove(&self, key: &str) -> Result<(), StoreError> {
        yield_once().await;
        lock(&self.0).remove(key);
        Ok(())
    }
}

struct MemoryFileWriter {
    store: MemoryFileStore,
    key: String,
    bytes: Vec<u8>,
}

#[async_trait]
impl FileStore for MemoryFileStore {
    async fn create(&self, key: &str) -> Result<Box<dyn FileWriter>, StoreError> {
        yield_once().await;
        Ok(Box::new(MemoryFileWriter { store: self.clone(), key: key.to_owned(), bytes: Vec::new() }))
    }

    async fn put(&self, key: &str, bytes: Vec<u8>) -> Result<(), StoreError> {
        yield_once().await;
        lock(&self.0).insert(key.to_owned(), bytes);
        Ok(())
    }

    async fn read(&self, key: &str) -> Result<Body, StoreError> {
        yield_once().await;
        let missing = || StoreError::new("reports.read", StoreErrorKind::Broken, format!("there is no {key}"));
        let bytes = lock(&self.0).get(key).cloned().ok_or_else(missing)?;
        Ok(pieces(bytes.into()))
    }
}

#[async_trait]
impl FileParts for MemoryFileStore {
    async fn begin(&self, key: &str) -> Result<String, StoreError> {
        yield_once().await;
        let mut uploads = lock(&self.1);
        uploads.1 += 1;
        let id = format!("{key}#{}", uploads.1);
        uploads.0.insert(id.clone(), BTreeMap::new());
        Ok(id)
    }

    async fn put_part(&self, _: &str, upload: &str, number: usize, bytes: Bytes) -> Result<Option<String>, StoreError> {
        yield_once().await;
        let mut uploads = lock(&self.1);
        let Some(parts) = uploads.0.get_mut(upload) else { return Ok(None) };
        let receipt = MemoryUploads::etag(&bytes);
        parts.insert(number, bytes);
        Ok(Some(receipt))
    }

    async fn complete(&self, key: &str, upload: &str, receipts: &[String]) -> Result<bool, StoreError> {
        yield_once().await;
        let Some(parts) = lock(&self.1).0.remove(upload) else { return Ok(false) };
        let mut whole = Vec::new();
        for (number, receipt) in (1..).zip(receipts) {
            let part = parts.get(&number).filter(|part| MemoryUploads::etag(part) == *receipt);
            let wrong =
                || StoreError::new("files.complete", StoreErrorKind::Broken, format!("there is no part {number}"));
            whole.extend_from_slice(part.ok_or_else(wrong)?);
        }
        lock(&self.0).insert(key.to_owned(), whole);
        Ok(true)
    }
}

#[async_trait]
impl FileWriter for MemoryFileWriter {
    async fn write(&mut self, bytes: &[u8]) -> Result<(), StoreError> {
        yield_once().await;
        self.bytes.extend_from_slice(bytes);
        Ok(())
    }

    async fn finish(self: Box<Self>) -> Result<(), StoreError> {
        yield_once().await;
        lock(&self.store.0).insert(self.key, self.bytes);
        Ok(())
    }

    async fn abort(self: Box<Self>) {}
}

/// Returns what it would sign, unsigned.
pub struct MemorySigner;

#[async_trait]
impl UploadSigner for MemorySigner {
    async fn sign_upload(&self, key: &str, content_length: u64, seconds: u32) -> Result<SignedUpload, StoreError> {
        let url = format!("https://bucket.example/{key}?expires={seconds}");
        let headers = vec![("content-length".to_owned(), content_length.to_string())];
        Ok(SignedUpload { method: "PUT".to_owned(), url, headers })
    }
}

#[async_trait]
impl DownloadSigner for MemorySigner {
    async fn sign_download(&self, key: &str, seconds: u32) -> Result<String, StoreError> {
        Ok(format!("https://bucket.example/{key}?expires={seconds}"))
    }
}
