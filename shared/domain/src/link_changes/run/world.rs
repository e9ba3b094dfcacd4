//! Runs jobs against stores in memory that fail, or kill the invocation, where a test wants it.

use std::future::Future;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use async_trait::async_trait;
use futures::task::noop_waker_ref;
use serde_json::Value;

use super::*;
use crate::access::key::{Caller, Role};
use crate::files::ports::{Body, FileStore, FileWriter};
use crate::files::retention::Retention;
use crate::link_changes::id::LinkChangeId;
use crate::link_changes::ports::{LinkChangeQueue, LinkChangeStore};
use crate::link_changes::request::NewLinkChange;
use crate::link_changes::results::{ResultOfLink, ResultPorts, ResultsRequest, read_results};
use crate::link_changes::start::{StartLinkChangePorts, start_link_change};
use crate::link_changes::undo::undo_link_change;
use crate::links::address::LinkAddress;
use crate::links::link::Link;
use crate::links::ports::{
    ChangeMarker, Inserted, Insertion, LinkBatch, LinkReader, LinkRestorer, LinkShards, LinkTargets, LinkWriter,
    Occupant, Relocation, ShardPlace,
};
use crate::ports::{Clock, Random};
use crate::testing::domains::MemoryDomains;
use crate::testing::files::MemoryFileStore;
use crate::testing::jobs::MemoryTimer;
use crate::testing::link_changes::{MemoryLinkChangeQueue, MemoryLinkChanges};
use crate::testing::links::MemoryLinks;
use crate::testing::outage::{lock, outage, yield_once};
use crate::testing::samples::caller;
use crate::testing::system::{FixedClock, SeededRandom};
use crate::testing::tags::MemoryTags;
use crate::values::domains::{Domain, Domains};
use crate::values::error::Error;
use crate::values::json::read;
use crate::values::target::TargetUrl;
use crate::values::workspace::WorkspaceId;

/// Which calls meet a fault.
pub(super) enum Faults {
    None,
    /// The invocation dies at the write with this number, counted from 0 over all invocations: before or after it takes effect.
    KillAt {
        write: usize,
        before: bool,
    },
    /// One call in so many fails before or after it took effect, or kills the invocation.
    Seeded {
        random: SeededRandom,
        every: u32,
    },
}

/// What another request does to the links.
type Meeting = Box<dyn FnOnce(&MemoryLinks) + Send>;

/// All stores of a job.
pub(super) struct World {
    faults: Mutex<Faults>,
    writes: AtomicUsize,
    killed: AtomicBool,
    pub(super) links: MemoryLinks,
    pub(super) jobs: MemoryLinkChanges,
    pub(super) queue: MemoryLinkChangeQueue,
    pub(super) files: MemoryFileStore,
    pub(super) clock: FixedClock,
    random: SeededRandom,
    pub(super) domains: Domains,
    pub(super) domain_settings: Arc<MemoryDomains>,
    /// Called before a link is written.
    pub(super) before_write: Mutex<Option<Meeting>>,
}

