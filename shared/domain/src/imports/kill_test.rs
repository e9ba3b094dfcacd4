//! Kills the loader at random points, again and again, until the import is final: the links, the counts and the report must
//! be those of an uninterrupted run.
//!
//! A schedule is a seed. It decides which calls fail before or after they took effect, when the process dies (every call
//! fails from then on, or its future is dropped in the middle), whether a retry has the same request id, and whether two
//! deliveries run at once.

use std::collections::BTreeMap;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Context, Poll};

use async_trait::async_trait;
use futures::stream::StreamExt;

use crate::imports::import::Unclaimable;
use crate::imports::load_import::{Loaded, Loader, Skipped, load_import};
use crate::imports::memory::{MemoryImports, MemoryObjects, MemoryReports};
use crate::imports::ports::{Delivery, ImportStore, LinkBatch, Object, ObjectReader, ReportStore, ReportWriter};
use crate::imports::{Counts, Import, ImportId, ImportStatus};
use crate::memory::{FixedClock, MemoryLinks, SeededRandom, link, outage};
use crate::ports::{Clock, LinkWriter, Random};
use crate::{Domains, Link, LinkId, StoreError, WorkspaceId};

/// For each of two files.
const SCHEDULES: u64 = 500;
const KEY: &str = "imports/acme/links";

/// What fails when.
struct Chaos {
    random: SeededRandom,
    /// One call in so many fails; 0 for none.
    rate: AtomicU64,
    dead: AtomicBool,
}

impl Chaos {
    fn below(&self, limit: u64) -> u64 {
        let mut bytes = [0; 8];
        self.random.fill(&mut bytes);
        u64::from_be_bytes(bytes) % limit
    }

    fn strikes(&self) -> bool {
        let rate = self.rate.load(Ordering::SeqCst);
        rate > 0 && self.below(rate) == 0
    }

    fn before(&self) -> Result<(), StoreError> {
        if self.strikes() {
            // Half of the failures are the end of the process: it does not even clean up.
            self.dead.fetch_or(self.below(2) == 0, Ordering::SeqCst);
            return Err(outage("before"));
        }
        if self.dead.load(Ordering::SeqCst) { Err(outage("dead")) } else { Ok(()) }
    }

    fn after(&self) -> Result<(), StoreError> {
        if self.strikes() { Err(outage("after")) } else { Ok(()) }
    }
}

#[derive(Clone)]
struct Flaky<T> {
    inner: T,
    chaos: Arc<Chaos>,
}

#[async_trait]
impl ImportStore for Flaky<Arc<MemoryImports>> {
    async fn create(&self, import: &Import) -> Result<bool, StoreError> {
        self.chaos.before()?;
        let created = self.inner.create(import).await?;
        self.chaos.after().map(|()| created)
    }
    async fn get(&self, workspace: &WorkspaceId, id: &ImportId) -> Result<Option<Import>, StoreError> {
        self.chaos.before()?;
        self.inner.get(workspace, id).await
    }
    async fn replace(&self, next: &Import) -> Result<bool, StoreError> {
        self.chaos.before()?;
        let replaced = self.inner.replace(next).await?;
        self.chaos.after().map(|()| replaced)
    }
}

#[async_trait]
impl LinkBatch for Flaky<Arc<MemoryLinks>> {
    async fn insert_all(&self, links: &[Link]) -> Result<Vec<bool>, StoreError> {
        self.chaos.before()?;
        if self.chaos.strikes() {
            let some: Vec<Link> = links.iter().filter(|_| self.chaos.below(2) == 0).cloned().collect();
            self.inner.insert_all(&some).await?;
            return Err(outage("in the middle"));
        }
        self.inner.insert_all(links).await
    }
    async fn get_all(&self, ids: &[LinkId]) -> Result<Vec<Option<Link>>, StoreError> {
        self.chaos.before()?;
        self.inner.get_all(ids).await
    }
}

