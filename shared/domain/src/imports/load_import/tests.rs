use super::*;
use crate::imports::ImportStatus;
use crate::imports::memory::{MemoryImports, MemoryObjects, MemoryReports};
use crate::memory::{FixedClock, MemoryLinks, SeededRandom, link};
use crate::ports::LinkWriter;
use crate::{Link, LinkId, Slug, WorkspaceId};

struct World {
    imports: Arc<MemoryImports>,
    links: Arc<MemoryLinks>,
    objects: Arc<MemoryObjects>,
    reports: MemoryReports,
    clock: Arc<FixedClock>,
}

impl World {
    fn new() -> Self {
        Self {
            imports: Arc::default(),
            links: Arc::default(),
            objects: Arc::default(),
            reports: MemoryReports::default(),
            clock: Arc::new(FixedClock::at("2026-01-02T00:00:00Z")),
        }
    }

    fn loader(&self) -> Loader {
        Loader {
            imports: self.imports.clone(),
            links: self.links.clone(),
            objects: self.objects.clone(),
            reports: Arc::new(self.reports.clone()),
            clock: self.clock.clone(),
            domains: Domains::parse("go.example.com").unwrap(),
            max_bytes: 1_000_000,
        }
    }

    fn delivery(&self, request_id: &str) -> Delivery {
        Delivery { request_id: request_id.to_owned(), deadline: self.clock.now().plus_seconds(900) }
    }

    async fn deliver(&self, key: &str, etag: &str, request_id: &str) -> Loaded {
        load_import(&self.loader(), key, etag, &self.delivery(request_id)).await.unwrap()
    }

    /// Puts `file` into the bucket and delivers its event.
    async fn load(&self, file: impl AsRef<[u8]>) -> Import {
        let file = file.as_ref().to_vec();
        let etag = MemoryObjects::etag(&file);
        self.objects.put("imports/acme/links.csv", file);
        match self.deliver("imports/acme/links.csv", &etag, "r1").await {
            Loaded::Finished(import) => *import,
            Loaded::Skipped(reason) => panic!("{reason}"),
        }
    }

    fn report(&self, import: &Import) -> Vec<serde_json::Value> {
        let report = self.reports.all().remove(&format!("reports/acme/{}.jsonl", import.id)).unwrap_or_default();
        report.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

fn counts(created: u64, unchanged: u64, invalid: u64, conflicting: u64) -> Counts {
    Counts { read: created + unchanged + invalid + conflicting, created, unchanged, invalid, conflicting }
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
async fn a_row_without_a_slug_steps_aside_for_a_foreign_link() {
    let world = World::new();
    let file = b"https://a.example/\n";
    let id = ImportId::for_object("imports/acme/links.csv", &MemoryObjects::etag(file));
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
    let id = ImportId::for_object("imports/acme/links.csv", &MemoryObjects::etag(file));
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
        assert_eq!(again, Loaded::Skipped(Skipped::Unclaimable(Unclaimable::Finished)));
    }
    assert_eq!((world.imports.all(), world.links.all(), world.reports.all()), before);
}

#[tokio::test]
async fn two_deliveries_at_once_load_the_file_once() {
    let world = World::new();
    let file = b"https://a.example/\nhttps://b.example/\n".to_vec();
    let etag = MemoryObjects::etag(&file);
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
        let claim = Claim { owner: "r1".into(), until: world.clock.now().plus_seconds(900) };
        let running = import.claimed(claim, "e1", 19, world.clock.now()).unwrap();
        world.imports.replace(&running).await.unwrap();
        if replaced {
            world.objects.put(import.object_key.as_str(), "https://b.example/\n");
        }
        let other = world.deliver(&import.object_key, "e1", "r2").await;
        assert!(matches!(other, Loaded::Skipped(Skipped::Unclaimable(Unclaimable::Claimed { .. }))), "{other:?}");
        let Loaded::Finished(failed) = world.deliver(&import.object_key, "e1", "r1").await else { panic!() };
        let reason = if replaced { "replaced" } else { "deleted" };
        assert!(failed.error.as_deref().unwrap().contains(reason), "{:?}", failed.error);
        assert!(world.links.all().is_empty());
    }
}

#[tokio::test]
async fn a_store_that_is_away_fails_the_invocation_and_leaves_the_import_free() {
    let world = World::new();
    let file = b"https://a.example/\n".to_vec();
    let etag = MemoryObjects::etag(&file);
    world.objects.put("imports/acme/x", file);
    world.links.fail(true);
    let result = load_import(&world.loader(), "imports/acme/x", &etag, &world.delivery("r1")).await;
    assert!(result.unwrap_err().is_retryable());
    assert_eq!((world.imports.all()[0].status, &world.imports.all()[0].claim), (ImportStatus::Running, &None));
    world.links.fail(false);
    assert!(matches!(world.deliver("imports/acme/x", &etag, "r2").await, Loaded::Finished(_)));
}

#[tokio::test]
async fn an_invocation_that_runs_out_of_time_says_how_far_it_came() {
    let world = World::new();
    let file: String = (0..1000).map(|n| format!("https://{n}.example/\n")).collect();
    let etag = MemoryObjects::etag(file.as_bytes());
    world.objects.put("imports/acme/x", file);
    let delivery = Delivery { request_id: "r1".into(), deadline: world.clock.now().plus_seconds(10) };
    let loaded = load_import(&world.loader(), "imports/acme/x", &etag, &delivery).await.unwrap();
    let Loaded::Finished(import) = loaded else { panic!("{loaded:?}") };
    assert_eq!(import.status, ImportStatus::Failed);
    assert_eq!(import.counts.created, world.links.all().len() as u64, "what was on its way is counted");
    let expected = format!("it ended after row {}", import.counts.read);
    assert!(import.error.as_deref().unwrap().contains(&expected), "{:?}", import.error);
}

/// Links that vanish between being taken and being read.
struct Vanishing(Arc<MemoryLinks>);

#[async_trait::async_trait]
impl LinkBatch for Vanishing {
    async fn insert_all(&self, links: &[Link]) -> Result<Vec<bool>, StoreError> {
        self.0.insert_all(links).await
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
