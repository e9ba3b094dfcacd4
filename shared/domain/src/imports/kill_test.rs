//! Kills loaders at random points, again and again, until the import is closed: the links, the counts and the report must be
//! those of an uninterrupted run that loads the file as a whole.
//!
//! A schedule is a seed. It decides which calls fail before or after they took effect, when a process dies (every call
//! fails from then on, or its future is dropped in the middle), when the table is busy, how much time an invocation has, in
//! which order messages come, which of them come twice, and whether two invocations run at once. A message is gone only when
//! an invocation was done with it; if none is left before the import is closed, it is stuck, and the test fails.

use std::collections::BTreeMap;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Context, Poll};

use async_trait::async_trait;
use futures::stream::StreamExt;

use super::job::counts::Counts;
use super::job::id::ImportId;
use super::job::import::{Import, ImportStatus};
use super::job::options::OnConflict;
use super::job::part::{Part, PartId};
use super::job::ports::{ImportStore, PartQueue, PartStore};
use super::load::{Loaded, Skipped, load_import};
use super::load_part::{PartLoaded, load_part};
use super::loader::Loader;
use crate::files::ports::{Body, FileStore, FileWriter, Object, ObjectReader};
use crate::jobs::delivery::Delivery;
use crate::links::link::{Link, LinkId};
use crate::links::ports::LinkWriter;
use crate::links::ports::{Inserted, LinkBatch};
use crate::ports::{Clock, Random};
use crate::testing::files::{MemoryFileStore, MemoryUploads};
use crate::testing::imports::{MemoryImports, MemoryPartQueue, MemoryParts};
use crate::testing::jobs::MemoryTimer;
use crate::testing::links::MemoryLinks;
use crate::testing::outage::outage;
use crate::testing::samples::link;
use crate::testing::system::{FixedClock, SeededRandom};
use crate::values::domains::Domains;
use crate::values::error::{StoreError, StoreErrorKind};
use crate::values::slug::Slug;
use crate::values::timestamp::Timestamp;
use crate::values::workspace::WorkspaceId;

/// For each of four files.
const SCHEDULES: u64 = 260;
const ROWS: u64 = 120;

/// What fails when.
struct Chaos {
    random: SeededRandom,
    /// One call in so many fails; 0 for none.
    rate: AtomicU64,
    dead: AtomicBool,
    clock: Arc<FixedClock>,
    /// What happened, so that the test can tell that it happened.
    handed_over: AtomicU64,
    passes: AtomicU64,
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
        let again = next.plan.as_ref().is_some_and(|plan| plan.pass > 1);
        self.chaos.passes.fetch_add(u64::from(again), Ordering::SeqCst);
        self.chaos.after().map(|()| replaced)
    }
}

#[async_trait]
impl PartStore for Flaky<Arc<MemoryParts>> {
    async fn put_all(&self, parts: &[Part]) -> Result<(), StoreError> {
        self.chaos.before()?;
        self.inner.put_all(parts).await?;
        self.chaos.after()
    }
    async fn get(&self, id: &PartId) -> Result<Option<Part>, StoreError> {
        self.chaos.before()?;
        self.inner.get(id).await
    }
    async fn all(&self, import: &ImportId, plan: u64) -> Result<Vec<Part>, StoreError> {
        self.chaos.before()?;
        self.inner.all(import, plan).await
    }
    async fn replace(&self, next: &Part) -> Result<bool, StoreError> {
        self.chaos.before()?;
        let replaced = self.inner.replace(next).await?;
        self.chaos.after().map(|()| replaced)
    }
}

#[async_trait]
impl PartQueue for Flaky<Arc<MemoryPartQueue>> {
    async fn send(&self, parts: &[PartId]) -> Result<(), StoreError> {
        self.chaos.before()?;
        if self.chaos.strikes() {
            let some: Vec<PartId> = parts.iter().filter(|_| self.chaos.below(2) == 0).cloned().collect();
            self.inner.send(&some).await?;
            return Err(outage("in the middle"));
        }
        self.inner.send(parts).await
    }
}

