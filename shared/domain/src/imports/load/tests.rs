use crate::access::key::Role;
use crate::imports::cancel::cancel_import;
use crate::imports::job::counts::Counts;
use crate::imports::job::import::ImportStatus;
use crate::imports::load::*;
use crate::jobs::lease::Lease;
use crate::links::link::{Link, LinkId};
use crate::links::ports::Inserted;
use crate::links::ports::LinkWriter;
use crate::testing::files::{MemoryFileStore, MemoryUploads};
use crate::testing::imports::{MemoryImports, MemoryPartQueue, MemoryParts};
use crate::testing::jobs::MemoryTimer;
use crate::testing::links::MemoryLinks;
use crate::testing::samples::{caller, link};
use crate::testing::system::{FixedClock, SeededRandom};
use crate::values::error::StoreErrorKind;
use crate::values::slug::Slug;
use crate::values::workspace::WorkspaceId;

struct World {
    imports: Arc<MemoryImports>,
    parts: Arc<MemoryParts>,
    queue: Arc<MemoryPartQueue>,
    links: Arc<MemoryLinks>,
    objects: Arc<MemoryUploads>,
    reports: MemoryFileStore,
    clock: Arc<FixedClock>,
    part_bytes: u64,
}

impl World {
    fn new() -> Self {
        Self {
            imports: Arc::default(),
            parts: Arc::default(),
            queue: Arc::default(),
            links: Arc::default(),
            objects: Arc::default(),
            reports: MemoryFileStore::default(),
            clock: Arc::new(FixedClock::at("2026-01-02T00:00:00Z")),
            part_bytes: 1_000_000,
        }
    }

    fn loader(&self) -> Loader {
        Loader {
            imports: self.imports.clone(),
            parts: self.parts.clone(),
            queue: self.queue.clone(),
            links: self.links.clone(),
            objects: self.objects.clone(),
            reports: Arc::new(self.reports.clone()),
            clock: self.clock.clone(),
            timer: Arc::new(MemoryTimer::default()),
            domains: Domains::parse("go.example.com,s.example.org").unwrap(),
            max_bytes: 1_000_000,
            part_bytes: self.part_bytes,
        }
    }

    fn delivery(&self, request_id: &str) -> Delivery {
        Delivery { request_id: request_id.to_owned(), deadline: self.clock.now().plus_seconds(900) }
    }

    async fn deliver(&self, key: &str, etag: &str, request_id: &str) -> Loaded {
        load_import(&self.loader(), key, etag, &self.delivery(request_id)).await.unwrap()
    }

    /// Has loaded what is in the queue, with `seconds` for each invocation, until it is empty.
    async fn work(&self, seconds: i64) -> Option<Import> {
        let mut finished = None;
        for request in 0.. {
            let messages = self.queue.take();
            if messages.is_empty() {
                break;
            }
            assert!(request < 500, "it must come to an end");
            for (id, n) in messages.iter().zip(0..) {
                let deadline = self.clock.now().plus_seconds(seconds);
                let delivery = Delivery { request_id: format!("q{request}-{n}"), deadline };
                match load_part(&self.loader(), id, &delivery).await.unwrap() {
                    PartLoaded::Finished(import) => finished = Some(*import),
                    PartLoaded::Busy { .. } => panic!("nobody else is there"),
                    _ => {}
                }
            }
        }
        finished
    }

    /// Puts `file` into the bucket and delivers its event.
    async fn load(&self, file: impl AsRef<[u8]>) -> Import {
        self.load_with(file, &[]).await
    }

    async fn load_with(&self, file: impl AsRef<[u8]>, metadata: &[(&str, &str)]) -> Import {
        let file = file.as_ref().to_vec();
        let etag = MemoryUploads::etag(&file);
        self.objects.put_with("imports/acme/links.csv", file, metadata);
        match self.deliver("imports/acme/links.csv", &etag, "r1").await {
            Loaded::Finished(import) => *import,
            Loaded::Divided(_) => self.work(900).await.expect("an end"),
            Loaded::Skipped(reason) => panic!("{reason}"),
        }
    }

