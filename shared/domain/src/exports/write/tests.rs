use std::io::Read;
use std::sync::Arc;

use futures::stream::StreamExt;
use proptest::prelude::*;

use super::*;
use crate::access::key::{Caller, Role};
use crate::exports::checkpoint::Checkpoint;
use crate::exports::export::ExportFormat;
use crate::exports::export::ExportStatus;
use crate::exports::find::{FindExportPorts, find_export};
use crate::exports::ports::ExportStore;
use crate::exports::start::{NewExport, StartExportPorts, start_export};
use crate::files::ports::FileStore;
use crate::files::retention::Retention;
use crate::imports::job::counts::Counts;
use crate::imports::job::import::Import;
use crate::imports::load::{Loaded, load_import};
use crate::imports::load_ports::LoadImportPorts;
use crate::jobs::lease::Lease;
use crate::links::address::LinkAddress;
use crate::links::link::{Link, check_tags, check_title};
use crate::links::ports::LinkWriter;
use crate::links::preview::LinkPreview;
use crate::links::settings::{Conditions, LinkSettings, QueryCondition, QueryConflict, RedirectStatus, Rule, Variant};
use crate::ports::Clock;
use crate::testing::domains::MemoryDomains;
use crate::testing::exports::{MemoryExportQueue, MemoryExports};
use crate::testing::files::{MemoryFileStore, MemorySigner, MemoryUploads};
use crate::testing::imports::{MemoryImports, MemoryPartQueue, MemoryParts};
use crate::testing::jobs::MemoryTimer;
use crate::testing::jobs::delivery;
use crate::testing::links::MemoryLinks;
use crate::testing::samples::{broken_check, caller, link};
use crate::testing::system::{FixedClock, SeededRandom};
use crate::testing::workspaces::MemoryWorkspaces;
use crate::values::domains::{Domain, Domains};
use crate::values::error::Error;
use crate::values::slug::Slug;
use crate::values::target::TargetUrl;
use crate::visitors::device::Device;

struct World {
    exports: Arc<MemoryExports>,
    queue: Arc<MemoryExportQueue>,
    links: Arc<MemoryLinks>,
    files: MemoryFileStore,
    clock: Arc<FixedClock>,
    domain_settings: Arc<MemoryDomains>,
}

impl World {
    fn find_ports(&self) -> FindExportPorts<'_> {
        let (exports, clock) = (self.exports.as_ref(), self.clock.as_ref());
        FindExportPorts { exports, files: &MemorySigner, clock, retention: Retention::days(30) }
    }

    fn new() -> Self {
        Self {
            exports: Arc::default(),
            queue: Arc::default(),
            links: Arc::default(),
            files: MemoryFileStore::default(),
            clock: Arc::new(FixedClock::at("2026-03-01T00:00:00Z")),
            domain_settings: Arc::default(),
        }
    }

    fn ports(&self) -> WriteExportPorts {
        WriteExportPorts {
            exports: self.exports.clone(),
            queue: self.queue.clone(),
            links: self.links.clone(),
            files: Arc::new(self.files.clone()),
            clock: self.clock.clone(),
            timer: Arc::new(MemoryTimer::default()),
            part_bytes: Checkpoint::PART_BYTES,
        }
    }

    async fn start(&self, caller: &Caller, new: NewExport) -> Export {
        let ports = StartExportPorts {
            exports: self.exports.as_ref(),
            queue: self.queue.as_ref(),
            clock: self.clock.as_ref(),
            random: &SeededRandom::new(1),
        };
        start_export(&ports, caller, new).await.unwrap()
    }

    fn delivery(&self, request_id: &str, seconds: i64) -> Delivery {
        delivery(request_id, self.clock.now().plus_seconds(seconds))
    }

    /// Writes the export that is in the queue.
    async fn write(&self) -> Export {
        let request = self.queue.take().remove(0);
        let written = write_export(&self.ports(), &request, &self.delivery("r1", 900)).await.unwrap();
        let Written::Finished(export) = written else { panic!("{written:?}") };
        *export
    }

    /// Returns the content of a file.
    async fn bytes(&self, key: &str) -> Vec<u8> {
        let (mut file, mut body) = (Vec::new(), self.files.read(key).await.unwrap());
        while let Some(piece) = body.next().await {
            file.extend_from_slice(&piece.unwrap());
        }
        file
    }

    /// Imports `file` into an empty table; returns the import and the links.
    async fn import(&self, file: impl Into<bytes::Bytes>) -> (Import, Vec<Link>) {
        let links = Arc::new(MemoryLinks::default());
        let objects = Arc::new(MemoryUploads::default());
        objects.put("imports/acme/x", file);
        let ports = LoadImportPorts {
            imports: Arc::new(MemoryImports::default()),
            parts: Arc::new(MemoryParts::default()),
            settings: Arc::new(MemoryWorkspaces::default()),
            queue: Arc::new(MemoryPartQueue::default()),
            links: links.clone(),
            objects,
            reports: Arc::new(self.files.clone()),
            clock: self.clock.clone(),
            timer: Arc::new(MemoryTimer::default()),
            domains: Domains::parse("go.example.com,s.example.org").unwrap(),
            domain_settings: self.domain_settings.clone(),
            max_bytes: 1_000_000,
            part_bytes: 1_000_000,
        };
        let loaded = load_import(&ports, "imports/acme/x", "", &self.delivery("r2", 900)).await.unwrap();
        let Loaded::Finished(import) = loaded else { panic!("{loaded:?}") };
        (*import, links.all())
    }
}

