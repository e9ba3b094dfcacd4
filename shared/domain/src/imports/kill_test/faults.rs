//! Makes the ports of an import fail at random.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use async_trait::async_trait;
use futures::stream::StreamExt;

use crate::files::ports::{Body, FileStore, FileWriter, Object, ObjectReader};
use crate::imports::job::id::ImportId;
use crate::imports::job::import::Import;
use crate::imports::job::part::{Part, PartId};
use crate::imports::job::ports::{ImportStore, PartQueue, PartStore};
use crate::links::address::LinkAddress;
use crate::links::link::Link;
use crate::links::ports::{Inserted, LinkBatch, Occupant, Relocation};
use crate::ports::Random;
use crate::testing::files::{MemoryFileStore, MemoryUploads};
use crate::testing::imports::{MemoryImports, MemoryPartQueue, MemoryParts};
use crate::testing::links::MemoryLinks;
use crate::testing::outage::outage;
use crate::testing::system::{FixedClock, SeededRandom};
use crate::values::error::{StoreError, StoreErrorKind};
use crate::values::timestamp::Timestamp;
use crate::values::workspace::WorkspaceId;

/// Decides which calls fail, from a seed.
pub(super) struct FaultInjector {
    random: SeededRandom,
    clock: Arc<FixedClock>,
    /// One call in `rate` fails; none if it is 0.
    pub(super) rate: AtomicU64,
    /// Whether the process has died: then every call fails.
    pub(super) dead: AtomicBool,
    /// How many parts were handed over: the test checks that this happens.
    pub(super) handed_over: AtomicU64,
    /// How many parts were loaded while the file was still being divided: the test checks that this happens.
    pub(super) loaded_early: AtomicU64,
    /// How many writes belong to a later pass: the test checks that this happens.
    pub(super) later_passes: AtomicU64,
}

impl FaultInjector {
    /// Makes an injector that fails nothing until `rate` is set.
    pub(super) fn new(seed: u64, clock: Arc<FixedClock>) -> Self {
        Self {
            random: SeededRandom::new(seed),
            clock,
            rate: AtomicU64::new(0),
            dead: AtomicBool::new(false),
            handed_over: AtomicU64::new(0),
            loaded_early: AtomicU64::new(0),
            later_passes: AtomicU64::new(0),
        }
    }

    /// Returns a number less than `limit`.
    pub(super) fn below(&self, limit: u64) -> u64 {
        let mut bytes = [0; 8];
        self.random.fill(&mut bytes);
        u64::from_be_bytes(bytes) % limit
    }

    fn fails(&self) -> bool {
        let rate = self.rate.load(Ordering::SeqCst);
        rate > 0 && self.below(rate) == 0
    }

    /// Fails a call before it takes effect, now and then.
    fn before(&self) -> Result<(), StoreError> {
        if self.fails() {
            // Half of the failures end the process: it does not even clean up.
            self.dead.fetch_or(self.below(2) == 0, Ordering::SeqCst);
            return Err(outage("before"));
        }
        if self.dead.load(Ordering::SeqCst) { Err(outage("dead")) } else { Ok(()) }
    }

    /// Fails a call after it took effect, now and then.
    fn after(&self) -> Result<(), StoreError> {
        if self.fails() { Err(outage("after")) } else { Ok(()) }
    }
}

/// A port whose calls fail now and then.
#[derive(Clone)]
pub(super) struct FaultyStores<T> {
    pub(super) inner: T,
    pub(super) faults: Arc<FaultInjector>,
}

#[async_trait]
impl ImportStore for FaultyStores<Arc<MemoryImports>> {
    async fn create(&self, import: &Import) -> Result<bool, StoreError> {
        self.faults.before()?;
        let created = self.inner.create(import).await?;
        self.faults.after().map(|()| created)
    }
    async fn get(&self, workspace: &WorkspaceId, id: &ImportId) -> Result<Option<Import>, StoreError> {
        self.faults.before()?;
        self.inner.get(workspace, id).await
    }
    async fn replace(&self, next: &Import) -> Result<bool, StoreError> {
        self.faults.before()?;
        let replaced = self.inner.replace(next).await?;
        let later_pass = next.plan.as_ref().is_some_and(|plan| plan.pass > 1);
        self.faults.later_passes.fetch_add(u64::from(later_pass), Ordering::SeqCst);
        self.faults.after().map(|()| replaced)
    }
}

#[async_trait]
impl PartStore for FaultyStores<Arc<MemoryParts>> {
    async fn create(&self, part: &Part) -> Result<bool, StoreError> {
        self.faults.before()?;
        let created = self.inner.create(part).await?;
        self.faults.after().map(|()| created)
    }
    async fn get(&self, id: &PartId) -> Result<Option<Part>, StoreError> {
        self.faults.before()?;
        self.inner.get(id).await
    }
    async fn all(&self, import: &ImportId, plan: u64) -> Result<Vec<Part>, StoreError> {
        self.faults.before()?;
        self.inner.all(import, plan).await
    }
    async fn replace(&self, next: &Part) -> Result<bool, StoreError> {
        self.faults.before()?;
        let replaced = self.inner.replace(next).await?;
        self.faults.after().map(|()| replaced)
    }
}

