//! Checks that a key which is limited to some links never sees or changes any other, whatever it asks for.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::collections::BTreeSet;
use std::sync::Arc;

use futures::StreamExt;
use proptest::prelude::*;
use serde_json::{Value, json};
use waypost_domain::access::key_limits::KeyLimits;
use waypost_domain::analytics::stats::ports::StatsPorts;
use waypost_domain::analytics::stats::read_link_stats::read_link_stats;
use waypost_domain::analytics::stats::read_tag_stats::read_tag_stats;
use waypost_domain::analytics::stats::read_workspace_stats::read_workspace_stats;
use waypost_domain::analytics::stats::request::StatsRequest;
use waypost_domain::catalog::ports::{CatalogLimits, CatalogPorts};
use waypost_domain::catalog::read::Catalogs;
use waypost_domain::catalog::search_links::{SearchPorts, search_links};
use waypost_domain::exports::checkpoint::Checkpoint;
use waypost_domain::exports::export::{Export, ExportFormat, ExportStatus};
use waypost_domain::exports::find::{FindExportPorts, find_export};
use waypost_domain::exports::list::list_exports;
use waypost_domain::exports::start::{NewExport, StartExportPorts, start_export};
use waypost_domain::exports::write::write_export;
use waypost_domain::exports::write_ports::WriteExportPorts;
use waypost_domain::files::ports::FileStore;
use waypost_domain::files::retention::Retention;
use waypost_domain::imports::find::find_import;
use waypost_domain::imports::job::id::ImportId;
use waypost_domain::imports::job::import::Import;
use waypost_domain::imports::job::ports::ImportStore;
use waypost_domain::imports::list::list_imports;
use waypost_domain::imports::start::{NewImport, StartImportPorts, start_import};
use waypost_domain::links::change::change_link;
use waypost_domain::links::create::create_link;
use waypost_domain::links::delete::delete_link;
use waypost_domain::links::find::find_link;
use waypost_domain::links::list::ListRequest;
use waypost_domain::links::ports::{LinkTargets, LinkWriter};
use waypost_domain::links::precondition::Precondition;
use waypost_domain::links::request::{IfExists, LinkFields};
use waypost_domain::ports::Clock;
use waypost_domain::testing::analytics::MemoryAggregates;
use waypost_domain::testing::catalog::{MemoryCatalogStore, MemoryTotals};
use waypost_domain::testing::exports::{MemoryExportQueue, MemoryExports};
use waypost_domain::testing::files::{MemoryFileStore, MemorySigner};
use waypost_domain::testing::imports::MemoryImports;
use waypost_domain::testing::jobs::MemoryTimer;
use waypost_domain::testing::links::{LinkWorld, MemoryLinks};
use waypost_domain::testing::samples::{caller, link_with_id};
use waypost_domain::testing::system::{FixedClock, SeededRandom};
use waypost_domain::values::page::PageRequest;
use waypost_domain::{Caller, Domain, Error, Link, Role};

const DOMAINS: [&str; 2] = ["go.example.com", "s.example.org"];
const TAGS: [&str; 3] = ["a", "b", "c"];
const URLS: [&str; 2] = ["https://example.com/1", "https://example.com/2"];
/// The id of the limited key.
const KEY: &str = "key_limited";

fn tags() -> impl Strategy<Value = Vec<String>> {
    proptest::sample::subsequence(TAGS.to_vec(), 0..=2).prop_map(|tags| tags.into_iter().map(str::to_owned).collect())
}

/// Links of the workspace, each at an address of its own; some lead to the same target.
fn links() -> impl Strategy<Value = Vec<Link>> {
    let one = (0..2_usize, tags(), 0..3_usize, 0..2_usize, any::<bool>());
    proptest::collection::vec(one, 1..8).prop_map(|all| {
        let make =
            |(number, (domain, tags, creator, url, archived)): (usize, (usize, Vec<String>, usize, usize, bool))| {
                let slug = format!("s{number}");
                let mut link = link_with_id("acme", &slug, URLS[url], &slug);
                link.address.domain = Domain::parse(DOMAINS[domain]).unwrap();
                link.created_at = link.created_at.plus_seconds(i64::try_from(number).unwrap());
                link.created_by = [None, Some(KEY), Some("key_other")][creator].map(str::to_owned);
                (link.tags, link.settings.archived) = (tags, archived);
                link
            };
        all.into_iter().enumerate().map(make).collect()
    })
}