fn target(url: &str) -> TargetUrl {
    TargetUrl::parse(url, &Domains::parse("go.example.com").unwrap()).unwrap()
}

/// Makes links with everything that a link can have except a password.
fn links_of_all_kinds() -> Vec<Link> {
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
    full.settings.starts_at = time("2026-02-01T00:00:00Z");
    full.settings.expires_at = time("2027-02-01T00:00:00.500Z");
    full.settings.expired_url = Some(target("https://gone.example/"));
    full.settings.max_clicks = Some(1000);
    full.settings.redirect_status = RedirectStatus::PermanentRedirect;
    full.settings.forward_query = true;
    full.settings.query_conflict = QueryConflict::VisitorWins;
    full.settings.forward_path = true;
    full.settings.landing = true;
    full.settings.preview = Some(LinkPreview {
        title: Some("=Docs, \"all\"".into()),
        description: Some("ä|b".into()),
        image: Some(target("https://i.example/a.png")),
    });
    full.settings.archived = true;
    let conditions = Conditions { device: vec![Device::Mobile], country: vec!["CH".into()], ..Conditions::default() };
    full.settings.rules = vec![Rule { conditions, url: target("https://m.example/") }];
    let variant = |name: &str, weight| Variant { name: name.into(), url: target("https://v.example/"), weight };
    full.settings.variants = vec![variant("a", 1), variant("b", 999)];
    links.extend([titled, tagged, full]);
    links
}

#[tokio::test]
async fn importing_an_export_gives_the_same_links() {
    for (format, name) in [(ExportFormat::Csv, "csv"), (ExportFormat::Jsonl, "jsonl")] {
        let world = World::new();
        let links = links_of_all_kinds();
        for link in links.iter().chain(&[link("other", "foreign", "https://theirs.example/")]) {
            world.links.insert(link).await.unwrap();
        }
        let viewer = caller("acme", Role::Viewer);
        let started = world.start(&viewer, NewExport { format, ..NewExport::default() }).await;
        let export = world.write().await;
        assert_eq!((export.status, export.links), (ExportStatus::Succeeded, 23));
        let (key, file) = world.files.all().pop_first().unwrap();
        assert_eq!((key, export.bytes), (format!("exports/acme/{}.{name}", started.id), Some(file.len() as u64)));
        let id = started.id.to_string();
        let (found, url) = find_export(&world.find_ports(), &viewer, &id).await.unwrap();
        assert!(found == export && url.unwrap().contains("/exports/acme/"));

        let (import, mut imported) = world.import(file).await;
        let all = Counts { read: 23, created: 23, ..Counts::default() };
        assert_eq!(import.counts, all, "{name}: {:?}", world.files.all().into_values().next_back());
        for link in &mut imported {
            assert!(link.created_by.take().is_some_and(|by| by.starts_with("imp_")), "the import made the link");
            (link.origin, link.stored_id) = (None, None);
        }
        let by_slug = |links: &mut Vec<Link>| links.sort_by_key(|link| link.address.slug.to_string());
        let mut links = links;
        by_slug(&mut links);
        by_slug(&mut imported);
        assert_eq!(imported, links, "{name}");
    }
}