#[async_trait]
impl PartQueue for FaultyStores<Arc<MemoryPartQueue>> {
    async fn send(&self, parts: &[PartId]) -> Result<(), StoreError> {
        self.faults.before()?;
        if self.faults.fails() {
            let some: Vec<PartId> = parts.iter().filter(|_| self.faults.below(2) == 0).cloned().collect();
            self.inner.send(&some).await?;
            return Err(outage("in the middle"));
        }
        self.inner.send(parts).await
    }
}

#[async_trait]
impl LinkBatch for FaultyStores<Arc<MemoryLinks>> {
    async fn insert_all(&self, links: &[Link]) -> Result<Vec<Inserted>, StoreError> {
        self.faults.before()?;
        if self.faults.rate.load(Ordering::SeqCst) > 0 {
            self.faults.clock.advance(i64::try_from(self.faults.below(4)).unwrap());
        }
        if self.faults.fails() {
            let some: Vec<Link> = links.iter().filter(|_| self.faults.below(2) == 0).cloned().collect();
            self.inner.insert_all(&some).await?;
            return Err(outage("in the middle"));
        }
        if self.faults.fails() {
            return Err(StoreError::new("links.insert_all", StoreErrorKind::Throttled, "busy"));
        }
        if self.faults.fails() {
            let room = links.len() / 2;
            let mut inserted = self.inner.insert_all(&links[..room]).await?;
            inserted.resize(links.len(), Inserted::Busy);
            return Ok(inserted);
        }
        self.inner.insert_all(links).await
    }
    async fn insert_one(&self, link: &Link) -> Result<bool, StoreError> {
        self.faults.before()?;
        let written = self.inner.insert_one(link).await?;
        self.faults.after().map(|()| written)
    }
    async fn get_all(&self, addresses: &[LinkAddress]) -> Result<Vec<Occupant>, StoreError> {
        self.faults.before()?;
        self.inner.get_all(addresses).await
    }
    async fn replace(&self, seen: &Link, next: &Link) -> Result<bool, StoreError> {
        self.faults.before()?;
        let replaced = LinkBatch::replace(self.inner.as_ref(), seen, next).await?;
        self.faults.after().map(|()| replaced)
    }
    async fn relocate(&self, seen: &Link, next: &Link, now: Timestamp) -> Result<Relocation, StoreError> {
        self.faults.before()?;
        let relocation = LinkBatch::relocate(self.inner.as_ref(), seen, next, now).await?;
        self.faults.after().map(|()| relocation)
    }
}

#[async_trait]
impl ObjectReader for FaultyStores<Arc<MemoryUploads>> {
    async fn open(&self, key: &str) -> Result<Option<Object>, StoreError> {
        self.faults.before()?;
        let Some(object) = self.inner.open(key).await? else { return Ok(None) };
        let faults = Arc::clone(&self.faults);
        let body = object.body.map(move |piece| faults.before().and(piece)).boxed();
        Ok(Some(Object { body, ..object }))
    }
    async fn open_range(&self, key: &str, etag: &str, from: u64, to: u64) -> Result<Option<Body>, StoreError> {
        self.faults.before()?;
        let Some(body) = self.inner.open_range(key, etag, from, to).await? else { return Ok(None) };
        let faults = Arc::clone(&self.faults);
        Ok(Some(body.map(move |piece| faults.before().and(piece)).boxed()))
    }
}

#[async_trait]
impl FileStore for FaultyStores<MemoryFileStore> {
    async fn create(&self, key: &str) -> Result<Box<dyn FileWriter>, StoreError> {
        self.faults.before()?;
        let inner = self.inner.create(key).await?;
        Ok(Box::new(FaultyStores { inner, faults: Arc::clone(&self.faults) }))
    }
    async fn put(&self, key: &str, bytes: Vec<u8>) -> Result<(), StoreError> {
        self.faults.before()?;
        self.inner.put(key, bytes).await?;
        self.faults.after()
    }
    async fn read(&self, key: &str) -> Result<Body, StoreError> {
        self.faults.before()?;
        self.inner.read(key).await
    }
}

#[async_trait]
impl FileWriter for FaultyStores<Box<dyn FileWriter>> {
    async fn write(&mut self, bytes: &[u8]) -> Result<(), StoreError> {
        self.faults.before()?;
        self.inner.write(bytes).await
    }
    async fn finish(self: Box<Self>) -> Result<(), StoreError> {
        self.faults.before()?;
        self.inner.finish().await?;
        self.faults.after()
    }
    async fn abort(self: Box<Self>) {
        self.inner.abort().await;
    }
}
