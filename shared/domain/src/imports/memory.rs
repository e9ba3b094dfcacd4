//! The ports of imports in memory, for tests: every call gives way once, so that what runs at the same time interleaves.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::{self, StreamExt};
use sha2::{Digest, Sha256};

use crate::imports::ports::{
    ImportIndex, ImportStore, LinkBatch, Object, ObjectReader, ReportSigner, ReportStore, ReportWriter, SignedUpload,
    UploadSigner,
};
use crate::imports::{Import, ImportId};
use crate::key::hex;
use crate::memory::MemoryLinks;
use crate::ports::{LinkReader, LinkWriter};
use crate::{Link, LinkId, StoreError, WorkspaceId};

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn give_way() {
    let mut given = false;
    std::future::poll_fn(|context| {
        if std::mem::replace(&mut given, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

/// Imports in a map.
#[derive(Default)]
pub struct MemoryImports(Mutex<HashMap<(WorkspaceId, ImportId), Import>>);

impl MemoryImports {
    /// All imports, in the order of creation.
    pub fn all(&self) -> Vec<Import> {
        let mut all: Vec<Import> = lock(&self.0).values().cloned().collect();
        all.sort_by_key(Import::list_key);
        all
    }
}

#[async_trait]
impl ImportStore for MemoryImports {
    async fn create(&self, import: &Import) -> Result<bool, StoreError> {
        give_way().await;
        let mut imports = lock(&self.0);
        let key = (import.workspace.clone(), import.id.clone());
        let free = !imports.contains_key(&key);
        if free {
            imports.insert(key, import.clone());
        }
        Ok(free)
    }

    async fn get(&self, workspace: &WorkspaceId, id: &ImportId) -> Result<Option<Import>, StoreError> {
        give_way().await;
        Ok(lock(&self.0).get(&(workspace.clone(), id.clone())).cloned())
    }

    async fn replace(&self, next: &Import) -> Result<bool, StoreError> {
        give_way().await;
        let mut imports = lock(&self.0);
        let Some(stored) = imports.get_mut(&(next.workspace.clone(), next.id.clone())) else { return Ok(false) };
        if stored.revision + 1 == next.revision {
            *stored = next.clone();
        }
        Ok(stored == next)
    }
}

#[async_trait]
impl ImportIndex for MemoryImports {
    async fn newest(
        &self,
        workspace: &WorkspaceId,
        before: Option<&str>,
        limit: usize,
    ) -> Result<Vec<Import>, StoreError> {
        let all = self.all().into_iter().rev().filter(|import| import.workspace == *workspace);
        Ok(all.filter(|import| before.is_none_or(|before| import.list_key().as_str() < before)).take(limit).collect())
    }
}

#[async_trait]
impl LinkBatch for MemoryLinks {
    async fn insert_all(&self, links: &[Link]) -> Result<Vec<bool>, StoreError> {
        let mut inserted = Vec::with_capacity(links.len());
        for link in links {
            give_way().await;
            inserted.push(self.insert(link).await?);
        }
        Ok(inserted)
    }

    async fn get_all(&self, ids: &[LinkId]) -> Result<Vec<Option<Link>>, StoreError> {
        let mut links = Vec::with_capacity(ids.len());
        for id in ids {
            give_way().await;
            links.push(self.get(id).await?);
        }
        Ok(links)
    }
}

/// Files in a map.
#[derive(Default)]
pub struct MemoryObjects(Mutex<HashMap<String, Bytes>>);

impl MemoryObjects {
    /// How many bytes a piece of a file has: few, so that rows are cut at many places.
    pub const PIECE: usize = 1000;

    /// Puts a file in its place.
    pub fn put(&self, key: impl Into<String>, bytes: impl Into<Bytes>) {
        lock(&self.0).insert(key.into(), bytes.into());
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
        let Some(bytes) = lock(&self.0).get(key).cloned() else { return Ok(None) };
        let (etag, size) = (Self::etag(&bytes), bytes.len() as u64);
        let pieces = stream::unfold(bytes, async |mut rest| {
            give_way().await;
            let piece = rest.split_to(rest.len().min(Self::PIECE));
            (!piece.is_empty()).then_some((Ok(piece), rest))
        });
        Ok(Some(Object { etag, size, body: pieces.boxed() }))
    }
}

/// Reports in a map.
#[derive(Default, Clone)]
pub struct MemoryReports(Arc<Mutex<BTreeMap<String, Vec<u8>>>>);

impl MemoryReports {
    /// All reports by key.
    pub fn all(&self) -> BTreeMap<String, String> {
        let all = lock(&self.0);
        all.iter().map(|(key, bytes)| (key.clone(), String::from_utf8_lossy(bytes).into_owned())).collect()
    }
}

struct MemoryReport {
    reports: MemoryReports,
    key: String,
    bytes: Vec<u8>,
}

#[async_trait]
impl ReportStore for MemoryReports {
    async fn create(&self, key: &str) -> Result<Box<dyn ReportWriter>, StoreError> {
        give_way().await;
        Ok(Box::new(MemoryReport { reports: self.clone(), key: key.to_owned(), bytes: Vec::new() }))
    }
}

#[async_trait]
impl ReportWriter for MemoryReport {
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
impl ReportSigner for MemorySigner {
    async fn sign_download(&self, key: &str, seconds: u32) -> Result<String, StoreError> {
        Ok(format!("https://bucket.example/{key}?expires={seconds}"))
    }
}