#[tokio::test]
async fn locked_link_is_exported_without_password_and_imported_archived() {
    for format in [ExportFormat::Csv, ExportFormat::Jsonl] {
        let world = World::new();
        let mut secret = link("acme", "secret", "https://secret.example/");
        secret.settings.password_hash = Some("$argon2id$v=19$hash".into());
        world.links.insert(&secret).await.unwrap();
        world.start(&caller("acme", Role::Viewer), NewExport { format, ..NewExport::default() }).await;
        let export = world.write().await;
        let file = world.files.all()[&export.object_key()].clone();
        assert!(!file.contains("argon2") && file.contains("has_password"), "{file}");
        let (import, imported) = world.import(file).await;
        assert_eq!((import.counts.created, import.counts.warned), (1, 1));
        assert!(imported[0].settings.archived && imported[0].settings.password_hash.is_none());
    }
}

#[tokio::test]
async fn compressed_file_has_a_gz_key() {
    let world = World::new();
    world.links.insert(&link("acme", "a", "https://a.example/")).await.unwrap();
    world
        .start(&caller("acme", Role::Viewer), NewExport { format: ExportFormat::Jsonl, gzip: true, passwords: false })
        .await;
    let export = world.write().await;
    assert!(export.object_key().ends_with(".jsonl.gz"));
    let file = world.bytes(&export.object_key()).await;
    assert_eq!(export.bytes, Some(file.len() as u64));
    let mut text = String::new();
    flate2::read::GzDecoder::new(file.as_slice()).read_to_string(&mut text).unwrap();
    assert!(text.starts_with("{\"url\":\"https://a.example/\"") && text.ends_with("}\n"), "{text}");
}

#[tokio::test]
async fn export_survives_a_crash_and_is_written_once() {
    let world = World::new();
    for link in links_of_all_kinds() {
        world.links.insert(&link).await.unwrap();
    }
    world.start(&caller("acme", Role::Viewer), NewExport::default()).await;
    let request = world.queue.take().remove(0);
    world.links.fail(true);
    let ports = world.ports();
    assert!(write_export(&ports, &request, &world.delivery("r1", 900)).await.is_err());
    world.links.fail(false);
    // The lease of an invocation that was killed.
    let stored = world.exports.get(&request.workspace, &request.export).await.unwrap().unwrap();
    let lease = Lease { owner: "r2".into(), attempt: 1, until: world.clock.now().plus_seconds(900) };
    world.exports.replace(&stored.leased(lease, 0)).await.unwrap();
    let busy = write_export(&ports, &request, &world.delivery("r3", 900)).await.unwrap();
    assert!(matches!(busy, Written::Busy { .. }), "{busy:?}");
    world.clock.advance(901);
    let written = write_export(&ports, &request, &world.delivery("r3", 900)).await.unwrap();
    assert!(matches!(&written, Written::Finished(export) if export.links == 23), "{written:?}");
    let again = write_export(&ports, &request, &world.delivery("r4", 900)).await.unwrap();
    assert_eq!(again, Written::Gone);
}

#[tokio::test]
async fn lease_ends_with_an_invocation_that_fails() {
    let world = World::new();
    world.links.insert(&link("acme", "a", "https://a.example/")).await.unwrap();
    world.start(&caller("acme", Role::Viewer), NewExport::default()).await;
    let request = world.queue.take().remove(0);
    world.links.fail(true);
    let timer = Arc::new(MemoryTimer::default());
    let ports = WriteExportPorts { timer: timer.clone(), ..world.ports() };
    assert!(write_export(&ports, &request, &world.delivery("r1", 900)).await.is_err());
    assert!(timer.paused_ms() > 10_000, "the page was asked for again");
    world.links.fail(false);
    let written = write_export(&ports, &request, &world.delivery("r2", 900)).await.unwrap();
    assert!(matches!(written, Written::Finished(_)), "{written:?}");
}

#[tokio::test]
async fn export_begins_anew_when_its_upload_has_ended_but_not_for_ever() {
    let world = World::new();
    for link in links_of_all_kinds() {
        world.links.insert(&link).await.unwrap();
    }
    world.start(&caller("acme", Role::Viewer), NewExport::default()).await;
    let ports = WriteExportPorts { part_bytes: 300, ..world.ports() };
    let mut ended = None;
    for _ in 0..100 {
        let Some(request) = world.queue.take().pop() else { break };
        if let Written::Finished(export) = write_export(&ports, &request, &world.delivery("r1", 0)).await.unwrap() {
            ended = Some(export);
        }
        world.files.end_uploads();
    }
    let export = ended.unwrap();
    assert_eq!(export.status, ExportStatus::Failed);
    assert_eq!(export.error.as_deref(), Some("the bucket lost the unfinished file 4 times"));
}

