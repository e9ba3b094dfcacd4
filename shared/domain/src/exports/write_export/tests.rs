use std::io::Read;

use futures::stream::StreamExt;

use super::*;
use crate::behaviour::{Conditions, Device};
use crate::exports::ExportStatus;
use crate::exports::find_export::find_export;
use crate::exports::memory::{MemoryExportQueue, MemoryExports};
use crate::exports::start_export::{NewExport, start_export};
use crate::imports::Counts;
use crate::imports::load_import::{Loaded, Loader, load_import};
use crate::imports::memory::{
    MemoryImports, MemoryObjects, MemoryParts, MemoryQueue, MemoryReports, MemorySigner, MemoryTimer,
};
use crate::memory::{FixedClock, MemoryLinks, SeededRandom, caller, link};
use crate::ports::LinkWriter;
use crate::{Caller, Domains, Error, RedirectStatus, Role, Rule, TargetUrl, Variant};

struct World {
    exports: Arc<MemoryExports>,
    queue: MemoryExportQueue,
    links: Arc<MemoryLinks>,
    files: MemoryReports,
    clock: Arc<FixedClock>,
}

impl World {
    fn new() -> Self {
        Self {
            exports: Arc::default(),
            queue: MemoryExportQueue::default(),
            links: Arc::default(),
            files: MemoryReports::default(),
            clock: Arc::new(FixedClock::at("2026-03-01T00:00:00Z")),
        }
    }

    fn exporter(&self) -> Exporter {
        Exporter {
            exports: self.exports.clone(),
            links: self.links.clone(),
            files: Arc::new(self.files.clone()),
            clock: self.clock.clone(),
        }
    }

    async fn start(&self, caller: &Caller, new: NewExport) -> Export {
        let random = SeededRandom::new(1);
        start_export(self.exports.as_ref(), &self.queue, self.clock.as_ref(), &random, caller, new).await.unwrap()
    }

    fn delivery(&self, request_id: &str, seconds: i64) -> Delivery {
        Delivery { request_id: request_id.to_owned(), deadline: self.clock.now().plus_seconds(seconds) }
    }

    async fn write(&self) -> Export {
        let request = self.queue.take().remove(0);
        let written = write_export(&self.exporter(), &request, &self.delivery("r1", 900)).await.unwrap();
        let Written::Finished(export) = written else { panic!("{written:?}") };
        *export
    }
}

fn target(url: &str) -> TargetUrl {
    TargetUrl::parse(url, &Domains::parse("go.example.com").unwrap()).unwrap()
}

/// Links with everything that a link can have but a password.
fn all_kinds() -> Vec<Link> {
    let time = |text| Some(Timestamp::parse(text).unwrap());
    let mut links: Vec<Link> =
        (0..20).map(|n| link("acme", &format!("plain{n}"), "https://plain.example/?a=1,2")).collect();
    let mut titled = link("acme", "-titled~", "https://titled.example/");
    titled.title = Some("=SUM(A1) \"quoted\", ü".into());
    titled.tags = vec!["a".into(), "b c".into()];
    let mut tagged = link("acme", "tagged", "https://tagged.example/");
    tagged.tags = vec!["a,b".into(), "c|d".into(), "=e".into(), "'f".into()];
    tagged.imported_clicks = Some(7);
    tagged.created_at = Timestamp::parse("2019-05-06T07:08:09.123Z").unwrap();
    let mut full = link("acme", "full", "https://full.example/");
    full.behaviour.starts_at = time("2026-02-01T00:00:00Z");
    full.behaviour.expires_at = time("2027-02-01T00:00:00.500Z");
    full.behaviour.expired_url = Some(target("https://gone.example/"));
    full.behaviour.max_clicks = Some(1000);
    full.behaviour.redirect_status = RedirectStatus::PermanentRedirect;
    full.behaviour.forward_query = true;
    full.behaviour.archived = true;
    let conditions = Conditions { device: vec![Device::Mobile], country: vec!["CH".into()], ..Conditions::default() };
    full.behaviour.rules = vec![Rule { conditions, url: target("https://m.example/") }];
    let variant = |name: &str, weight| Variant { name: name.into(), url: target("https://v.example/"), weight };
    full.behaviour.variants = vec![variant("a", 1), variant("b", 999)];
    links.extend([titled, tagged, full]);
    links
}