#[async_trait]
impl ObjectReader for Flaky<Arc<MemoryObjects>> {
    async fn open(&self, key: &str) -> Result<Option<Object>, StoreError> {
        self.chaos.before()?;
        let Some(object) = self.inner.open(key).await? else { return Ok(None) };
        let chaos = Arc::clone(&self.chaos);
        let body = object.body.map(move |piece| chaos.before().and(piece)).boxed();
        Ok(Some(Object { body, ..object }))
    }
}

#[async_trait]
impl ReportStore for Flaky<MemoryReports> {
    async fn create(&self, key: &str) -> Result<Box<dyn ReportWriter>, StoreError> {
        self.chaos.before()?;
        let inner = self.inner.create(key).await?;
        Ok(Box::new(Flaky { inner, chaos: Arc::clone(&self.chaos) }))
    }
}

#[async_trait]
impl ReportWriter for Flaky<Box<dyn ReportWriter>> {
    async fn write(&mut self, bytes: &[u8]) -> Result<(), StoreError> {
        self.chaos.before()?;
        self.inner.write(bytes).await
    }
    async fn finish(self: Box<Self>) -> Result<(), StoreError> {
        self.chaos.before()?;
        self.inner.finish().await?;
        self.chaos.after()
    }
    async fn abort(self: Box<Self>) {
        self.inner.abort().await;
    }
}

/// A stack in memory, with links that are in the way of some rows.
struct Stack {
    imports: Arc<MemoryImports>,
    links: Arc<MemoryLinks>,
    objects: Arc<MemoryObjects>,
    reports: MemoryReports,
    clock: Arc<FixedClock>,
    chaos: Arc<Chaos>,
}

impl Stack {
    async fn new(seed: u64, file: &str) -> Self {
        let links = Arc::new(MemoryLinks::default());
        for (workspace, slug) in [("other", "s3"), ("acme", "s5"), ("other", "s50"), ("acme", "s51")] {
            links.insert(&link(workspace, slug, &format!("https://{slug}.example/"))).await.unwrap();
        }
        let objects = Arc::new(MemoryObjects::default());
        objects.put(KEY, file.as_bytes().to_vec());
        let chaos = Chaos { random: SeededRandom::new(seed), rate: AtomicU64::new(0), dead: AtomicBool::new(false) };
        Self {
            imports: Arc::default(),
            links,
            objects,
            reports: MemoryReports::default(),
            clock: Arc::new(FixedClock::at("2026-01-02T00:00:00Z")),
            chaos: Arc::new(chaos),
        }
    }

    fn loader(&self) -> Loader {
        fn flaky<T: Clone>(inner: &T, chaos: &Arc<Chaos>) -> Arc<Flaky<T>> {
            Arc::new(Flaky { inner: inner.clone(), chaos: Arc::clone(chaos) })
        }
        Loader {
            imports: flaky(&self.imports, &self.chaos),
            links: flaky(&self.links, &self.chaos),
            objects: flaky(&self.objects, &self.chaos),
            reports: flaky(&self.reports, &self.chaos),
            clock: self.clock.clone(),
            domains: Domains::parse("go.example.com").unwrap(),
            max_bytes: 1_000_000,
        }
    }

    /// One delivery of the event, in a process that may be killed. `None` if it was.
    fn deliver(&self, request_id: &str, polls: u64) -> Option<Result<Loaded, StoreError>> {
        let loader = self.loader();
        let deadline = self.clock.now().plus_seconds(900);
        let delivery = Delivery { request_id: request_id.to_owned(), deadline };
        let etag = self.imports.all().first().and_then(|import| import.etag.clone()).unwrap_or_default();
        let mut invocation = pin!(load_import(&loader, KEY, &etag, &delivery));
        let mut context = Context::from_waker(futures::task::noop_waker_ref());
        for _ in 0..polls {
            if let Poll::Ready(result) = invocation.as_mut().poll(&mut context) {
                return Some(result);
            }
        }
        None
    }

    /// Two deliveries at the same time, as different invocations.
    async fn deliver_twice(&self, request_ids: [&str; 2]) -> [Result<Loaded, StoreError>; 2] {
        let loader = self.loader();
        let deadline = self.clock.now().plus_seconds(900);
        let [a, b] = request_ids.map(|id| Delivery { request_id: id.to_owned(), deadline });
        futures::join!(load_import(&loader, KEY, "", &a), load_import(&loader, KEY, "", &b)).into()
    }