impl World {
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self {
            faults: Mutex::new(Faults::None),
            writes: AtomicUsize::new(0),
            killed: AtomicBool::new(false),
            links: MemoryLinks::default(),
            jobs: MemoryLinkChanges::default(),
            queue: MemoryLinkChangeQueue::default(),
            files: MemoryFileStore::default(),
            clock: FixedClock::at("2026-03-01T00:00:00Z"),
            random: SeededRandom::new(7),
            domains: Domains::parse("go.example.com,s.example.org").unwrap(),
            domain_settings: Arc::default(),
            before_write: Mutex::default(),
        })
    }

    pub(super) fn set_faults(&self, faults: Faults) {
        *lock(&self.faults) = faults;
        self.writes.store(0, Ordering::SeqCst);
    }

    /// Returns how many writes there were since the faults were set.
    pub(super) fn writes(&self) -> usize {
        self.writes.load(Ordering::SeqCst)
    }

    pub(super) fn ports(self: &Arc<Self>, chunk_entries: usize) -> RunLinkChangePorts {
        RunLinkChangePorts {
            jobs: self.clone(),
            queue: self.clone(),
            files: self.clone(),
            shards: self.clone(),
            batch: self.clone(),
            reader: self.clone(),
            writer: self.clone(),
            restorer: self.clone(),
            targets: self.clone(),
            tags: Arc::new(MemoryTags::default()),
            marker: self.clone(),
            clock: self.clone(),
            random: self.clone(),
            timer: Arc::new(MemoryTimer::default()),
            domain_settings: self.domain_settings.clone(),
            domains: self.domains.clone(),
            guard: None,
            concurrency: 3,
            chunk_entries,
        }
    }

    pub(super) fn start_ports(&self) -> StartLinkChangePorts<'_> {
        StartLinkChangePorts {
            jobs: &self.jobs,
            queue: &self.queue,
            files: &self.files,
            clock: &self.clock,
            random: &self.random,
            domains: &self.domains,
        }
    }

    pub(super) async fn start(&self, request: Value) -> LinkChange {
        let new: NewLinkChange = read(request).unwrap();
        start_link_change(&self.start_ports(), &editor(), &new).await.unwrap()
    }

    pub(super) async fn undo(&self, job: &LinkChange) -> Result<LinkChange, Error> {
        self.clock.advance(1);
        undo_link_change(&self.start_ports(), Retention::days(30), &editor(), job.id.as_str()).await
    }

    /// Works off the queue, in invocations of `seconds`, until it is empty. Returns the number of invocations.
    pub(super) fn work_off(self: &Arc<Self>, chunk_entries: usize, seconds: i64) -> u32 {
        let ports = self.ports(chunk_entries);
        let (mut messages, mut invocations) = (self.queue.take(), 0);
        while let Some(message) = messages.pop() {
            if self.chance(10) {
                messages.insert(0, message.clone());
            }
            invocations += 1;
            assert!(invocations < 5000, "the job does not end");
            let deadline = self.clock.now().plus_seconds(seconds);
            let delivery = crate::testing::jobs::delivery(format!("r{invocations}-{:?}", self.clock.now()), deadline);
            match self.run(run_link_change(&ports, &message, &delivery)) {
                Some(Ok(Ran::Finished(_) | Ran::HandedOver(_) | Ran::Gone)) => {}
                Some(Ok(Ran::Busy { until })) => {
                    self.clock.advance((until.as_seconds() - self.clock.now().as_seconds()).max(0) + 1);
                    messages.insert(0, message);
                }
                Some(Err(_)) | None => messages.insert(0, message),
            }
            messages.extend(self.queue.take());
        }
        invocations
    }

    /// Runs `future` to its end. Returns `None` if a fault killed it.
    fn run<T>(&self, future: impl Future<Output = T>) -> Option<T> {
        let mut future = pin!(future);
        let mut context = Context::from_waker(noop_waker_ref());
        loop {
            if let Poll::Ready(result) = future.as_mut().poll(&mut context) {
                return Some(result);
            }
            if self.killed.swap(false, Ordering::SeqCst) {
                return None;
            }
        }
    }

    /// Tells whether a fault kills `future`.
    pub(super) fn dies<T>(&self, future: impl Future<Output = T>) -> bool {
        self.run(future).is_none()
    }

    pub(super) async fn stored(&self, job: &LinkChange) -> LinkChange {
        self.jobs.get(&job.workspace, &job.id).await.unwrap().unwrap()
    }

    /// Returns all results of a job, page by page.
    pub(super) async fn results(&self, job: &LinkChange) -> Vec<ResultOfLink> {
        let ports =
            ResultPorts { jobs: &self.jobs, files: &self.files, clock: &self.clock, retention: Retention::days(30) };
        let (mut all, mut request) = (Vec::new(), ResultsRequest { limit: Some(3), ..ResultsRequest::default() });
        loop {
            let page = read_results(&ports, &editor(), job.id.as_str(), &request).await.unwrap();
            all.extend(page.items);
            request.cursor = page.next_cursor;
            if request.cursor.is_none() {
                return all;
            }
        }
    }

    /// Returns all links without the time of their last change.
    pub(super) fn timeless_links(&self) -> Vec<Link> {
        let all = self.links.all().into_iter().map(|link| Link { updated_at: None, ..link });
        let mut all: Vec<Link> = all.collect();
        all.sort_by_key(|link| link.address.to_string());
        all
    }

    fn chance(&self, one_in: u32) -> bool {
        let faults = lock(&self.faults);
        let Faults::Seeded { random, .. } = &*faults else { return false };
        draw(random, one_in) == 0
    }

    async fn call<T>(
        &self,
        name: &'static str,
        is_write: bool,
        effect: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        yield_once().await;
        let number = if is_write { self.writes.fetch_add(1, Ordering::SeqCst) } else { usize::MAX };
        let fault = match &*lock(&self.faults) {
            Faults::None => 9,
            Faults::KillAt { write, before } if *write == number => {
                if *before {
                    2
                } else {
                    3
                }
            }
            Faults::KillAt { .. } => 9,
            Faults::Seeded { random, every } => draw(random, 4 * every),
        };
        match fault {
            0 => Err(outage(name)),
            1 => {
                let _ = effect.await;
                Err(outage(name))
            }
            2 => self.die().await,
            3 => {
                let _ = effect.await;
                self.die().await
            }
            _ => effect.await,
        }
    }

    async fn die<T>(&self) -> T {
        self.killed.store(true, Ordering::SeqCst);
        std::future::pending().await
    }

    fn meet(&self) {
        if let Some(meet) = lock(&self.before_write).take() {
            meet(&self.links);
        }
    }
}