fn limits() -> impl Strategy<Value = KeyLimits> {
    let domains = proptest::sample::subsequence(DOMAINS.to_vec(), 0..=1)
        .prop_map(|domains| domains.into_iter().map(|domain| Domain::parse(domain).unwrap()).collect());
    (domains, tags(), any::<bool>()).prop_map(|(domains, tags, own_links)| KeyLimits {
        domains,
        tags,
        own_links,
        addresses: Vec::new(),
    })
}

/// Tells what the documentation says of such a key, without asking the code that is tested.
fn reaches(limits: &KeyLimits, link: &Link) -> bool {
    let domain = limits.domains.is_empty() || limits.domains.contains(&link.address.domain);
    let tag = limits.tags.is_empty() || link.tags.iter().any(|tag| limits.tags.contains(tag));
    domain && tag && (!limits.own_links || link.created_by.as_deref() == Some(KEY))
}

fn limited(limits: &KeyLimits, role: Role) -> Caller {
    let whole = caller("acme", role);
    Caller { key_id: KEY.to_owned(), scope: limits.scope(KEY), is_limited: true, ..whole }
}

async fn world(links: &[Link]) -> LinkWorld {
    let world = LinkWorld::default();
    for link in links {
        assert!(world.links.insert(link).await.unwrap());
        world.links.remember(link).await.unwrap();
    }
    world
}

fn addresses<'a>(links: impl IntoIterator<Item = &'a Link>) -> BTreeSet<String> {
    links.into_iter().map(|link| link.address.to_string()).collect()
}

fn run<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

fn catalogs(links: Arc<MemoryLinks>) -> Catalogs {
    let files = MemoryFileStore::default();
    let ports = CatalogPorts {
        store: Arc::<MemoryCatalogStore>::default(),
        objects: Arc::new(files.clone()),
        files: Arc::new(files.clone()),
        remover: Arc::new(files),
        links,
        totals: Arc::<MemoryTotals>::default(),
        clock: Arc::new(FixedClock::at("2026-01-02T03:04:05Z")),
        random: Arc::new(SeededRandom::new(1)),
        limits: CatalogLimits::default(),
    };
    Catalogs::new(ports, 1 << 30)
}

/// Lists that select links in every way.
fn requests() -> Vec<ListRequest> {
    let text = |text: &str| Some(text.to_owned());
    let all = || ListRequest { archived: text("any"), include: vec!["total".to_owned()], ..ListRequest::default() };
    vec![
        ListRequest { archived: text("any"), ..ListRequest::default() },
        all(),
        ListRequest { tags: vec!["a".to_owned()], ..all() },
        ListRequest { domain: text(DOMAINS[1]), ..all() },
        ListRequest { url: text(URLS[0]), ..all() },
        ListRequest { host: text("example.com"), sort: text("title"), ..all() },
        ListRequest { search: text("s1"), ..all() },
        ListRequest { prefix: text("s"), sort: text("clicks"), ..all() },
    ]
}

/// Pages through a list. Returns the addresses, and the total if the request asks for it.
async fn listed(ports: &SearchPorts<'_>, caller: &Caller, request: &ListRequest) -> (BTreeSet<String>, Option<usize>) {
    let mut request = ListRequest { page: PageRequest { limit: Some(2), cursor: None }, ..request.clone() };
    let mut all = BTreeSet::new();
    loop {
        let page = search_links(ports, caller, &request).await.unwrap();
        all.extend(addresses(page.items.iter().map(|item| &item.link)));
        request.page.cursor = page.next_cursor;
        if request.page.cursor.is_none() {
            return (all, page.total);
        }
    }
}

/// Exports as `caller`. Returns the export, and the addresses in its file.
async fn exported(
    links: Arc<MemoryLinks>,
    exports: &Arc<MemoryExports>,
    caller: &Caller,
) -> (Export, BTreeSet<String>) {
    let (queue, files) = (Arc::<MemoryExportQueue>::default(), MemoryFileStore::default());
    let clock = Arc::new(FixedClock::at("2026-03-01T00:00:00Z"));
    let random = SeededRandom::new(caller.key_id.len() as u64);
    let ports =
        StartExportPorts { exports: exports.as_ref(), queue: queue.as_ref(), clock: clock.as_ref(), random: &random };
    let new = NewExport { format: ExportFormat::Jsonl, ..NewExport::default() };
    let export = start_export(&ports, caller, new).await.unwrap();
    let ports = WriteExportPorts {
        exports: exports.clone(),
        queue: queue.clone(),
        links,
        files: Arc::new(files.clone()),
        clock: clock.clone(),
        timer: Arc::new(MemoryTimer::default()),
        part_bytes: Checkpoint::PART_BYTES,
    };
    let delivery = waypost_domain::testing::jobs::delivery("r1", clock.now().plus_seconds(900));
    write_export(&ports, &queue.take()[0], &delivery).await.unwrap();
    let (mut bytes, mut body) = (Vec::new(), files.read(&export.object_key()).await.unwrap());
    while let Some(piece) = body.next().await {
        bytes.extend_from_slice(&piece.unwrap());
    }
    let lines = bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    let found = lines.map(|line| {
        let line: Value = serde_json::from_slice(line).unwrap();
        format!("{}/{}", line["domain"].as_str().unwrap(), line["slug"].as_str().unwrap())
    });
    (export, found.collect())
}

