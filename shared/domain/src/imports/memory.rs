//! The ports of imports in memory, for tests: every call gives way once, so that what runs at the same time interleaves.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::{self, StreamExt};
use sha2::{Digest, Sha256};

use crate::imports::part::{Part, PartId};
use crate::imports::ports::{
    Body, ImportIndex, ImportStore, Inserted, LinkBatch, Object, ObjectReader, PartQueue, PartStore, Redelivery,
    ReportSigner, ReportStore, ReportWriter, SignedUpload, Timer, UploadSigner,
};
use crate::imports::{Import, ImportId};
use crate::key::hex;
use crate::memory::MemoryLinks;
use crate::ports::{LinkReader, LinkWriter};
use crate::{Link, LinkId, StoreError, StoreErrorKind, WorkspaceId};

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

/// Parts in a map.
#[derive(Default)]
pub struct MemoryParts(Mutex<BTreeMap<(ImportId, u64, u32), Part>>);

#[async_trait]
impl PartStore for MemoryParts {
    async fn put_all(&self, parts: &[Part]) -> Result<(), StoreError> {
        for part in parts {
            give_way().await;
            lock(&self.0).insert((part.import.clone(), part.plan, part.number), part.clone());
        }
        Ok(())
    }

    async fn get(&self, id: &PartId) -> Result<Option<Part>, StoreError> {
        give_way().await;
        Ok(lock(&self.0).get(&(id.import.clone(), id.plan, id.part)).cloned())
    }

    async fn all(&self, import: &ImportId, plan: u64) -> Result<Vec<Part>, StoreError> {
        give_way().await;
        let range = (import.clone(), plan, 0)..=(import.clone(), plan, u32::MAX);
        Ok(lock(&self.0).range(range).map(|(_, part)| part.clone()).collect())
    }

    async fn replace(&self, next: &Part) -> Result<bool, StoreError> {
        give_way().await;
        let mut parts = lock(&self.0);
        let Some(stored) = parts.get_mut(&(next.import.clone(), next.plan, next.number)) else { return Ok(false) };
        if stored.revision + 1 == next.revision {
            *stored = next.clone();
        }
        Ok(stored == next)
    }
}

/// Messages in a list.
#[derive(Default)]
pub struct MemoryQueue(Mutex<Vec<PartId>>);

impl MemoryQueue {
    /// Takes all messages.
    pub fn take(&self) -> Vec<PartId> {
        std::mem::take(&mut lock(&self.0))
    }
}

#[async_trait]
impl PartQueue for MemoryQueue {
    async fn send(&self, parts: &[PartId]) -> Result<(), StoreError> {
        give_way().await;
        lock(&self.0).extend_from_slice(parts);
        Ok(())
    }
}

/// What is to come again when.
#[derive(Default)]
pub struct MemoryRedelivery(Mutex<Vec<(String, u32)>>);

impl MemoryRedelivery {
    /// The receipts and the seconds.
    pub fn all(&self) -> Vec<(String, u32)> {
        lock(&self.0).clone()
    }
}

#[async_trait]
impl Redelivery for MemoryRedelivery {
    async fn come_again(&self, receipt: &str, seconds: u32) -> Result<(), StoreError> {
        lock(&self.0).push((receipt.to_owned(), seconds));
        Ok(())
    }
}

/// A timer that waits for nothing, but counts what it was asked for.
#[derive(Default)]
pub struct MemoryTimer(std::sync::atomic::AtomicU64);

impl MemoryTimer {
    /// How many milliseconds were asked for in all.
    pub fn paused_ms(&self) -> u64 {
        self.0.load(std::sync::atomic::Ordering::SeqCst)
    }
}

#[async_trait]
impl Timer for MemoryTimer {
    async fn pause(&self, millis: u64) {
        self.0.fetch_add(millis, std::sync::atomic::Ordering::SeqCst);
        give_way().await;
    }
}

#[async_trait]
impl LinkBatch for MemoryLinks {
    async fn insert_all(&self, links: &[Link]) -> Result<Vec<Inserted>, StoreError> {
        let mut inserted = Vec::with_capacity(links.len());
        for link in links {
            give_way().await;
            let written = self.insert(link).await?;
            inserted.push(if written { Inserted::Written } else { Inserted::Taken });
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

    async fn replace(&self, seen: &Link, next: &Link) -> Result<bool, StoreError> {
        give_way().await;
        LinkWriter::replace(self, seen, next).await
    }
}

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