#[async_trait]
impl LinkBatch for Flaky<Arc<MemoryLinks>> {
    async fn insert_all(&self, links: &[Link]) -> Result<Vec<Inserted>, StoreError> {
        self.chaos.before()?;
        if self.chaos.rate.load(Ordering::SeqCst) > 0 {
            self.chaos.clock.advance(i64::try_from(self.chaos.below(4)).unwrap());
        }
        if self.chaos.strikes() {
            let some: Vec<Link> = links.iter().filter(|_| self.chaos.below(2) == 0).cloned().collect();
            self.inner.insert_all(&some).await?;
            return Err(outage("in the middle"));
        }
        if self.chaos.strikes() {
            return Err(StoreError::new("links.insert_all", StoreErrorKind::Throttled, "busy"));
        }
        if self.chaos.strikes() {
            let room = links.len() / 2;
            let mut inserted = self.inner.insert_all(&links[..room]).await?;
            inserted.resize(links.len(), Inserted::Busy);
            return Ok(inserted);
        }
        self.inner.insert_all(links).await
    }
    async fn get_all(&self, ids: &[LinkId]) -> Result<Vec<Option<Link>>, StoreError> {
        self.chaos.before()?;
        self.inner.get_all(ids).await
    }
    async fn replace(&self, seen: &Link, next: &Link) -> Result<bool, StoreError> {
        self.chaos.before()?;
        let replaced = LinkBatch::replace(self.inner.as_ref(), seen, next).await?;
        self.chaos.after().map(|()| replaced)
    }
}

#[async_trait]
impl ObjectReader for Flaky<Arc<MemoryUploads>> {
    async fn open(&self, key: &str) -> Result<Option<Object>, StoreError> {
        self.chaos.before()?;
        let Some(object) = self.inner.open(key).await? else { return Ok(None) };
        let chaos = Arc::clone(&self.chaos);
        let body = object.body.map(move |piece| chaos.before().and(piece)).boxed();
        Ok(Some(Object { body, ..object }))
    }
    async fn open_range(&self, key: &str, etag: &str, from: u64, to: u64) -> Result<Option<Body>, StoreError> {
        self.chaos.before()?;
        let Some(body) = self.inner.open_range(key, etag, from, to).await? else { return Ok(None) };
        let chaos = Arc::clone(&self.chaos);
        Ok(Some(body.map(move |piece| chaos.before().and(piece)).boxed()))
    }
}

#[async_trait]
impl FileStore for Flaky<MemoryFileStore> {
    async fn create(&self, key: &str) -> Result<Box<dyn FileWriter>, StoreError> {
        self.chaos.before()?;
        let inner = self.inner.create(key).await?;
        Ok(Box::new(Flaky { inner, chaos: Arc::clone(&self.chaos) }))
    }
    async fn put(&self, key: &str, bytes: Vec<u8>) -> Result<(), StoreError> {
        self.chaos.before()?;
        self.inner.put(key, bytes).await?;
        self.chaos.after()
    }
    async fn read(&self, key: &str) -> Result<Body, StoreError> {
        self.chaos.before()?;
        self.inner.read(key).await
    }
}

