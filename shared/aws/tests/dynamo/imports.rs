//! Tests imports and batches of links against an embedded DynamoDB.

use std::sync::Arc;

use waypost_aws::dynamo::import_parts::DynamoParts;
use waypost_aws::dynamo::imports::DynamoImports;
use waypost_aws::dynamo::link_batch::DynamoLinkBatch;
use waypost_aws::dynamo::links::DynamoLinks;
use waypost_aws::dynamo::workspaces::DynamoWorkspaces;
use waypost_domain::imports::job::counts::Counts;
use waypost_domain::imports::job::id::ImportId;
use waypost_domain::imports::job::import::{Import, ImportStatus};
use waypost_domain::imports::job::part::{Part, PartId};
use waypost_domain::imports::job::ports::{ImportStore, PartStore};
use waypost_domain::imports::list::list_imports;
use waypost_domain::imports::load::{Loaded, load_import};
use waypost_domain::imports::load_part::load_part;
use waypost_domain::imports::load_ports::LoadImportPorts;
use waypost_domain::imports::rows::RowPlace;
use waypost_domain::jobs::lease::Lease;
use waypost_domain::links::ports::{Inserted, LinkBatch, Occupant};
use waypost_domain::links::ports::{LinkIndex, LinkReader, LinkWriter};
use waypost_domain::links::query::LinkQuery;
use waypost_domain::ports::Clock;
use waypost_domain::testing::domains::MemoryDomains;
use waypost_domain::testing::files::{MemoryFileStore, MemoryUploads};
use waypost_domain::testing::imports::MemoryPartQueue;
use waypost_domain::testing::jobs::MemoryTimer;
use waypost_domain::testing::jobs::delivery;
use waypost_domain::testing::samples::{caller, link};
use waypost_domain::testing::system::{FixedClock, SeededRandom};
use waypost_domain::values::page::PageRequest;
use waypost_domain::{Domains, LinkAddress, Role, Slug, StoreErrorKind, Timestamp, WorkspaceId};

use crate::support::{LINKS_TABLE, dynamodb};

fn acme() -> WorkspaceId {
    caller("acme", Role::Viewer).workspace
}

fn import(seed: u64, now: &str) -> Import {
    let clock = FixedClock::at(now);
    let id = ImportId::generate(&clock, &SeededRandom::new(seed));
    Import::awaiting(id, acme(), Some("ü.csv".into()), 5_368_709_120, clock.now())
}

#[tokio::test]
async fn batch_inserts_all_but_the_taken_ids() {
    let client = dynamodb().await;
    let (links, batch) = (DynamoLinks::new(client.clone(), LINKS_TABLE), DynamoLinkBatch::new(client, LINKS_TABLE));
    let taken = link("other", "s3", "https://theirs.example/");
    links.insert(&taken).await.unwrap();
    let mut rows: Vec<_> = (0..25).map(|n| link("acme", &format!("s{n}"), "https://example.com/ü'\"")).collect();
    rows[0].title = Some("it's \"quoted\" ü".into());
    rows[0].tags = vec!["a".into(), "b".into()];
    rows[0].origin = Some("imp_1#1".into());
    let inserted = batch.insert_all(&rows).await.unwrap();
    let expected = (0..25).map(|n| if n == 3 { Inserted::Taken } else { Inserted::Written });
    assert_eq!(inserted, expected.collect::<Vec<_>>());
    assert_eq!(links.get(&taken.address).await.unwrap(), Some(taken.clone()));
    assert_eq!(links.get(&rows[0].address).await.unwrap().as_ref(), Some(&rows[0]), "as if it had been created alone");
    let listed = links.page(&acme(), &LinkQuery::newest(100)).await.unwrap().links;
    assert_eq!(listed.len(), 24, "the index lists them");
    assert_eq!(batch.insert_all(&rows).await.unwrap(), vec![Inserted::Taken; 25]);
}

#[tokio::test]
async fn links_are_found_in_the_requested_order() {
    let client = dynamodb().await;
    let batch = DynamoLinkBatch::new(client, LINKS_TABLE);
    let rows: Vec<_> = (0..20).map(|n| link("acme", &format!("s{n}"), "https://example.com/")).collect();
    batch.insert_all(&rows).await.unwrap();
    let absent = LinkAddress { slug: Slug::parse("absent").unwrap(), ..rows[0].address.clone() };
    let addresses: Vec<LinkAddress> = rows.iter().rev().map(|link| link.address.clone()).chain([absent]).collect();
    let found = batch.get_all(&addresses).await.unwrap();
    let expected = rows.into_iter().rev().map(|row| Occupant::Link(Box::new(row))).chain([Occupant::Nobody]);
    assert_eq!(found, expected.collect::<Vec<_>>());
}