#[tokio::test]
async fn only_an_admin_exports_passwords() {
    for (format, name) in [(ExportFormat::Csv, "csv"), (ExportFormat::Jsonl, "jsonl")] {
        let world = World::new();
        let mut secret = link("acme", "secret", "https://secret.example/");
        secret.settings.password_hash = Some("$argon2id$v=19$hash".into());
        world.links.insert(&secret).await.unwrap();
        let (admin, editor) = (caller("acme", Role::Admin), caller("acme", Role::Editor));
        let new = NewExport { format, passwords: true, ..NewExport::default() };
        let ports = StartExportPorts {
            exports: world.exports.as_ref(),
            queue: world.queue.as_ref(),
            clock: world.clock.as_ref(),
            random: &SeededRandom::new(2),
        };
        assert!(matches!(start_export(&ports, &editor, new).await, Err(Error::Forbidden(_))));
        let id = world.start(&admin, new).await.id.to_string();
        let export = world.write().await;
        let file = world.files.all()[&export.object_key()].clone();
        assert!(file.contains("$argon2id$v=19$hash") && file.contains("has_password"), "{name} {file}");
        let found = find_export(&world.find_ports(), &editor, &id).await;
        assert!(matches!(found, Err(Error::Forbidden(_))));
        assert!(find_export(&world.find_ports(), &admin, &id).await.unwrap().1.is_some());
    }
}

#[tokio::test]
async fn foreign_export_is_not_found() {
    let world = World::new();
    world.start(&caller("acme", Role::Viewer), NewExport::default()).await;
    let id = world.write().await.id.to_string();
    for (workspace, id) in [("other", id.as_str()), ("acme", "exp_x"), ("acme", "")] {
        let found = find_export(&world.find_ports(), &caller(workspace, Role::Admin), id).await;
        assert!(matches!(found, Err(Error::NotFound(_))), "{workspace} {id}");
    }
}

/// Generates texts that a spreadsheet, or a reader of CSV, could take for something else.
fn any_text() -> impl Strategy<Value = String> {
    let special = "'{0,2}[=+@;|,\"\u{ff1d}\u{ff0b}\u{ff0d}\u{ff20}\\[\\]a' -]{1,8}";
    prop_oneof![3 => special, 1 => "\\PC{1,12}"]
}

/// Generates times, in milliseconds, from 1970 to 2100.
fn any_time() -> impl Strategy<Value = Timestamp> {
    (0..4_102_444_800_000_i64).prop_map(|millis| Timestamp::from_millis(millis).unwrap())
}

fn any_target() -> impl Strategy<Value = TargetUrl> {
    "(;=|,-|\\|@|=|'|a|&|\"|%C3%BC){0,8}".prop_map(|query| target(&format!("https://a.example/p?{query}")))
}

fn any_conditions() -> impl Strategy<Value = Conditions> {
    let query = (any_text(), prop::option::of(".{0,9}")).prop_map(|(name, value)| QueryCondition { name, value });
    let device = prop::collection::vec(prop::sample::select(vec![Device::Mobile, Device::Desktop]), 0..3);
    let country = prop::collection::vec(prop::sample::select(vec!["CH".to_owned(), "DE".to_owned()]), 0..3);
    let language = prop::collection::vec(prop::sample::select(vec!["de".to_owned(), "en-GB".to_owned()]), 0..3);
    let rest = (prop::collection::vec(query, 1..4), prop::option::of(any_time()));
    (device, country, language, rest).prop_map(|(device, country, language, (query, after))| Conditions {
        device,
        country,
        language,
        query,
        after,
        before: after.map(|after| after.plus_seconds(1)),
        ..Conditions::default()
    })
}

fn any_settings() -> impl Strategy<Value = LinkSettings> {
    let span = (prop::option::of(any_time()), prop::option::of(any_time()));
    let times = span
        .prop_map(|(from, to)| if from.zip(to).is_some_and(|(from, to)| to <= from) { (to, None) } else { (from, to) });
    let status = [301, 302, 307, 308].map(|code| RedirectStatus::try_from(code).unwrap());
    let rule = (any_conditions(), any_target()).prop_map(|(conditions, url)| Rule { conditions, url });
    let variant = (any_target(), 1..=1000_u16);
    (
        (times, prop::option::of(any_target()), prop::option::of(1..=1_000_000_000_000_u64)),
        (prop::sample::select(status.to_vec()), any::<[bool; 5]>()),
        (prop::collection::vec(rule, 0..3), prop::collection::vec(variant, 0..3), prop::option::of(any_text())),
    )
        .prop_map(|((times, expired_url, max_clicks), (redirect_status, flags), (rules, variants, preview))| {
            let variants = variants.into_iter().enumerate();
            let [forward_query, forward_path, landing, archived, visitor_wins] = flags;
            let query_conflict = if visitor_wins { QueryConflict::VisitorWins } else { QueryConflict::TargetWins };
            LinkSettings {
                starts_at: times.0,
                expires_at: times.1,
                expired_url,
                max_clicks,
                redirect_status,
                forward_query,
                query_conflict,
                forward_path,
                landing,
                archived,
                rules,
                preview: preview
                    .and_then(|text| check_title(&text).ok())
                    .map(|title| LinkPreview { title: Some(title), ..LinkPreview::default() }),
                variants: variants.map(|(n, (url, weight))| Variant { name: format!("-{n}_"), url, weight }).collect(),
                ..LinkSettings::default()
            }
        })
}