#[async_trait]
impl FileWriter for Flaky<Box<dyn FileWriter>> {
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

/// What an invocation is for.
#[derive(Debug, Clone, PartialEq)]
enum Message {
    File,
    Part(PartId),
}

/// A stack in memory, with links that are in the way of some rows.
struct Stack {
    imports: Arc<MemoryImports>,
    parts: Arc<MemoryParts>,
    queue: Arc<MemoryPartQueue>,
    links: Arc<MemoryLinks>,
    objects: Arc<MemoryUploads>,
    reports: MemoryFileStore,
    clock: Arc<FixedClock>,
    chaos: Arc<Chaos>,
    key: String,
    part_bytes: u64,
}

fn import(on_conflict: OnConflict) -> Import {
    let clock = FixedClock::at("2026-01-02T00:00:00Z");
    let id = ImportId::generate(&clock, &SeededRandom::new(0));
    let mut import = Import::awaiting(id, WorkspaceId::parse("acme").unwrap(), None, 1, clock.now());
    import.options.on_conflict = on_conflict;
    import
}

impl Stack {
    async fn new(seed: u64, (file, on_conflict): &(String, OnConflict), part_bytes: u64) -> Self {
        let links = Arc::new(MemoryLinks::default());
        for (workspace, slug) in
            [("other", "s3"), ("acme", "s5"), ("other", "s50"), ("acme", "s51"), ("acme", "first0")]
        {
            links.insert(&link(workspace, slug, &format!("https://{slug}.example/"))).await.unwrap();
        }
        let import = import(*on_conflict);
        let objects = Arc::new(MemoryUploads::default());
        objects.put(import.object_key.as_str(), file.as_bytes().to_vec());
        let imports = Arc::new(MemoryImports::default());
        imports.create(&import).await.unwrap();
        let clock = Arc::new(FixedClock::at("2026-01-02T00:00:00Z"));
        let chaos = Chaos {
            random: SeededRandom::new(seed),
            rate: AtomicU64::new(0),
            dead: AtomicBool::new(false),
            clock: clock.clone(),
            handed_over: AtomicU64::new(0),
            passes: AtomicU64::new(0),
        };
        Self {
            imports,
            parts: Arc::default(),
            queue: Arc::default(),
            links,
            objects,
            reports: MemoryFileStore::default(),
            clock,
            chaos: Arc::new(chaos),
            key: import.object_key,
            part_bytes,
        }
    }

    fn loader(&self) -> Loader {
        fn flaky<T: Clone>(inner: &T, chaos: &Arc<Chaos>) -> Arc<Flaky<T>> {
            Arc::new(Flaky { inner: inner.clone(), chaos: Arc::clone(chaos) })
        }
        Loader {
            imports: flaky(&self.imports, &self.chaos),
            parts: flaky(&self.parts, &self.chaos),
            queue: flaky(&self.queue, &self.chaos),
            links: flaky(&self.links, &self.chaos),
            objects: flaky(&self.objects, &self.chaos),
            reports: flaky(&self.reports, &self.chaos),
            clock: self.clock.clone(),
            timer: Arc::new(MemoryTimer::default()),
            domains: Domains::parse("go.example.com").unwrap(),
            max_bytes: 1_000_000,
            part_bytes: self.part_bytes,
        }
    }

    /// One invocation; says whether it was done with its message.
    async fn invoke(&self, loader: &Loader, message: &Message, delivery: &Delivery) -> bool {
        match message {
            Message::File => match load_import(loader, &self.key, "", delivery).await {
                // Only the retry of an invocation that crashed has its claim; the others are not needed.
                Ok(Loaded::Finished(_) | Loaded::Divided(_)) => true,
                Ok(Loaded::Skipped(Skipped::LeaseRefused(_) | Skipped::TakenOver)) => self.closed(),
                Ok(Loaded::Skipped(skipped)) => panic!("{skipped}"),
                Err(_) => false,
            },
            Message::Part(id) => match load_part(loader, id, delivery).await {
                Ok(PartLoaded::HandedOver(_)) => {
                    self.chaos.handed_over.fetch_add(1, Ordering::SeqCst);
                    true
                }
                Ok(PartLoaded::Busy { .. }) | Err(_) => false,
                Ok(_) => true,
            },
        }
    }

    fn delivery(&self, request: u64) -> Delivery {
        // Most have time, some next to none.
        let seconds = [25, 60, 900, 900][usize::try_from(self.chaos.below(4)).unwrap()];
        Delivery { request_id: format!("r{request}"), deadline: self.clock.now().plus_seconds(seconds) }
    }