    fn result(&self) -> Outcome {
        let [import] = self.imports.all().try_into().expect("one import");
        (import.status, import.counts, import.started_at, self.links.all(), self.reports.all())
    }
}

type Outcome = (ImportStatus, Counts, Option<crate::Timestamp>, Vec<Link>, BTreeMap<String, String>);

/// Rows of every kind: new ones with and without slugs, repeated ones, taken slugs, invalid ones.
fn file(json: bool) -> String {
    let mut file = String::from(if json { "" } else { "url,slug\n" });
    for n in 0..120 {
        let (url, slug) = match n % 8 {
            0 => (format!("https://{n}.example/"), String::new()),
            1 => ("https://same.example/".to_owned(), format!("same{}", n / 40)),
            2 => (format!("https://{n}.example/"), format!("first{}", n / 60)),
            3 => (format!("https://s{n}.example/"), format!("s{n}")),
            4 => ("not a url".to_owned(), format!("bad{n}")),
            5 => (format!("https://s{n}.example/"), format!("s{}", n % 60)),
            6 => (format!("https://{n}.example/"), "v1".to_owned()),
            _ => (format!("https://{n}.example/"), format!("own{n}")),
        };
        let row =
            if json { serde_json::json!({"url": url, "slug": slug}).to_string() } else { format!("{url},{slug}") };
        file.push_str(&row);
        file.push('\n');
    }
    file
}

async fn uninterrupted(file: &str) -> Outcome {
    let stack = Stack::new(0, file).await;
    assert!(matches!(stack.deliver("r0", u64::MAX), Some(Ok(Loaded::Finished(_)))));
    stack.result()
}

/// Delivers until the import is final; gives the number of deliveries that did not end it.
async fn run_schedule(stack: &Stack) -> u64 {
    let (mut failures, mut request) = (0, 0);
    loop {
        stack.chaos.dead.store(false, Ordering::SeqCst);
        stack.chaos.rate.store(30 * (failures + 1), Ordering::SeqCst);
        let request_id = format!("r{request}");
        let loaded = match stack.chaos.below(8) {
            0 => {
                let [a, b] = stack.deliver_twice([&request_id, "twin"]).await;
                if matches!(a, Ok(Loaded::Finished(_))) { Some(a) } else { Some(b) }
            }
            1..4 => stack.deliver(&request_id, stack.chaos.below(900)),
            _ => stack.deliver(&request_id, u64::MAX),
        };
        match loaded {
            Some(Ok(Loaded::Finished(_) | Loaded::Skipped(Skipped::Unclaimable(Unclaimable::Finished)))) => {
                return failures;
            }
            Some(Ok(Loaded::Skipped(Skipped::Unclaimable(Unclaimable::Claimed { .. })))) => stack.clock.advance(901),
            _ => {}
        }
        failures += 1;
        assert!(failures < 200, "it must come to an end");
        request += stack.chaos.below(2);
    }
}

#[tokio::test]
async fn an_import_that_is_killed_anywhere_ends_like_one_that_is_not() {
    for json in [false, true] {
        let file = file(json);
        let expected = uninterrupted(&file).await;
        assert_eq!(expected.0, ImportStatus::SucceededWithErrors);
        let Counts { read, created, unchanged, invalid, conflicting } = expected.1;
        assert!(read == 120 && created > 30 && unchanged > 10 && invalid == 30 && conflicting > 10, "{:?}", expected.1);
        let mut failures = 0;
        for seed in (0..SCHEDULES).map(|seed| 2 * seed + u64::from(json)) {
            let stack = Stack::new(seed, &file).await;
            failures += run_schedule(&stack).await;
            assert_eq!(stack.result(), expected, "seed {seed}");
            let reported = expected.4.values().map(|report| report.lines().count() as u64).sum::<u64>();
            assert_eq!(reported, invalid + conflicting);
        }
        assert!(failures > SCHEDULES, "the schedules do kill: {failures}");
    }
}