#[tokio::test]
async fn missing_table_is_an_error_at_once() {
    let batch = DynamoLinkBatch::new(dynamodb().await, "absent");
    let error = batch.insert_all(&[link("acme", "a", "https://example.com/")]).await.unwrap_err();
    assert_eq!(error.kind, StoreErrorKind::Broken, "{error}");
}

#[tokio::test]
async fn import_is_read_as_written() {
    let imports = DynamoImports::new(dynamodb().await, LINKS_TABLE);
    let first = import(1, "2026-01-01T00:00:00Z");
    assert_eq!(imports.get(&first.workspace, &first.id).await.unwrap(), None);
    assert!(imports.create(&first).await.unwrap());
    assert!(!imports.create(&first).await.unwrap());
    assert_eq!(imports.get(&first.workspace, &first.id).await.unwrap(), Some(first.clone()));
    assert_eq!(imports.get(&WorkspaceId::parse("other").unwrap(), &first.id).await.unwrap(), None);
    let now = first.created_at;
    let lease = Lease { owner: "r1".into(), attempt: 1, until: now.plus_seconds(900) };
    let running = first.leased(lease, "e", 7, now).unwrap();
    assert!(imports.replace(&running).await.unwrap());
    assert!(imports.replace(&running).await.unwrap(), "the same write again, after a lost answer");
    assert_eq!(imports.get(&first.workspace, &first.id).await.unwrap(), Some(running.clone()));
    let late = running.closed(&[], now);
    let mut dividing = running.planned(3, None);
    dividing.plan.as_mut().unwrap().parts = None;
    assert!(imports.replace(&dividing).await.unwrap());
    assert_eq!(imports.get(&first.workspace, &first.id).await.unwrap(), Some(dividing.clone()));
    assert!(dividing.is_dividing() && imports.replace(&dividing.planned(3, None)).await.unwrap());
    assert!(!imports.replace(&late).await.unwrap(), "another writer was faster");
}

#[tokio::test]
async fn parts_are_read_as_written_in_order() {
    let parts = DynamoParts::new(dynamodb().await, LINKS_TABLE);
    let import = import(1, "2026-01-01T00:00:00Z");
    let part = |number| import.plan_part(number, RowPlace::START, 7, import.created_at);
    let all: Vec<Part> = (0..12).map(part).collect();
    for part in &all {
        assert!(parts.create(part).await.unwrap());
    }
    let mut other = part(0);
    other.plan = 10;
    assert!(parts.create(&other).await.unwrap());
    assert_eq!(parts.all(&import.id, import.revision).await.unwrap(), all);
    let leased = all[3].leased(Lease { owner: "r1".into(), attempt: 1, until: import.created_at });
    assert!(parts.replace(&leased).await.unwrap() && parts.replace(&leased).await.unwrap());
    assert!(!parts.replace(&all[3].stopped()).await.unwrap(), "another writer was faster");
    assert!(!parts.create(&all[3]).await.unwrap(), "a part is never created over a later one");
    assert_eq!(parts.get(&PartId::from(&leased)).await.unwrap(), Some(leased.clone()));
    assert_eq!(parts.get(&PartId { part: 99, ..PartId::from(&leased) }).await.unwrap(), None);
}

#[tokio::test]
async fn one_of_many_concurrent_leases_succeeds() {
    let imports = DynamoImports::new(dynamodb().await, LINKS_TABLE);
    let first = import(1, "2026-01-01T00:00:00Z");
    imports.create(&first).await.unwrap();
    let claims = (0..20).map(|n| {
        let lease = Lease { owner: format!("r{n}"), attempt: 1, until: first.created_at.plus_seconds(900) };
        let (imports, next) = (imports.clone(), first.leased(lease, "e", 7, first.created_at).unwrap());
        tokio::spawn(async move { imports.replace(&next).await.unwrap() })
    });
    let mut won = 0;
    for lease in claims.collect::<Vec<_>>() {
        won += usize::from(lease.await.unwrap());
    }
    assert_eq!(won, 1);
}