    /// Runs invocations for `messages` at the same time, each of which may be killed after some steps.
    fn run(&self, messages: &[(Message, Delivery, u64)]) -> Vec<bool> {
        let loader = self.loader();
        let mut running: Vec<_> = messages
            .iter()
            .map(|(message, delivery, steps)| (Box::pin(self.invoke(&loader, message, delivery)), *steps, None))
            .collect();
        let mut context = Context::from_waker(futures::task::noop_waker_ref());
        while running.iter().any(|(_, steps, done)| done.is_none() && *steps > 0) {
            for (invocation, steps, done) in running.iter_mut().filter(|(_, steps, done)| done.is_none() && *steps > 0)
            {
                *steps -= 1;
                if let Poll::Ready(result) = pin!(invocation).poll(&mut context) {
                    *done = Some(result);
                }
            }
        }
        running.into_iter().map(|(_, _, done)| done.unwrap_or(false)).collect()
    }

    fn closed(&self) -> bool {
        self.imports.all()[0].is_closed()
    }

    /// What the import came to. Of the time only what does not depend on the schedule.
    fn result(&self) -> Outcome {
        let [import] = self.imports.all().try_into().expect("one import");
        let started_at = import.started_at.unwrap();
        let mut links = self.links.all();
        for link in &mut links {
            link.revision = link.revision.min(1);
            if link.created_at == started_at {
                link.created_at = Timestamp::from_millis(0).unwrap();
                link.revision = 0;
            }
            if link.updated_at == Some(started_at) {
                link.updated_at = Some(Timestamp::from_millis(0).unwrap());
            }
        }
        links.sort_by_key(|link| link.id.slug.to_string());
        let name = format!("{}.", import.id);
        let reports = self.reports.all().into_iter().filter(|(key, _)| key.contains(&name)).collect();
        (import.status, import.counts, import.bytes_done, links, reports)
    }
}

type Outcome = (ImportStatus, Counts, u64, Vec<Link>, BTreeMap<String, String>);

/// Rows of every kind: new ones with and without slugs, repeated ones near and far, taken slugs, slugs that a row without one
/// would get, invalid ones.
fn file(json: bool) -> String {
    let origins = import(OnConflict::Skip);
    let mut file = String::from(if json { "" } else { "url,slug\n" });
    for n in 0..ROWS {
        let (url, slug) = match n % 8 {
            0 => (format!("https://{n}.example/"), String::new()),
            1 => ("https://same.example/".to_owned(), format!("same{}", n / 40)),
            2 => (format!("https://{n}.example/"), format!("first{}", n / 60)),
            3 => (format!("https://s{n}.example/"), format!("s{n}")),
            4 => ("not a url".to_owned(), format!("bad{n}")),
            5 => (format!("https://s{n}.example/"), format!("s{}", n % 60)),
            6 if n % 16 == 6 => (format!("https://{n}.example/"), "v1".to_owned()),
            // What the row of the same number from the end gets, which is before or behind it.
            6 => {
                (format!("https://{n}.example/"), Slug::derive(&origins.origin((ROWS - n) / 8 * 8 + 1), 8).to_string())
            }
            _ => (format!("https://{n}.example/"), format!("own{n}")),
        };
        let row =
            if json { serde_json::json!({"url": url, "slug": slug}).to_string() } else { format!("{url},{slug}") };
        file.push_str(&row);
        file.push('\n');
    }
    file
}

async fn uninterrupted(file: &(String, OnConflict)) -> Outcome {
    let stack = Stack::new(0, file, 1_000_000).await;
    let delivery = Delivery { request_id: "r0".to_owned(), deadline: stack.clock.now().plus_seconds(900) };
    assert_eq!(stack.run(&[(Message::File, delivery, u64::MAX)]), [true]);
    assert!(stack.closed());
    stack.result()
}

/// Delivers until the import is closed; gives the number of invocations that were not done with their message.
fn run_schedule(stack: &Stack) -> u64 {
    let (mut failures, mut request) = (0, 0);
    let mut messages = vec![Message::File];
    while !stack.closed() {
        assert!(!messages.is_empty(), "the import is stuck: {:?}", stack.imports.all());
        assert!(failures < 2000, "it must come to an end");
        stack.chaos.dead.store(false, Ordering::SeqCst);
        stack.chaos.rate.store(30 * (failures + 1), Ordering::SeqCst);
        let at_once = if stack.chaos.below(4) == 0 { 1 + stack.chaos.below(3) } else { 1 };
        let chosen: Vec<(Message, Delivery, u64)> = (0..at_once)
            .map(|_| {
                let index = usize::try_from(stack.chaos.below(messages.len() as u64)).unwrap();
                request += stack.chaos.below(3).min(1);
                let steps = if stack.chaos.below(3) == 0 { stack.chaos.below(900) } else { 1_000_000 };
                (messages[index].clone(), stack.delivery(request), steps)
            })
            .collect();
        let done = stack.run(&chosen);
        for ((message, _, _), done) in chosen.iter().zip(done) {
            // A message that was done with comes once more now and then.
            let index = messages.iter().position(|other| other == message);
            if let Some(index) = index.filter(|_| done && stack.chaos.below(8) > 0) {
                messages.swap_remove(index);
            }
            failures += u64::from(!done);
            if !done && stack.chaos.below(3) == 0 {
                stack.clock.advance(901);
            }
        }
        for part in stack.queue.take() {
            messages.push(Message::Part(part));
        }
    }
    failures
}

/// Runs all schedules of one file. Gives how many invocations failed, were handed over, and how many imports took a second
/// pass.
async fn run_schedules(json: bool, on_conflict: OnConflict, part_bytes: u64) -> [u64; 3] {
    let file = (file(json), on_conflict);
    let expected = uninterrupted(&file).await;
    assert_eq!(expected.0, ImportStatus::SucceededWithErrors);
    let Counts { read, created, unchanged, invalid, conflicting, overwritten } = expected.1;
    assert!(read == ROWS && created > 30 && invalid > 15 && conflicting > 10, "{:?}", expected.1);
    assert!(unchanged > 8 && (overwritten > 0) == (on_conflict == OnConflict::Overwrite), "{:?}", expected.1);
    let reported = expected.4.iter().filter(|(key, _)| key.ends_with("jsonl"));
    let reported: u64 = reported.map(|(_, report)| report.lines().count() as u64).sum();
    assert_eq!(reported, invalid + conflicting);
    let (mut failures, mut handed_over, mut passes) = (0, 0, 0);
    for seed in 0..SCHEDULES {
        let stack = Stack::new(seed, &file, part_bytes).await;
        failures += run_schedule(&stack);
        handed_over += stack.chaos.handed_over.load(Ordering::SeqCst);
        passes += stack.chaos.passes.load(Ordering::SeqCst).min(1);
        assert_eq!(stack.result(), expected, "seed {seed}");
    }
    assert!(failures > SCHEDULES, "the schedules do kill: {failures}");
    assert!(handed_over > SCHEDULES / 20, "{handed_over} hand-overs");
    [failures, handed_over, passes]
}

#[tokio::test]
async fn a_table_in_many_parts_that_is_killed_anywhere_ends_like_one_that_is_not() {
    let [_, _, passes] = run_schedules(false, OnConflict::Skip, 500).await;
    assert!(passes > SCHEDULES / 4, "{passes} second passes");
}

#[tokio::test]
async fn json_lines_in_parts_that_are_killed_anywhere_end_like_those_that_are_not() {
    run_schedules(true, OnConflict::Skip, 1500).await;
}

#[tokio::test]
async fn what_overwrites_and_is_killed_anywhere_ends_like_what_is_not() {
    run_schedules(false, OnConflict::Overwrite, 700).await;
}

#[tokio::test]
async fn a_file_in_one_part_that_is_killed_anywhere_ends_like_one_that_is_not() {
    run_schedules(false, OnConflict::Skip, 1_000_000).await;
}