#[tokio::test]
async fn an_export_is_imported_to_the_same_links() {
    for (format, name) in [(ExportFormat::Csv, "csv"), (ExportFormat::Jsonl, "jsonl")] {
        let world = World::new();
        let links = all_kinds();
        for link in links.iter().chain(&[link("other", "foreign", "https://theirs.example/")]) {
            world.links.insert(link).await.unwrap();
        }
        let viewer = caller("acme", Role::Viewer);
        let started = world.start(&viewer, NewExport { format, gzip: false }).await;
        let export = world.write().await;
        assert_eq!((export.status, export.links), (ExportStatus::Succeeded, 23));
        let (key, file) = world.files.all().pop_first().unwrap();
        assert_eq!((key, export.bytes), (format!("exports/acme/{}.{name}", started.id), Some(file.len() as u64)));
        let id = started.id.to_string();
        let (found, url) = find_export(world.exports.as_ref(), &MemorySigner, &viewer, &id).await.unwrap();
        assert!(found == export && url.unwrap().contains("/exports/acme/"));

        let empty = Arc::new(MemoryLinks::default());
        let objects = Arc::new(MemoryObjects::default());
        objects.put("imports/acme/x", file);
        let loader = Loader {
            imports: Arc::new(MemoryImports::default()),
            parts: Arc::new(MemoryParts::default()),
            queue: Arc::new(MemoryQueue::default()),
            links: empty.clone(),
            objects,
            reports: Arc::new(world.files.clone()),
            clock: world.clock.clone(),
            timer: Arc::new(MemoryTimer::default()),
            domains: Domains::parse("go.example.com").unwrap(),
            max_bytes: 1_000_000,
            part_bytes: 1_000_000,
        };
        let loaded = load_import(&loader, "imports/acme/x", "", &world.delivery("r2", 900)).await.unwrap();
        let Loaded::Finished(import) = loaded else { panic!("{loaded:?}") };
        let all = Counts { read: 23, created: 23, ..Counts::default() };
        assert_eq!(import.counts, all, "{name}: {:?}", world.files.all().into_values().next_back());
        let mut again = empty.all();
        again.iter_mut().for_each(|link| link.origin = None);
        let by_slug = |links: &mut Vec<Link>| links.sort_by_key(|link| link.id.slug.to_string());
        let mut links = links;
        by_slug(&mut links);
        by_slug(&mut again);
        assert_eq!(again, links, "{name}");
    }
}

#[tokio::test]
async fn a_password_is_no_part_of_it_and_such_a_row_is_not_imported_as_an_open_link() {
    for format in [ExportFormat::Csv, ExportFormat::Jsonl] {
        let world = World::new();
        let mut secret = link("acme", "secret", "https://secret.example/");
        secret.behaviour.password_hash = Some("$argon2id$v=19$hash".into());
        world.links.insert(&secret).await.unwrap();
        world.start(&caller("acme", Role::Viewer), NewExport { format, gzip: false }).await;
        let export = world.write().await;
        let file = world.files.all()[&export.object_key()].clone();
        assert!(!file.contains("argon2") && file.contains("has_password"), "{file}");
        let objects = Arc::new(MemoryObjects::default());
        objects.put("imports/acme/x", file);
        let links = Arc::new(MemoryLinks::default());
        let loader = Loader {
            imports: Arc::new(MemoryImports::default()),
            parts: Arc::new(MemoryParts::default()),
            queue: Arc::new(MemoryQueue::default()),
            links: links.clone(),
            objects,
            reports: Arc::new(world.files.clone()),
            clock: world.clock.clone(),
            timer: Arc::new(MemoryTimer::default()),
            domains: Domains::parse("go.example.com").unwrap(),
            max_bytes: 1_000_000,
            part_bytes: 1_000_000,
        };
        let loaded = load_import(&loader, "imports/acme/x", "", &world.delivery("r2", 900)).await.unwrap();
        let Loaded::Finished(import) = loaded else { panic!("{loaded:?}") };
        assert_eq!((import.counts.invalid, links.all().len()), (1, 0));
    }
}