    fn report(&self, import: &Import) -> Vec<serde_json::Value> {
        let report = self.reports.all().remove(&format!("reports/acme/{}.jsonl", import.id)).unwrap_or_default();
        report.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

fn counts(created: u64, unchanged: u64, invalid: u64, conflicting: u64) -> Counts {
    let read = created + unchanged + invalid + conflicting;
    Counts { read, created, overwritten: 0, unchanged, invalid, conflicting }
}

#[tokio::test]
async fn a_file_of_real_links_becomes_links() {
    let world = World::new();
    let file = include_bytes!("../../../../../tests/data/public-apis.csv");
    let import = world.load(file).await;
    assert_eq!((import.status, import.error.as_deref()), (ImportStatus::Succeeded, None));
    assert_eq!(import.counts, counts(1702, 0, 0, 0));
    assert_eq!((import.bytes_done, import.bytes_total), (file.len() as u64, file.len() as u64));
    assert_eq!(import.filename.as_deref(), Some("links.csv"));
    assert_eq!(world.links.all().len(), 1702);
    assert!(world.reports.all().is_empty());
}

#[tokio::test]
async fn every_row_is_created_unchanged_or_reported() {
    let world = World::new();
    let foreign = link("other", "theirs", "https://theirs.example/");
    let own = link("acme", "mine", "https://mine.example/");
    for link in [&foreign, &own] {
        world.links.insert(link).await.unwrap();
    }
    let import = world
        .load(concat!(
            "url,slug\n",
            "https://a.example,a\n",
            "HTTPS://mine.example,mine\n",
            "https://else.example/,mine\n",
            "https://theirs.example/,theirs\n",
            "javascript:alert(1),b\n",
            "https://a.example/,a\n",
            "https://b.example/,a\n",
        ))
        .await;
    assert_eq!(import.status, ImportStatus::SucceededWithErrors);
    assert_eq!(import.counts, counts(1, 2, 1, 3));
    let report = world.report(&import);
    let shown: Vec<_> =
        report.iter().map(|line| (line["row"].as_u64().unwrap(), line["outcome"].as_str().unwrap())).collect();
    assert_eq!(shown, [(3, "conflict"), (4, "conflict"), (5, "invalid"), (7, "conflict")]);
    assert_eq!(report[2]["column"], "url");
    assert_eq!(report[2]["value"], "javascript:alert(1)");
    assert!(report[0]["cause"].as_str().unwrap().contains("https://mine.example/"));
    assert!(!report[1]["cause"].as_str().unwrap().contains("https://theirs.example/"), "a foreign target is not shown");
    assert!(world.links.all().contains(&foreign) && world.links.all().contains(&own));
}

#[tokio::test]
async fn the_report_of_an_archive_names_the_file() {
    let world = World::new();
    world.links.insert(&link("other", "nasty-zipa-1", "https://theirs.example/")).await.unwrap();
    let import = world.load(include_bytes!("../../../../../tests/data/nasty/folder.zip")).await;
    let report = world.report(&import);
    let shown: Vec<_> = report.iter().map(|line| (line["file"].as_str(), line["line"].as_u64())).collect();
    assert_eq!(shown, [(Some("links/a.csv"), Some(3))]);
    let plain = world.load("url\nnope\n").await;
    assert!(world.report(&plain)[0]["file"].is_null());
}

#[tokio::test]
async fn a_row_without_a_slug_steps_aside_for_a_foreign_link() {
    let world = World::new();
    let file = b"https://a.example/\n";
    let id = ImportId::for_object("imports/acme/links.csv", &MemoryUploads::etag(file));
    let first = Slug::derive(&format!("{id}#1"), 8);
    let taken = link("other", first.as_str(), "https://theirs.example/");
    world.links.insert(&taken).await.unwrap();
    let import = world.load(file).await;
    assert_eq!((&import.id, import.counts), (&id, counts(1, 0, 0, 0)));
    let slugs: Vec<Slug> = world.links.all().into_iter().map(|link| link.id.slug).collect();
    assert!(slugs.contains(&first) && slugs.contains(&Slug::derive(&format!("{id}#1#1"), 8)));
}

#[tokio::test]
async fn after_five_taken_slugs_the_row_is_reported() {
    let world = World::new();
    let file = b"https://a.example/\n";
    let id = ImportId::for_object("imports/acme/links.csv", &MemoryUploads::etag(file));
    for suffix in ["", "#1", "#2", "#3", "#4"] {
        let slug = Slug::derive(&format!("{id}#1{suffix}"), 8);
        world.links.insert(&link("other", slug.as_str(), "https://theirs.example/")).await.unwrap();
    }
    let import = world.load(file).await;
    assert_eq!(import.counts, counts(0, 0, 0, 1));
    assert_eq!(world.report(&import)[0]["cause"], "no free slug was found for the row");
}

#[tokio::test]
async fn a_delivered_event_changes_nothing_the_second_time() {
    let world = World::new();
    let import = world.load("url,slug\nhttps://a.example/,a\nnope,b\n").await;
    let before = (world.imports.all(), world.links.all(), world.reports.all());
    for request in ["r1", "r2"] {
        let etag = import.etag.as_deref().unwrap();
        let again = world.deliver("imports/acme/links.csv", etag, request).await;
        assert_eq!(again, Loaded::Skipped(Skipped::LeaseRefused(LeaseRefused::Finished)));
    }
    assert_eq!((world.imports.all(), world.links.all(), world.reports.all()), before);
}

#[tokio::test]
async fn two_deliveries_at_once_load_the_file_once() {
    let world = World::new();
    let file = b"https://a.example/\nhttps://b.example/\n".to_vec();
    let etag = MemoryUploads::etag(&file);
    world.objects.put("imports/acme/x", file);
    let (a, b) =
        futures::join!(world.deliver("imports/acme/x", &etag, "r1"), world.deliver("imports/acme/x", &etag, "r2"));
    let finished = [&a, &b].into_iter().filter(|loaded| matches!(loaded, Loaded::Finished(_))).count();
    assert_eq!(finished, 1, "{a:?} {b:?}");
    assert_eq!((world.imports.all().len(), world.links.all().len()), (1, 2));
}

#[tokio::test]
async fn an_upload_belongs_to_the_import_that_was_asked_for() {
    let world = World::new();
    let id = ImportId::generate(world.clock.as_ref(), &SeededRandom::new(1));
    let import = Import::awaiting(id, WorkspaceId::parse("acme").unwrap(), Some("x.csv".into()), 19, world.clock.now());
    world.imports.create(&import).await.unwrap();
    world.objects.put(import.object_key.as_str(), "https://a.example/\n");
    let loaded = world.deliver(&import.object_key, "of an event that is late", "r1").await;
    let Loaded::Finished(finished) = loaded else { panic!("{loaded:?}") };
    assert_eq!((&finished.id, finished.counts), (&import.id, counts(1, 0, 0, 0)));
    assert_eq!(world.links.all()[0].origin, Some(format!("{}#1", import.id)));
    // The same file under another workspace's prefix is that workspace's.
    world.objects.put(format!("imports/other/{}", import.id), "https://a.example/\n");
    world.deliver(&format!("imports/other/{}", import.id), "", "r2").await;
    assert_eq!(world.imports.all().len(), 2);
}

#[tokio::test]
async fn what_is_no_list_of_links_fails_with_the_reason() {
    let world = World::new();
    for (file, reason) in [("", "empty"), ("<html>", "HTML"), ("slug\na\n", "no column")] {
        let import = world.load(file).await;
        assert_eq!((import.status, import.counts), (ImportStatus::Failed, counts(0, 0, 0, 0)));
        assert!(import.error.as_deref().unwrap().contains(reason), "{:?}", import.error);
    }
    let import = world.load("x".repeat(1_000_001)).await;
    assert_eq!(import.error.as_deref(), Some("the file has 1000001 bytes; at most 1000000 are allowed"));
    assert!(world.links.all().is_empty());
}

#[tokio::test]
async fn keys_that_name_no_file_of_a_workspace_are_left_alone() {
    let world = World::new();
    for key in ["imports/", "imports/acme/", "imports/UPPER/x", "other/acme/x"] {
        assert_eq!(world.deliver(key, "e", "r1").await, Loaded::Skipped(Skipped::NoWorkspace), "{key}");
    }
    assert_eq!(world.deliver("imports/acme/gone", "e", "r1").await, Loaded::Skipped(Skipped::NoObject));
    assert!(world.imports.all().is_empty());
}

#[tokio::test]
async fn a_file_that_changes_or_goes_away_while_it_is_loaded_fails_the_import() {
    for replaced in [true, false] {
        let world = World::new();
        let id = ImportId::generate(world.clock.as_ref(), &SeededRandom::new(1));
        let import = Import::awaiting(id, WorkspaceId::parse("acme").unwrap(), None, 19, world.clock.now());
        world.imports.create(&import).await.unwrap();
        // An invocation that was killed.
        let lease = Lease { owner: "r1".into(), until: world.clock.now().plus_seconds(900) };
        let running = import.leased(lease, "e1", 19, world.clock.now()).unwrap();
        world.imports.replace(&running).await.unwrap();
        if replaced {
            world.objects.put(import.object_key.as_str(), "https://b.example/\n");
        }
        let other = world.deliver(&import.object_key, "e1", "r2").await;
        assert!(matches!(other, Loaded::Skipped(Skipped::LeaseRefused(LeaseRefused::Held { .. }))), "{other:?}");
        let Loaded::Finished(failed) = world.deliver(&import.object_key, "e1", "r1").await else { panic!() };
        let reason = if replaced { "replaced" } else { "deleted" };
        assert!(failed.error.as_deref().unwrap().contains(reason), "{:?}", failed.error);
        assert!(world.links.all().is_empty());
    }
}

#[tokio::test]
async fn a_file_that_is_replaced_between_its_parts_fails_the_import_and_says_so() {
    let world = World { part_bytes: 500, ..World::new() };
    let file: String = (0..100).map(|n| format!("https://{n}.example/\n")).collect();
    world.objects.put("imports/acme/x", file.clone());
    world.deliver("imports/acme/x", &MemoryUploads::etag(file.as_bytes()), "r1").await;
    let parts = world.queue.take();
    assert!(parts.len() > 3);
    load_part(&world.loader(), &parts[0], &world.delivery("r2")).await.unwrap();
    world.objects.put("imports/acme/x", "https://else.example/\n");
    world.queue.send(&parts[1..]).await.unwrap();
    let failed = world.work(900).await.unwrap();
    assert_eq!(failed.status, ImportStatus::Failed);
    assert!(failed.error.as_deref().unwrap().contains("replaced"), "{:?}", failed.error);
    assert_eq!(failed.counts.created, world.links.all().len() as u64);
}

#[tokio::test]
async fn a_store_that_is_away_fails_the_invocation_and_leaves_the_part_free() {
    let world = World::new();
    let file = b"https://a.example/\n".to_vec();
    let etag = MemoryUploads::etag(&file);
    world.objects.put("imports/acme/x", file);
    world.links.fail(true);
    let result = load_import(&world.loader(), "imports/acme/x", &etag, &world.delivery("r1")).await;
    assert!(result.unwrap_err().is_retryable());
    assert_eq!(world.imports.all()[0].status, ImportStatus::Running);
    world.links.fail(false);
    assert!(matches!(world.deliver("imports/acme/x", &etag, "r2").await, Loaded::Finished(_)));
}

#[tokio::test]
async fn a_large_file_is_divided_and_its_parts_come_to_one_result() {
    let file: String = (0..500)
        .map(|n| match n % 50 {
            49 => "nope,\n".to_owned(),
            // The same slug in parts far from each other.
            7 => format!("https://{n}.example/,same\n"),
            _ => format!("https://{n}.example/,s{n}\n"),
        })
        .collect();
    let file = format!("url,slug\n{file}");
    let whole = World::new();
    let expected = whole.load(&file).await;
    let divided = World { part_bytes: 1000, ..World::new() };
    let import = divided.load(&file).await;
    assert!(import.plan.as_ref().unwrap().parts > 5, "{:?}", import.plan);
    assert_eq!(import.counts, expected.counts);
    assert_eq!((import.bytes_done, import.format), (file.len() as u64, expected.format));
    assert_eq!(divided.report(&import), whole.report(&expected));
    assert_eq!(divided.links.all(), whole.links.all());
}

#[tokio::test]
async fn what_there_is_no_time_for_is_handed_over() {
    for part_bytes in [1_000_000, 5_000] {
        let world = World { part_bytes, ..World::new() };
        let file: String = (0..1000).map(|n| format!("https://{n}.example/\n")).collect();
        let etag = MemoryUploads::etag(file.as_bytes());
        world.objects.put("imports/acme/x", file);
        // Every invocation stops at its first look at the clock.
        let delivery = Delivery { request_id: "r1".into(), deadline: world.clock.now().plus_seconds(10) };
        let loaded = load_import(&world.loader(), "imports/acme/x", &etag, &delivery).await.unwrap();
        assert!(matches!(loaded, Loaded::Divided(_)), "{loaded:?}");
        let import = world.work(10).await.unwrap();
        assert_eq!((import.status, import.counts), (ImportStatus::Succeeded, counts(1000, 0, 0, 0)));
        assert_eq!(world.links.all().len(), 1000);
    }
}

#[tokio::test]
async fn a_cancelled_import_stops_and_says_what_it_did() {
    let world = World { part_bytes: 500, ..World::new() };
    let file: String = (0..100).map(|n| format!("https://{n}.example/\n")).collect();
    world.objects.put("imports/acme/x", file.clone());
    world.deliver("imports/acme/x", &MemoryUploads::etag(file.as_bytes()), "r1").await;
    let parts = world.queue.take();
    load_part(&world.loader(), &parts[2], &world.delivery("r2")).await.unwrap();
    let id = world.imports.all()[0].id.clone();
    let editor = caller("acme", Role::Editor);
    let cancelled = cancel_import(world.imports.as_ref(), world.clock.as_ref(), &editor, id.as_str()).await.unwrap();
    assert_eq!((cancelled.status, cancelled.is_closed()), (ImportStatus::Cancelled, false));
    let loaded = load_part(&world.loader(), &parts[0], &world.delivery("r3")).await.unwrap();
    let PartLoaded::Finished(import) = loaded else { panic!("{loaded:?}") };
    assert_eq!((import.status, import.is_closed()), (ImportStatus::Cancelled, true));
    assert_eq!(import.counts.created, world.links.all().len() as u64);
    assert!((1..50).contains(&import.counts.created));
    assert_eq!(load_part(&world.loader(), &parts[1], &world.delivery("r4")).await.unwrap(), PartLoaded::Gone);
}

#[tokio::test]
async fn a_dry_run_says_what_would_be_and_writes_nothing() {
    let world = World::new();
    world.links.insert(&link("acme", "mine", "https://mine.example/")).await.unwrap();
    let before = world.links.all();
    let file = "url,slug\nhttps://a.example/,a\nhttps://mine.example/,mine\nhttps://b.example/,mine\nnope,c\n";
    let import = world.load_with(file, &[("dry-run", "true")]).await;
    assert_eq!((import.status, import.counts), (ImportStatus::SucceededWithErrors, counts(1, 1, 1, 1)));
    assert_eq!(world.links.all(), before);
    assert_eq!(world.report(&import).len(), 2);
}

#[tokio::test]
async fn to_overwrite_changes_what_was_there_but_for_what_a_file_cannot_say() {
    let world = World::new();
    let foreign = link("other", "theirs", "https://theirs.example/");
    let mut own = link("acme", "mine", "https://mine.example/");
    own.title = Some("old".into());
    own.settings.password_hash = Some("hash".into());
    own.settings.used_clicks = 3;
    for link in [&foreign, &own] {
        world.links.insert(link).await.unwrap();
    }
    let file = "url,slug,tags\nhttps://new.example/,mine,x\nhttps://new.example/,theirs,\nhttps://c.example/,c,\n";
    let import = world.load_with(format!("{file}https://d.example/,c,\n"), &[("on-conflict", "overwrite")]).await;
    let expected = Counts { read: 4, created: 1, overwritten: 1, conflicting: 2, ..Counts::default() };
    assert_eq!(import.counts, expected);
    let all = world.links.all();
    assert!(all.contains(&foreign));
    let mine = all.iter().find(|link| link.id == own.id).unwrap();
    assert_eq!((mine.url.as_str(), mine.title.as_ref()), ("https://new.example/", None));
    assert_eq!((mine.created_at, mine.revision, mine.updated_at), (own.created_at, 1, import.started_at));
    assert_eq!((mine.settings.password_hash.as_deref(), mine.settings.used_clicks), (Some("hash"), 3));
    assert_eq!(mine.tags, ["x"]);
}

#[tokio::test]
async fn to_fail_ends_at_the_first_conflict_with_nothing_behind_it() {
    let world = World { part_bytes: 100, ..World::new() };
    world.links.insert(&link("acme", "s40", "https://mine.example/")).await.unwrap();
    let file: String = (0..100).map(|n| format!("https://{n}.example/,s{n}\n")).collect();
    let import = world.load_with(format!("url,slug\n{file}"), &[("on-conflict", "fail")]).await;
    assert_eq!((import.status, import.counts), (ImportStatus::Failed, counts(40, 0, 0, 1)));
    assert!(import.error.as_deref().unwrap().contains("row 41"), "{:?}", import.error);
    assert_eq!(world.links.all().len(), 41);
    assert_eq!(world.report(&import)[0]["row"], 41);
}

#[tokio::test]
async fn what_somebody_says_about_a_file_in_the_bucket_is_checked() {
    let world = World::new();
    let options = [("domain", "s.example.org"), ("tags", "moved")];
    let import = world.load_with("url,tags\nhttps://a.example/,own\n", &options).await;
    assert_eq!(import.status, ImportStatus::Succeeded);
    let link = world.links.all().remove(0);
    assert_eq!((link.id.domain.as_str(), link.tags), ("s.example.org", vec!["own".to_owned(), "moved".to_owned()]));
    let failed = world.load_with("https://b.example/\n", &[("on-conflict", "explode")]).await;
    assert_eq!(failed.status, ImportStatus::Failed);
    assert!(failed.error.as_deref().unwrap().contains("on-conflict"), "{:?}", failed.error);
}

/// Links in a table that takes only so many writes between two pauses, and counts the calls.
struct Busy {
    inner: Arc<MemoryLinks>,
    room: std::sync::atomic::AtomicUsize,
}

#[async_trait::async_trait]
impl LinkBatch for Busy {
    async fn insert_all(&self, links: &[Link]) -> Result<Vec<Inserted>, StoreError> {
        use std::sync::atomic::Ordering::SeqCst;
        let room = self.room.fetch_update(SeqCst, SeqCst, |room| Some(room.saturating_sub(links.len()))).unwrap();
        if room == 0 {
            return Err(StoreError::new("links.insert_all", StoreErrorKind::Throttled, "busy"));
        }
        let taken = room.min(links.len());
        let mut inserted = self.inner.insert_all(&links[..taken]).await?;
        inserted.resize(links.len(), Inserted::Busy);
        Ok(inserted)
    }
    async fn get_all(&self, ids: &[LinkId]) -> Result<Vec<Option<Link>>, StoreError> {
        self.inner.get_all(ids).await
    }
    async fn replace(&self, seen: &Link, next: &Link) -> Result<bool, StoreError> {
        LinkBatch::replace(self.inner.as_ref(), seen, next).await
    }
}

#[async_trait::async_trait]
impl Timer for Busy {
    async fn pause(&self, _: u64) {
        self.room.store(40, std::sync::atomic::Ordering::SeqCst);
    }
}

#[tokio::test]
async fn a_busy_table_costs_time_but_no_row() {
    let world = World::new();
    let file: String = (0..3000).map(|n| format!("https://{n}.example/\n")).collect();
    world.objects.put("imports/acme/x", file);
    let busy = Arc::new(Busy { inner: world.links.clone(), room: 100.into() });
    let loader = Loader { links: busy.clone(), timer: busy, ..world.loader() };
    let loaded = load_import(&loader, "imports/acme/x", "", &world.delivery("r1")).await.unwrap();
    let Loaded::Finished(import) = loaded else { panic!("{loaded:?}") };
    assert_eq!((import.status, import.counts), (ImportStatus::Succeeded, counts(3000, 0, 0, 0)));
}

/// A table that takes nothing, and a clock that goes on while it is waited for.
struct Stuck(Arc<FixedClock>);

#[async_trait::async_trait]
impl LinkBatch for Stuck {
    async fn insert_all(&self, _: &[Link]) -> Result<Vec<Inserted>, StoreError> {
        Err(StoreError::new("links.insert_all", StoreErrorKind::Throttled, "busy"))
    }
    async fn get_all(&self, ids: &[LinkId]) -> Result<Vec<Option<Link>>, StoreError> {
        Ok(vec![None; ids.len()])
    }
    async fn replace(&self, _: &Link, _: &Link) -> Result<bool, StoreError> {
        Ok(false)
    }
}

#[async_trait::async_trait]
impl Timer for Stuck {
    async fn pause(&self, _: u64) {
        self.0.advance(5);
    }
}

#[tokio::test]
async fn a_table_that_takes_nothing_at_all_is_given_up_in_time_and_tried_again() {
    let world = World::new();
    world.objects.put("imports/acme/x", "https://a.example/\n");
    let stuck = Arc::new(Stuck(world.clock.clone()));
    let loader = Loader { links: stuck.clone(), timer: stuck, ..world.loader() };
    let delivery = world.delivery("r1");
    let error = load_import(&loader, "imports/acme/x", "", &delivery).await.unwrap_err();
    assert!(error.is_retryable() && world.clock.now() < delivery.deadline, "{error}");
    let loaded = world.deliver("imports/acme/x", "", "r2").await;
    assert!(matches!(loaded, Loaded::Finished(_)), "{loaded:?}");
}

/// Links that vanish between being taken and being read.
struct Vanishing(Arc<MemoryLinks>);

#[async_trait::async_trait]
impl LinkBatch for Vanishing {
    async fn insert_all(&self, links: &[Link]) -> Result<Vec<Inserted>, StoreError> {
        self.0.insert_all(links).await
    }
    async fn replace(&self, seen: &Link, next: &Link) -> Result<bool, StoreError> {
        LinkBatch::replace(self.0.as_ref(), seen, next).await
    }
    async fn get_all(&self, ids: &[LinkId]) -> Result<Vec<Option<Link>>, StoreError> {
        for id in ids {
            self.0.delete(id, &WorkspaceId::parse("other").unwrap()).await?;
        }
        self.0.get_all(ids).await
    }
}

#[tokio::test]
async fn a_slug_that_becomes_free_meanwhile_is_taken() {
    let world = World::new();
    world.links.insert(&link("other", "a", "https://theirs.example/")).await.unwrap();
    world.objects.put("imports/acme/x", "url,slug\nhttps://a.example/,a\n");
    let loader = Loader { links: Arc::new(Vanishing(world.links.clone())), ..world.loader() };
    let loaded = load_import(&loader, "imports/acme/x", "", &world.delivery("r1")).await.unwrap();
    let Loaded::Finished(import) = loaded else { panic!("{loaded:?}") };
    assert_eq!(import.counts, counts(1, 0, 0, 0));
}