fn draw(random: &SeededRandom, one_in: u32) -> u32 {
    let mut bytes = [0; 4];
    random.fill(&mut bytes);
    u32::from_le_bytes(bytes) % one_in
}

pub(super) fn editor() -> Caller {
    caller("acme", Role::Editor)
}

#[async_trait]
impl LinkChangeStore for World {
    async fn create(&self, job: &LinkChange) -> Result<bool, StoreError> {
        self.jobs.create(job).await
    }
    async fn get(&self, workspace: &WorkspaceId, id: &LinkChangeId) -> Result<Option<LinkChange>, StoreError> {
        self.call("jobs.get", false, self.jobs.get(workspace, id)).await
    }
    async fn newest(
        &self,
        workspace: &WorkspaceId,
        before: Option<&LinkChangeId>,
        limit: usize,
    ) -> Result<Vec<LinkChange>, StoreError> {
        self.jobs.newest(workspace, before, limit).await
    }
    async fn replace(&self, next: &LinkChange) -> Result<bool, StoreError> {
        self.call("jobs.replace", true, self.jobs.replace(next)).await
    }
}

#[async_trait]
impl LinkChangeQueue for World {
    async fn send(&self, request: &LinkChangeRequest) -> Result<(), StoreError> {
        self.call("queue.send", true, self.queue.send(request)).await
    }
}

#[async_trait]
impl FileStore for World {
    async fn create(&self, key: &str) -> Result<Box<dyn FileWriter>, StoreError> {
        self.files.create(key).await
    }
    async fn put(&self, key: &str, bytes: Vec<u8>) -> Result<(), StoreError> {
        self.call("files.put", true, self.files.put(key, bytes)).await
    }
    async fn read(&self, key: &str) -> Result<Body, StoreError> {
        self.call("files.read", false, self.files.read(key)).await
    }
}