#[tokio::test]
async fn a_compressed_file_is_named_like_one() {
    let world = World::new();
    world.links.insert(&link("acme", "a", "https://a.example/")).await.unwrap();
    world.start(&caller("acme", Role::Viewer), NewExport { format: ExportFormat::Jsonl, gzip: true }).await;
    let export = world.write().await;
    assert!(export.object_key().ends_with(".jsonl.gz"));
    let mut body = world.files.read(&export.object_key()).await.unwrap();
    let mut file = Vec::new();
    while let Some(piece) = body.next().await {
        file.extend_from_slice(&piece.unwrap());
    }
    assert_eq!(export.bytes, Some(file.len() as u64));
    let mut text = String::new();
    flate2::read::GzDecoder::new(file.as_slice()).read_to_string(&mut text).unwrap();
    assert!(text.starts_with("{\"url\":\"https://a.example/\"") && text.ends_with("}\n"), "{text}");
}

#[tokio::test]
async fn a_request_that_comes_twice_is_done_once_and_a_crash_is_made_good() {
    let world = World::new();
    for link in all_kinds() {
        world.links.insert(&link).await.unwrap();
    }
    world.start(&caller("acme", Role::Viewer), NewExport::default()).await;
    let request = world.queue.take().remove(0);
    world.links.fail(true);
    let exporter = world.exporter();
    assert!(write_export(&exporter, &request, &world.delivery("r1", 900)).await.is_err());
    world.links.fail(false);
    // An invocation that was killed.
    let stored = world.exports.get(&request.workspace, &request.export).await.unwrap().unwrap();
    let claim = Claim { owner: "r2".into(), until: world.clock.now().plus_seconds(900) };
    world.exports.replace(&stored.claimed(claim)).await.unwrap();
    let busy = write_export(&exporter, &request, &world.delivery("r3", 900)).await.unwrap();
    assert!(matches!(busy, Written::Busy { .. }), "{busy:?}");
    world.clock.advance(901);
    let written = write_export(&exporter, &request, &world.delivery("r3", 900)).await.unwrap();
    assert!(matches!(&written, Written::Finished(export) if export.links == 23), "{written:?}");
    let again = write_export(&exporter, &request, &world.delivery("r4", 900)).await.unwrap();
    assert_eq!(again, Written::Gone);
}

#[tokio::test]
async fn what_takes_too_long_fails_and_a_foreign_export_looks_like_none() {
    let world = World::new();
    world.links.insert(&link("acme", "a", "https://a.example/")).await.unwrap();
    let viewer = caller("acme", Role::Viewer);
    let export = world.start(&viewer, NewExport::default()).await;
    let request = world.queue.take().remove(0);
    let written = write_export(&world.exporter(), &request, &world.delivery("r1", 10)).await.unwrap();
    assert!(matches!(&written, Written::Finished(export) if export.status == ExportStatus::Failed), "{written:?}");
    assert!(world.files.all().is_empty());
    let id = export.id.to_string();
    for (workspace, id) in [("other", id.as_str()), ("acme", "exp_x"), ("acme", "")] {
        let found = find_export(world.exports.as_ref(), &MemorySigner, &caller(workspace, Role::Admin), id).await;
        assert!(matches!(found, Err(Error::NotFound(_))), "{workspace} {id}");
    }
}
