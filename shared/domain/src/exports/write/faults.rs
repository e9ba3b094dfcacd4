//! Tests that an export survives faults: calls fail before or after they took effect, invocations are killed between any two calls,
//! messages arrive twice. A seed determines all of it.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use async_trait::async_trait;
use bytes::Bytes;
use futures::task::noop_waker_ref;

use super::*;
use crate::exports::export::{ExportFormat, ExportId, ExportStatus};
use crate::exports::ports::{ExportQueue, ExportStore};
use crate::files::ports::{Body, FileParts, FileStore, FileWriter};
use crate::links::link::Link;
use crate::links::ports::{LinkShards, LinkWriter, ShardPlace};
use crate::ports::{Clock, Random};
use crate::testing::exports::{MemoryExportQueue, MemoryExports};
use crate::testing::files::MemoryFileStore;
use crate::testing::jobs::MemoryTimer;
use crate::testing::jobs::delivery;
use crate::testing::links::MemoryLinks;
use crate::testing::outage::{lock, outage};
use crate::testing::samples::link;
use crate::testing::system::{FixedClock, SeededRandom};
use crate::values::workspace::WorkspaceId;

/// What a call meets.
enum Fault {
    None,
    Before,
    After,
    Kill,
}

/// All stores of an export, which fail as a seed says.
struct Stores {
    random: SeededRandom,
    /// One call in so many meets a fault; 0 for none.
    every: u32,
    killed: Mutex<bool>,
    calls: Mutex<BTreeMap<&'static str, u32>>,
    exports: MemoryExports,
    queue: MemoryExportQueue,
    links: MemoryLinks,
    files: MemoryFileStore,
    clock: FixedClock,
}

impl Stores {
    async fn new(seed: u64, every: u32) -> Self {
        let links = MemoryLinks::default();
        for n in 0..40 {
            let mut link = link("acme", &format!("link{n}"), &format!("https://{n}.example/"));
            link.created_at = link.created_at.plus_seconds(n);
            links.insert(&link).await.unwrap();
        }
        Self {
            random: SeededRandom::new(seed),
            every,
            killed: Mutex::default(),
            calls: Mutex::default(),
            exports: MemoryExports::default(),
            queue: MemoryExportQueue::default(),
            links,
            files: MemoryFileStore::default(),
            clock: FixedClock::at("2026-01-01T00:00:00Z"),
        }
    }

    fn chance(&self, one_in: u32) -> u32 {
        let mut bytes = [0; 4];
        self.random.fill(&mut bytes);
        u32::from_le_bytes(bytes) % one_in
    }

    async fn call<T>(
        &self,
        name: &'static str,
        effect: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        *lock(&self.calls).entry(name).or_default() += 1;
        self.clock.advance(i64::from(self.chance(20)));
        let fault = match (self.every > 0).then(|| self.chance(3 * self.every)) {
            Some(0) => Fault::Before,
            Some(1) => Fault::After,
            Some(2) => Fault::Kill,
            _ => Fault::None,
        };
        match fault {
            Fault::Before => Err(outage(name)),
            Fault::After => {
                let _ = effect.await;
                Err(outage(name))
            }
            Fault::Kill => {
                *lock(&self.killed) = true;
                std::future::pending().await
            }
            Fault::None => effect.await,
        }
    }
}

#[async_trait]
impl ExportStore for Stores {
    async fn create(&self, export: &Export) -> Result<bool, StoreError> {
        self.exports.create(export).await
    }
    async fn get(&self, workspace: &WorkspaceId, id: &ExportId) -> Result<Option<Export>, StoreError> {
        self.call("get", self.exports.get(workspace, id)).await
    }
    async fn newest(
        &self,
        workspace: &WorkspaceId,
        before: Option<&ExportId>,
        limit: usize,
    ) -> Result<Vec<Export>, StoreError> {
        self.exports.newest(workspace, before, limit).await
    }
    async fn replace(&self, next: &Export) -> Result<bool, StoreError> {
        self.call("replace", self.exports.replace(next)).await
    }
}

#[async_trait]
impl ExportQueue for Stores {
    async fn send(&self, request: &ExportRequest) -> Result<(), StoreError> {
        self.call("send", self.queue.send(request)).await
    }
}

#[async_trait]
impl LinkShards for Stores {
    async fn next(
        &self,
        workspace: &WorkspaceId,
        shard: u8,
        after: Option<&ShardPlace>,
    ) -> Result<(Vec<Link>, bool), StoreError> {
        self.call("next", self.links.next(workspace, shard, after)).await
    }
}

#[async_trait]
impl FileStore for Stores {
    async fn create(&self, key: &str) -> Result<Box<dyn FileWriter>, StoreError> {
        self.files.create(key).await
    }
    async fn put(&self, key: &str, bytes: Vec<u8>) -> Result<(), StoreError> {
        self.call("put", self.files.put(key, bytes)).await
    }
    async fn read(&self, key: &str) -> Result<Body, StoreError> {
        self.call("read", self.files.read(key)).await
    }
}