fn any_slug() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z0-9-][a-z0-9._~-]{0,9}",
        "[a-z0-9-][a-z0-9._~-]{0,3}(/[a-z0-9_~-]{1,4}){1,3}",
        "[a-zäöüß]{1,6}(/[a-zäöüß]{1,4})?",
        // Some of these letters alone look like ASCII: `б` like 6. With the first they never do.
        "ж[бгджи]{0,5}(/[a-z]{1,4})?",
        "[日本語]{1,4}",
        "(🎉|👩\u{200d}💻|👍🏽|❤\u{fe0f}|🇨🇭|[a-z]){1,4}",
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn any_link_survives_export_and_import(
        (title, tags) in (any_text(), prop::collection::vec(any_text(), 0..4)),
        (slug, on_other_domain, created_at) in (any_slug(), any::<bool>(), any_time()),
        (url, clicks, settings) in (any_target(), prop::option::of(any::<u32>()), any_settings()),
        (jsonl, gzip) in any::<(bool, bool)>(),
        aliases in prop::collection::btree_set("a-[a-z0-9._~-]{0,9}(/[äö🎉a-z]{1,3})?", 0..4),
    ) {
        let mut wanted = link("acme", "x", "https://a.example/");
        wanted.url = url;
        wanted.address.slug = Slug::parse(slug.as_str()).unwrap_or(wanted.address.slug);
        if on_other_domain {
            wanted.address.domain = Domain::parse("s.example.org").unwrap();
        }
        let (address, here) = (wanted.address.clone(), Domain::parse("go.example.com").unwrap());
        let aliases = aliases.into_iter().enumerate();
        let alias = |(n, slug): (usize, String)| {
            let domain = if n % 2 == 0 { address.domain.clone() } else { here.clone() };
            LinkAddress { domain, slug: Slug::parse(slug.as_str()).unwrap() }
        };
        wanted.aliases = aliases.map(alias).filter(|alias| *alias != address).collect();
        wanted.title = check_title(&title).ok();
        wanted.tags = check_tags(tags.iter().map(String::as_str)).unwrap_or_default();
        // The clock of this world shows March 2026.
        wanted.created_at = created_at.min(Timestamp::parse("2026-03-01T00:00:00Z").unwrap());
        wanted.imported_clicks = clicks.map(u64::from);
        // Whoever made the link, the import makes its copy.
        wanted.created_by = Some("key_1".to_owned());
        wanted.changed_by = clicks.map(|_| "sub_1".to_owned());
        // What checks found out about the target stays behind.
        wanted.target_check = clicks.map(|_| broken_check("2026-01-02T03:04:05Z"));
        wanted.settings = settings;
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let imported = runtime.block_on(async {
            let world = World::new();
            for domain in ["go.example.com", "s.example.org"] {
                world.domain_settings.set(domain, serde_json::json!({"slugs": {"slashes": true, "characters": "unicode"}}));
            }
            world.links.insert(&wanted).await.unwrap();
            let format = if jsonl { ExportFormat::Jsonl } else { ExportFormat::Csv };
            world.start(&caller("acme", Role::Viewer), NewExport { format, gzip, passwords: false }).await;
            let export = world.write().await;
            world.import(world.bytes(&export.object_key()).await).await.1
        });
        let imported: Vec<Link> = imported.into_iter().map(|link| Link { origin: None, stored_id: None, revision: 0, ..link }).collect();
        let import = imported.first().and_then(|link| link.created_by.clone());
        prop_assert!(import.as_deref().is_some_and(|id| id.starts_with("imp_")), "{:?}", import);
        prop_assert_eq!(imported, [Link { created_by: import, changed_by: None, target_check: None, ..wanted }]);
    }
}