/// A change that a request asks for.
#[derive(Debug, Clone)]
struct Wish {
    at: usize,
    domain: Option<usize>,
    tags: Option<Vec<String>>,
    url: usize,
    kind: Kind,
}

#[derive(Debug, Clone, Copy)]
enum Kind {
    Create,
    CreateAt,
    Return,
    ReturnAt,
    Change,
    Move,
    Delete,
}

fn wishes() -> impl Strategy<Value = Vec<Wish>> {
    use Kind::*;
    let kind = prop::sample::select(vec![Create, CreateAt, Return, ReturnAt, Change, Move, Delete]);
    let wish = (0..8_usize, prop::option::of(0..2_usize), prop::option::of(tags()), 0..2_usize, kind);
    let wish = wish.prop_map(|(at, domain, tags, url, kind)| Wish { at, domain, tags, url, kind });
    proptest::collection::vec(wish, 1..12)
}

/// Does what `wish` asks for. Returns the link that the caller gets to see.
async fn fulfil(world: &LinkWorld, caller: &Caller, wish: &Wish, number: usize) -> Result<Option<Link>, Error> {
    let ports = world.ports();
    let slug = format!("s{}", wish.at);
    let domain = wish.domain.map(|domain| DOMAINS[domain].to_owned());
    let address = {
        let mut address = link_with_id("acme", &slug, URLS[0], "x").address;
        address.domain = Domain::parse(domain.as_deref().unwrap_or(DOMAINS[0])).unwrap();
        address
    };
    let fields = LinkFields {
        url: Some(URLS[wish.url].to_owned()),
        domain: domain.clone(),
        tags: wish.tags.clone().unwrap_or_default(),
        ..LinkFields::default()
    };
    let at = LinkFields { slug: Some(slug), ..fields.clone() };
    let created = match wish.kind {
        Kind::Create => fields,
        Kind::CreateAt => at,
        Kind::Return => LinkFields { if_exists: Some(IfExists::Return), ..fields },
        Kind::ReturnAt => LinkFields { if_exists: Some(IfExists::Return), ..at },
        Kind::Delete => {
            delete_link(&ports, caller, &address, &Precondition::None).await?;
            return Ok(None);
        }
        Kind::Change | Kind::Move => {
            let mut patch = json!({"url": URLS[wish.url]});
            if let Some(tags) = &wish.tags {
                patch["tags"] = json!(tags);
            }
            if matches!(wish.kind, Kind::Move) {
                patch["slug"] = json!(format!("moved{number}"));
                patch["domain"] = json!(DOMAINS[wish.url]);
                patch["keep_alias"] = json!(number.is_multiple_of(2));
            }
            let show = |_: &Link| json!({});
            return change_link(&ports, caller, &address, &Precondition::None, &patch, &show).await.map(Some);
        }
    };
    create_link(&ports, caller, &created, None).await.map(|created| Some(created.link))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn limited_key_reads_only_its_links(links in links(), limits in limits()) {
        run(async {
            let world = world(&links).await;
            let (caller, whole) = (limited(&limits, Role::Viewer), caller("acme", Role::Admin));
            let visible = addresses(links.iter().filter(|link| reaches(&limits, link)));
            let (aggregates, clock) = (MemoryAggregates::default(), FixedClock::at("2026-02-01T00:00:00Z"));
            let all = Arc::new(world.links);
            let stats = StatsPorts { links: all.as_ref(), index: all.as_ref(), moves: all.as_ref(), aggregates: &aggregates, clock: &clock };
            let request = StatsRequest::default();
            for link in &links {
                let is_visible = visible.contains(&link.address.to_string());
                let found = find_link(all.as_ref(), &caller, &link.address).await;
                assert_eq!(found.is_ok(), is_visible);
                assert!(is_visible || matches!(found, Err(Error::NotFound(_))));
                let read = read_link_stats(&stats, &caller, &link.address, &request).await;
                assert_eq!(read.is_ok(), is_visible);
                assert!(is_visible || matches!(read, Err(Error::NotFound(_))));
            }
            for tag in TAGS {
                let tagged = links.iter().filter(|link| reaches(&limits, link) && link.tags.iter().any(|own| own == tag)).count();
                let read = read_tag_stats(&stats, &caller, &[tag.to_owned()], &request).await.unwrap();
                assert_eq!(read.links, Some(tagged));
            }
            let read = read_workspace_stats(&stats, &caller, &request).await;
            assert_eq!(read.is_ok(), !limits.limit_links());
            assert!(read.is_ok() || matches!(read, Err(Error::Forbidden(_))));

            let catalogs = catalogs(all.clone());
            let search = SearchPorts { index: all.as_ref(), catalogs: &catalogs, links: all.as_ref(), domains: &world.domains };
            for request in requests() {
                let (expected, _) = listed(&search, &whole, &request).await;
                let expected: BTreeSet<String> = expected.intersection(&visible).cloned().collect();
                let (found, total) = listed(&search, &caller, &request).await;
                assert_eq!(&found, &expected, "{:?}", request);
                assert!(total.is_none_or(|total| total == expected.len()), "{:?} {:?}", total, request);
            }
        });
    }

    #[test]
    fn limited_key_exports_only_its_links(links in links(), limits in limits()) {
        run(async {
            let all = Arc::new(world(&links).await.links);
            let (caller, whole) = (limited(&limits, Role::Viewer), caller("acme", Role::Admin));
            let exports = Arc::<MemoryExports>::default();
            let (theirs, everything) = exported(all.clone(), &exports, &whole).await;
            assert_eq!(everything, addresses(&links));
            let (own, found) = exported(all.clone(), &exports, &caller).await;
            assert_eq!(found, addresses(links.iter().filter(|link| reaches(&limits, link))));
            let clock = FixedClock::at("2026-03-01T00:00:00Z");
            let ports = FindExportPorts { exports: exports.as_ref(), files: &MemorySigner, clock: &clock, retention: Retention::days(30) };
            let (read, _) = find_export(&ports, &caller, &own.id.to_string()).await.unwrap();
            assert_eq!(read.status, ExportStatus::Succeeded);
            assert_eq!(find_export(&ports, &caller, &theirs.id.to_string()).await.is_ok(), !limits.limit_links());
            assert!(find_export(&ports, &whole, &own.id.to_string()).await.is_ok());
            let list = list_exports(exports.as_ref(), &caller, &PageRequest::default()).await.unwrap();
            assert_eq!(list.items.len(), if limits.limit_links() { 1 } else { 2 });
        });
    }

    #[test]
    fn limited_key_changes_only_its_links(links in links(), limits in limits(), wishes in wishes()) {
        run(async {
            let world = world(&links).await;
            let caller = limited(&limits, Role::Editor);
            for (number, wish) in wishes.iter().enumerate() {
                let before = world.links.all();
                let seen = fulfil(&world, &caller, wish, number).await;
                if let Ok(Some(link)) = &seen {
                    assert!(reaches(&limits, link), "{:?} shows {:?}", wish, link);
                }
                let after = world.links.all();
                for link in before.iter().filter(|link| !reaches(&limits, link)) {
                    assert!(after.contains(link), "{:?} changed {:?}", wish, link);
                }
                for link in after.iter().filter(|link| !reaches(&limits, link)) {
                    assert!(before.contains(link), "{:?} made {:?}", wish, link);
                }
            }
        });
    }
}

#[tokio::test]
async fn limited_key_has_no_imports() {
    let limits = KeyLimits { tags: vec!["a".to_owned()], ..KeyLimits::default() };
    let (caller, clock, random) =
        (limited(&limits, Role::Editor), FixedClock::at("2026-01-01T00:00:00Z"), SeededRandom::new(1));
    let (imports, world) = (MemoryImports::default(), LinkWorld::default());
    let id = ImportId::generate(&clock, &random);
    imports.create(&Import::awaiting(id.clone(), caller.workspace.clone(), None, 10, clock.now())).await.unwrap();
    assert!(matches!(find_import(&imports, &caller, id.as_str()).await, Err(Error::NotFound(_))));
    assert!(list_imports(&imports, &caller, &PageRequest::default()).await.unwrap().items.is_empty());
    let ports = StartImportPorts {
        imports: &imports,
        uploads: &MemorySigner,
        clock: &clock,
        random: &random,
        domains: &world.domains,
        max_bytes: 1000,
    };
    let new = NewImport { content_length: 1, ..NewImport::default() };
    assert!(matches!(start_import(&ports, &caller, new).await, Err(Error::Forbidden(_))));
}