#[async_trait]
impl FileParts for Stores {
    async fn begin(&self, key: &str) -> Result<String, StoreError> {
        self.call("begin", self.files.begin(key)).await
    }
    async fn put_part(
        &self,
        key: &str,
        upload: &str,
        number: usize,
        bytes: Bytes,
    ) -> Result<Option<String>, StoreError> {
        self.call("put_part", self.files.put_part(key, upload, number, bytes)).await
    }
    async fn complete(&self, key: &str, upload: &str, receipts: &[String]) -> Result<bool, StoreError> {
        self.call("complete", self.files.complete(key, upload, receipts)).await
    }
}

impl Clock for Stores {
    fn now(&self) -> Timestamp {
        self.clock.now()
    }
}

/// Runs `future` to its end. Returns `None` if a fault killed it.
fn run<T>(stores: &Stores, future: impl Future<Output = T>) -> Option<T> {
    let mut future = pin!(future);
    let mut context = Context::from_waker(noop_waker_ref());
    loop {
        if let Poll::Ready(result) = future.as_mut().poll(&mut context) {
            return Some(result);
        }
        if std::mem::take(&mut *lock(&stores.killed)) {
            return None;
        }
    }
}

/// Writes an export under the faults of `seed`, in invocations of `seconds`. Returns the export, its file, the number of invocations.
async fn write(seed: u64, every: u32, seconds: i64, gzip: bool) -> (Export, Vec<u8>, u32, Arc<Stores>) {
    let stores = Arc::new(Stores::new(seed, every).await);
    let id = ExportId::generate(&stores.clock, &SeededRandom::new(seed));
    let workspace = WorkspaceId::parse("acme").unwrap();
    let export = Export::waiting(id, workspace, ExportFormat::Jsonl, gzip, stores.now());
    stores.exports.create(&export).await.unwrap();
    let ports = WriteExportPorts {
        exports: stores.clone(),
        queue: stores.clone(),
        links: stores.clone(),
        files: stores.clone(),
        clock: stores.clone(),
        timer: Arc::new(MemoryTimer::default()),
        part_bytes: 700,
    };
    let (mut messages, mut invocations) = (vec![ExportRequest::first(&export)], 0);
    while let Some(request) = messages.pop() {
        if every > 0 && stores.chance(10) == 0 {
            messages.insert(0, request.clone());
        }
        invocations += 1;
        assert!(invocations < 2000, "seed {seed}: the export does not end");
        let delivery = delivery(format!("r{invocations}"), stores.now().plus_seconds(seconds));
        match run(&stores, write_export(&ports, &request, &delivery)) {
            Some(Ok(Written::Finished(_) | Written::HandedOver(_) | Written::Gone)) => {}
            Some(Ok(Written::Busy { until })) => {
                stores.clock.advance((until.as_seconds() - stores.now().as_seconds()).max(0) + 1);
                messages.insert(0, request);
            }
            Some(Err(_)) | None => messages.insert(0, request),
        }
        messages.extend(stores.queue.take());
    }
    let export = stores.exports.get(&export.workspace, &export.id).await.unwrap().unwrap();
    let mut file = Vec::new();
    if let Ok(mut body) = stores.files.read(&export.object_key()).await {
        while let Some(piece) = futures::StreamExt::next(&mut body).await {
            file.extend_from_slice(&piece.unwrap());
        }
    }
    (export, file, invocations, stores)
}

/// Returns the lines of a file.
fn lines(file: &[u8], gzip: bool) -> Vec<String> {
    let mut text = String::new();
    let mut plain: Box<dyn std::io::Read> =
        if gzip { Box::new(flate2::read::MultiGzDecoder::new(file)) } else { Box::new(file) };
    plain.read_to_string(&mut text).unwrap();
    text.lines().map(str::to_owned).collect()
}

#[tokio::test]
async fn faults_neither_lose_nor_repeat_a_link() {
    let (_, plain, _, _) = write(0, 0, 900, false).await;
    let wanted = lines(&plain, false);
    assert_eq!(wanted.len(), 40);
    let mut calls: BTreeMap<&str, u32> = BTreeMap::new();
    for seed in 0..400 {
        let (gzip, seconds) = (seed % 2 == 1, [30, 60, 300, 900][(seed / 2 % 4) as usize]);
        let (export, file, _, stores) = write(seed, 8, seconds, gzip).await;
        for (name, count) in lock(&stores.calls).iter() {
            *calls.entry(name).or_default() += count;
        }
        assert_eq!(export.status, ExportStatus::Succeeded, "seed {seed}: {export:?}");
        assert_eq!((export.links, export.bytes), (40, Some(file.len() as u64)), "seed {seed}");
        assert_eq!(lines(&file, gzip), wanted, "seed {seed}");
    }
    for name in ["get", "replace", "send", "next", "put", "read", "begin", "put_part", "complete"] {
        assert!(calls.get(name).is_some_and(|count| *count > 20), "{name} is hardly tried: {calls:?}");
    }
}

#[tokio::test]
async fn export_takes_as_many_invocations_as_it_needs() {
    for gzip in [false, true] {
        // No time beyond one page.
        let (export, file, invocations, stores) = write(1, 0, 0, gzip).await;
        assert_eq!((export.status, export.turn + 1), (ExportStatus::Succeeded, invocations));
        assert!(invocations > 10, "{invocations}");
        assert_eq!(lines(&file, gzip).len(), 40);
        assert_eq!(stores.files.open_uploads(), 0);
    }
}