#[tokio::test]
async fn imports_are_listed_newest_first() {
    let imports = DynamoImports::new(dynamodb().await, LINKS_TABLE);
    for n in 0..9 {
        let mut import = import(n, &format!("2026-01-0{}T00:00:00Z", n + 1));
        import.id = ImportId::for_object(&n.to_string(), "e");
        imports.create(&import).await.unwrap();
    }
    let (viewer, stranger) = (caller("acme", Role::Viewer), caller("other", Role::Viewer));
    let first = list_imports(&imports, &viewer, &PageRequest { limit: Some(5), cursor: None }).await.unwrap();
    let rest = PageRequest { limit: Some(5), cursor: first.next_cursor.clone() };
    let second = list_imports(&imports, &viewer, &rest).await.unwrap();
    let days: Vec<String> = first.items.iter().chain(&second.items).map(|import| import.created_at.date()).collect();
    assert_eq!(days, (1..=9).rev().map(|day| format!("2026-01-0{day}")).collect::<Vec<_>>());
    assert_eq!(second.next_cursor, None);
    assert!(list_imports(&imports, &stranger, &PageRequest::default()).await.unwrap().items.is_empty());
}

#[tokio::test]
async fn real_file_is_loaded_once() {
    let client = dynamodb().await;
    let links = DynamoLinks::new(client.clone(), LINKS_TABLE);
    let objects = Arc::new(MemoryUploads::default());
    let file = include_bytes!("../../../../tests/data/public-apis.csv");
    objects.put("imports/acme/public-apis.csv", &file[..]);
    let (reports, queue) = (MemoryFileStore::default(), Arc::new(MemoryPartQueue::default()));
    let imports = Arc::new(DynamoImports::new(client.clone(), LINKS_TABLE));
    let loader = LoadImportPorts {
        imports: imports.clone(),
        parts: Arc::new(DynamoParts::new(client.clone(), LINKS_TABLE)),
        settings: Arc::new(DynamoWorkspaces::new(client.clone(), LINKS_TABLE)),
        queue: queue.clone(),
        links: Arc::new(DynamoLinkBatch::new(client, LINKS_TABLE)),
        objects,
        reports: Arc::new(reports.clone()),
        clock: Arc::new(FixedClock::at("2026-01-02T00:00:00Z")),
        timer: Arc::new(MemoryTimer::default()),
        domains: Domains::parse("go.example.com").unwrap(),
        domain_settings: Arc::new(MemoryDomains::default()),
        max_bytes: 1_000_000,
        part_bytes: 20_000,
    };
    let taken = link("other", "ipstack", "https://theirs.example/");
    links.insert(&taken).await.unwrap();
    let deadline = Timestamp::parse("2026-01-02T00:15:00Z").unwrap();
    let delivery = |request_id: String| delivery(request_id, deadline);
    let etag = MemoryUploads::etag(file);
    let first = delivery("r1".into());
    let loaded = load_import(&loader, "imports/acme/public-apis.csv", &etag, &first).await.unwrap();
    let Loaded::Divided(import) = loaded else { panic!("{loaded:?}") };
    let messages = queue.take();
    assert!(messages.len() > 4, "{messages:?}");
    let both = messages.iter().chain(&messages).zip(0..).map(|(id, n)| {
        let (loader, id, delivery) = (loader.clone(), id.clone(), delivery(format!("q{n}")));
        tokio::spawn(async move { load_part(&loader, &id, &delivery).await.unwrap() })
    });
    for part in both.collect::<Vec<_>>() {
        part.await.unwrap();
    }
    let import = imports.get(&import.workspace, &import.id).await.unwrap().unwrap();
    assert_eq!(import.status, ImportStatus::SucceededWithErrors, "{import:?}");
    assert_eq!(import.counts, Counts { read: 1702, created: 1701, conflicting: 1, ..Counts::default() });
    let listed = links.page(&acme(), &LinkQuery::newest(2000)).await.unwrap().links;
    assert_eq!(listed.len(), 1701);
    let report = reports.all();
    let again = load_import(&loader, "imports/acme/public-apis.csv", &etag, &first).await.unwrap();
    assert!(matches!(again, Loaded::Skipped(_)));
    assert_eq!((links.page(&acme(), &LinkQuery::newest(2000)).await.unwrap().links, reports.all()), (listed, report));
    assert_eq!(links.get(&taken.address).await.unwrap(), Some(taken));
}