#[async_trait]
impl LinkShards for World {
    async fn next(
        &self,
        workspace: &WorkspaceId,
        shard: u8,
        after: Option<&ShardPlace>,
    ) -> Result<(Vec<Link>, bool), StoreError> {
        self.call("links.next", false, self.links.next(workspace, shard, after)).await
    }
}

#[async_trait]
impl LinkBatch for World {
    async fn relocate(&self, seen: &Link, next: &Link, now: Timestamp) -> Result<Relocation, StoreError> {
        LinkWriter::relocate(self, seen, next, now).await
    }

    async fn insert_all(&self, links: &[Link]) -> Result<Vec<Inserted>, StoreError> {
        self.links.insert_all(links).await
    }
    async fn insert_one(&self, link: &Link) -> Result<bool, StoreError> {
        self.links.insert_one(link).await
    }
    async fn get_all(&self, addresses: &[LinkAddress]) -> Result<Vec<Occupant>, StoreError> {
        assert!(addresses.iter().enumerate().all(|(n, address)| !addresses[..n].contains(address)), "each once");
        self.call("links.get_all", false, self.links.get_all(addresses)).await
    }
    async fn replace(&self, seen: &Link, next: &Link) -> Result<bool, StoreError> {
        LinkBatch::replace(&self.links, seen, next).await
    }
}

#[async_trait]
impl LinkReader for World {
    async fn get(&self, address: &LinkAddress) -> Result<Option<Link>, StoreError> {
        self.call("links.get", false, self.links.get(address)).await
    }
}

#[async_trait]
impl LinkWriter for World {
    async fn insert(&self, link: &Link) -> Result<bool, StoreError> {
        self.call("links.insert", true, self.links.insert(link)).await
    }
    async fn replace(&self, seen: &Link, next: &Link) -> Result<bool, StoreError> {
        self.meet();
        self.call("links.replace", true, LinkWriter::replace(&self.links, seen, next)).await
    }
    async fn relocate(&self, seen: &Link, next: &Link, now: Timestamp) -> Result<Relocation, StoreError> {
        self.meet();
        self.call("links.relocate", true, LinkWriter::relocate(&self.links, seen, next, now)).await
    }
    async fn delete(&self, seen: &Link, now: Timestamp) -> Result<bool, StoreError> {
        self.meet();
        self.call("links.delete", true, self.links.delete(seen, now)).await
    }
}

#[async_trait]
impl LinkRestorer for World {
    async fn restore(&self, link: &Link) -> Result<bool, StoreError> {
        self.call("links.restore", true, self.links.restore(link)).await
    }
}

#[async_trait]
impl ChangeMarker for World {
    async fn mark(&self, buckets: &[usize]) -> Result<(), StoreError> {
        self.call("links.mark", true, ChangeMarker::mark(&self.links, buckets)).await
    }
}

#[async_trait]
impl LinkTargets for World {
    async fn find(
        &self,
        workspace: &WorkspaceId,
        domain: &Domain,
        url: &TargetUrl,
    ) -> Result<Option<LinkAddress>, StoreError> {
        LinkTargets::find(&self.links, workspace, domain, url).await
    }
    async fn find_all(
        &self,
        workspace: &WorkspaceId,
        domain: &Domain,
        url: &TargetUrl,
    ) -> Result<Vec<LinkAddress>, StoreError> {
        self.links.find_all(workspace, domain, url).await
    }
    async fn remember(&self, link: &Link) -> Result<(), StoreError> {
        self.call("links.remember", true, self.links.remember(link)).await
    }
    async fn insert_as_only(&self, link: &Link, seen: Option<&LinkAddress>) -> Result<Insertion, StoreError> {
        self.links.insert_as_only(link, seen).await
    }
}

impl Clock for World {
    fn now(&self) -> Timestamp {
        self.clock.now()
    }
}

impl Random for World {
    fn fill(&self, bytes: &mut [u8]) {
        self.random.fill(bytes);
    }
}
