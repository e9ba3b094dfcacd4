//! Files in memory, in small pieces.

use crate::files::ports::Body;
use crate::files::ports::DownloadSigner;
use crate::files::ports::FileStore;
use crate::files::ports::FileWriter;
use crate::files::ports::Object;
use crate::files::ports::ObjectReader;
use crate::files::ports::SignedUpload;
use crate::files::ports::UploadSigner;
use crate::testing::outage::give_way;
use crate::testing::outage::lock;
use crate::values::error::StoreError;
use crate::values::error::StoreErrorKind;
use crate::values::hex::hex;
use async_trait::async_trait;
use bytes::Bytes;
use futures::stream;
use futures::stream::StreamExt;
use sha2::Digest;
use sha2::Sha256;
use std::collections::BTreeMap;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::Mutex;

/// Files in a map.
#[derive(Default)]
pub struct MemoryObjects(Mutex<HashMap<String, MemoryObject>>);

/// A file, and what its owner says about it.
type MemoryObject = (Bytes, BTreeMap<String, String>);

impl MemoryObjects {
    /// How many bytes a piece of a file has: few, so that rows are cut at many places.
    pub const PIECE: usize = 1000;

    /// Puts a file in its place.
    pub fn put(&self, key: impl Into<String>, bytes: impl Into<Bytes>) {
        lock(&self.0).insert(key.into(), (bytes.into(), BTreeMap::new()));
    }

    /// Puts a file in its place, with what its owner says about it.
    pub fn put_with(&self, key: impl Into<String>, bytes: impl Into<Bytes>, metadata: &[(&str, &str)]) {
        let metadata = metadata.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        lock(&self.0).insert(key.into(), (bytes.into(), metadata));
    }

    /// Takes a file away.
    pub fn remove(&self, key: &str) {
        lock(&self.0).remove(key);
    }

    /// The content's name, as the store gives it.
    pub fn etag(bytes: &[u8]) -> String {
        hex(&Sha256::digest(bytes)[..16])
    }
}

#[async_trait]
impl ObjectReader for MemoryObjects {
    async fn open(&self, key: &str) -> Result<Option<Object>, StoreError> {
        give_way().await;
        let Some((bytes, metadata)) = lock(&self.0).get(key).cloned() else { return Ok(None) };
        Ok(Some(Object { etag: Self::etag(&bytes), size: bytes.len() as u64, metadata, body: pieces(bytes) }))
    }

    async fn open_range(&self, key: &str, etag: &str, from: u64, to: u64) -> Result<Option<Body>, StoreError> {
        give_way().await;
        let Some((bytes, _)) = lock(&self.0).get(key).cloned() else { return Ok(None) };
        let within = |place: u64| usize::try_from(place).unwrap_or(usize::MAX).min(bytes.len());
        Ok((Self::etag(&bytes) == etag).then(|| pieces(bytes.slice(within(from)..within(to)))))
    }
}

fn pieces(bytes: Bytes) -> Body {
    let pieces = stream::unfold(bytes, async |mut rest| {
        give_way().await;
        let piece = rest.split_to(rest.len().min(MemoryObjects::PIECE));
        (!piece.is_empty()).then_some((Ok(piece), rest))
    });
    pieces.boxed()
}

/// Reports in a map.
#[derive(Default, Clone)]
pub struct MemoryFiles(Arc<Mutex<BTreeMap<String, Vec<u8>>>>);

impl MemoryFiles {
    /// All reports by key.
    pub fn all(&self) -> BTreeMap<String, String> {
        let all = lock(&self.0);
        all.iter().map(|(key, bytes)| (key.clone(), String::from_utf8_lossy(bytes).into_owned())).collect()
    }
}

struct MemoryFile {
    reports: MemoryFiles,
    key: String,
    bytes: Vec<u8>,
}

#[async_trait]
impl FileStore for MemoryFiles {
    async fn create(&self, key: &str) -> Result<Box<dyn FileWriter>, StoreError> {
        give_way().await;
        Ok(Box::new(MemoryFile { reports: self.clone(), key: key.to_owned(), bytes: Vec::new() }))
    }

    async fn put(&self, key: &str, bytes: Vec<u8>) -> Result<(), StoreError> {
        give_way().await;
        lock(&self.0).insert(key.to_owned(), bytes);
        Ok(())
    }

    async fn read(&self, key: &str) -> Result<Body, StoreError> {
        give_way().await;
        let missing = || StoreError::new("reports.read", StoreErrorKind::Broken, format!("there is no {key}"));
        let bytes = lock(&self.0).get(key).cloned().ok_or_else(missing)?;
        Ok(pieces(bytes.into()))
    }
}

#[async_trait]
impl FileWriter for MemoryFile {
    async fn write(&mut self, bytes: &[u8]) -> Result<(), StoreError> {
        give_way().await;
        self.bytes.extend_from_slice(bytes);
        Ok(())
    }

    async fn finish(self: Box<Self>) -> Result<(), StoreError> {
        give_way().await;
        lock(&self.reports.0).insert(self.key, self.bytes);
        Ok(())
    }

    async fn abort(self: Box<Self>) {}
}

/// Signs nothing, but says what it would sign.
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
