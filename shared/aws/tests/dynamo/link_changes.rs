//! Tests changes of many links against an embedded DynamoDB.

use std::sync::Arc;

use serde_json::{Value, json};
use waypost_aws::dynamo::link_batch::DynamoLinkBatch;
use waypost_aws::dynamo::link_change_jobs::DynamoLinkChanges;
use waypost_aws::dynamo::links::DynamoLinks;
use waypost_aws::dynamo::tags::DynamoTags;
use waypost_domain::access::key::Caller;
use waypost_domain::files::retention::Retention;
use waypost_domain::link_changes::job::{LinkChange, LinkChangeStatus};
use waypost_domain::link_changes::list::list_link_changes;
use waypost_domain::link_changes::ports::LinkChangeStore;
use waypost_domain::link_changes::run::{Ran, run_link_change};
use waypost_domain::link_changes::run_ports::RunLinkChangePorts;
use waypost_domain::link_changes::start::{StartLinkChangePorts, start_link_change};
use waypost_domain::link_changes::undo::undo_link_change;
use waypost_domain::links::change::change_link;
use waypost_domain::links::ports::{ChangeMarker, LinkPorts, LinkReader, LinkRestorer, LinkWriter};
use waypost_domain::links::precondition::Precondition;
use waypost_domain::ports::Clock;
use waypost_domain::redirect::ports::ChangeMarks;
use waypost_domain::testing::domains::MemoryDomains;
use waypost_domain::testing::files::MemoryFileStore;
use waypost_domain::testing::jobs::MemoryTimer;
use waypost_domain::testing::link_changes::MemoryLinkChangeQueue;
use waypost_domain::testing::samples::{caller, link, link_with_id};
use waypost_domain::testing::system::{FixedClock, SeededRandom};
use waypost_domain::values::page::PageRequest;
use waypost_domain::{Domains, Link, Role, Slug};

use crate::support::{LINKS_TABLE, dynamodb};

struct World {
    links: Arc<DynamoLinks>,
    jobs: Arc<DynamoLinkChanges>,
    queue: Arc<MemoryLinkChangeQueue>,
    files: MemoryFileStore,
    clock: Arc<FixedClock>,
    random: Arc<SeededRandom>,
    domains: Domains,
    ports: RunLinkChangePorts,
    editor: Caller,
}

async fn world() -> World {
    let client = dynamodb().await;
    let links = Arc::new(DynamoLinks::new(client.clone(), LINKS_TABLE).consistent());
    let jobs = Arc::new(DynamoLinkChanges::new(client.clone(), LINKS_TABLE, Retention::days(30)));
    let (queue, files) = (Arc::<MemoryLinkChangeQueue>::default(), MemoryFileStore::default());
    let (clock, random) = (Arc::new(FixedClock::at("2026-02-03T04:05:06Z")), Arc::new(SeededRandom::new(1)));
    let domains = Domains::parse("go.example.com,s.example.org").unwrap();
    let ports = RunLinkChangePorts {
        jobs: jobs.clone(),
        queue: queue.clone(),
        files: Arc::new(files.clone()),
        shards: links.clone(),
        batch: Arc::new(DynamoLinkBatch::new(client.clone(), LINKS_TABLE)),
        reader: links.clone(),
        writer: links.clone(),
        restorer: links.clone(),
        targets: links.clone(),
        marker: links.clone(),
        tags: Arc::new(DynamoTags::new(client.clone(), LINKS_TABLE)),
        clock: clock.clone(),
        random: random.clone(),
        timer: Arc::new(MemoryTimer::default()),
        domain_settings: Arc::new(MemoryDomains::default()),
        domains: domains.clone(),
        guard: None,
        concurrency: 4,
        chunk_entries: 10,
    };
    World { links, jobs, queue, files, clock, random, domains, ports, editor: caller("acme", Role::Editor) }
}

impl World {
    fn start_ports(&self) -> StartLinkChangePorts<'_> {
        StartLinkChangePorts {
            jobs: self.jobs.as_ref(),
            queue: self.queue.as_ref(),
            files: &self.files,
            clock: self.clock.as_ref(),
            random: self.random.as_ref(),
            domains: &self.domains,
        }
    }

    async fn start(&self, request: Value) -> LinkChange {
        self.clock.advance(1);
        let new = serde_json::from_value(request).unwrap();
        start_link_change(&self.start_ports(), &self.editor, &new).await.unwrap()
    }

    /// Works the job off, in invocations with no time for more than a step.
    async fn end(&self, job: &LinkChange) -> LinkChange {
        let mut invocations = 0;
        while let Some(message) = self.queue.take().pop() {
            invocations += 1;
            let delivery = waypost_domain::testing::jobs::delivery(format!("r{invocations}"), self.clock.now());
            let ran = run_link_change(&self.ports, &message, &delivery).await.unwrap();
            assert!(matches!(ran, Ran::HandedOver(_) | Ran::Finished(_)), "{ran:?}");
        }
        assert!(invocations > 2, "{invocations}");
        self.jobs.get(&job.workspace, &job.id).await.unwrap().unwrap()
    }

    async fn all(&self) -> Vec<Link> {
        let mut all = Vec::new();
        for n in 0..30 {
            for slug in [format!("s{n}"), format!("moved{n}")] {
                let address = waypost_domain::LinkAddress {
                    slug: Slug::parse(slug).unwrap(),
                    ..link("acme", "x", "https://a.example/").address
                };
                all.extend(self.links.get_latest(&address).await.unwrap());
            }
        }
        all
    }
}

#[tokio::test]
async fn links_are_changed_deleted_and_brought_back() {
    let world = world().await;
    for n in 0..30 {
        let mut new = link_with_id("acme", &format!("s{n}"), "https://old.example/", &n.to_string());
        new.tags = vec!["spring".to_owned()];
        new.settings.password_hash = (n == 3).then(|| "hash".to_owned());
        assert!(world.links.insert(&new).await.unwrap());
        if n % 10 == 1 {
            let ports = LinkPorts {
                reader: world.links.as_ref(),
                writer: world.links.as_ref(),
                targets: world.links.as_ref(),
                clock: world.clock.as_ref(),
                random: world.random.as_ref(),
                domains: &world.domains,
                domain_settings: &MemoryDomains::default(),
                lookups: None,
            };
            let patch = json!({"slug": format!("moved{n}"), "keep_alias": true});
            let show = |_: &Link| json!({});
            change_link(&ports, &world.editor, &new.address, &Precondition::None, &patch, &show).await.unwrap();
        }
    }
    let before = world.all().await;
    assert_eq!(before.len(), 33, "with aliases");
    let spring = json!({"filter": {"tag": ["spring"]}});
    let change = json!({
        "rename_tag": {"from": "spring", "to": "summer"}, "domain": "s.example.org", "keep_alias": true, "password": null,
        "replace_url_prefix": {"from": "old.example", "to": "new.example"},
    });
    for (request, gone) in
        [(json!({"select": spring, "change": change}), false), (json!({"select": spring, "delete": true}), true)]
    {
        let started = world.start(request.clone()).await;
        let job = world.end(&started).await;
        assert_eq!((job.status, job.counts.changed), (LinkChangeStatus::Succeeded, 30), "{request}");
        let after = world.all().await;
        assert_eq!(after.is_empty(), gone, "{request}");
        assert!(after.iter().all(|link| link.tags == ["summer"] && link.url.as_str() == "https://new.example/"));
        world.clock.advance(1);
        let undo = undo_link_change(&world.start_ports(), Retention::days(30), &world.editor, job.id.as_str()).await;
        let undone = world.end(&undo.unwrap()).await;
        assert_eq!((undone.status, undone.counts.changed), (LinkChangeStatus::Succeeded, 30), "{request}");
        let plain = |links: Vec<Link>| -> Vec<Link> {
            links.into_iter().map(|link| Link { revision: 0, updated_at: None, changed_by: None, ..link }).collect()
        };
        assert_eq!(plain(world.all().await), plain(before.clone()), "{request}");
    }
    let request = PageRequest { limit: Some(3), cursor: None };
    let page = list_link_changes(world.jobs.as_ref(), &world.editor, &request).await.unwrap();
    assert_eq!(page.items.len(), 3);
    let request = PageRequest { limit: Some(3), cursor: page.next_cursor };
    let rest = list_link_changes(world.jobs.as_ref(), &world.editor, &request).await.unwrap();
    assert_eq!((rest.items.len(), rest.next_cursor), (1, None));
    assert!(page.items.iter().chain(&rest.items).is_sorted_by(|a, b| a.id > b.id));
}

#[tokio::test]
async fn deleted_link_comes_back_with_all_addresses_or_none() {
    let world = world().await;
    let mut gone = link_with_id("acme", "docs", "https://example.com/", "1");
    gone.aliases = vec![link("acme", "old", "https://example.com/").address];
    assert!(world.links.restore(&gone).await.unwrap());
    assert!(world.links.restore(&gone).await.unwrap(), "it is there");
    assert_eq!(world.links.get(&gone.aliases[0]).await.unwrap(), Some(gone.clone()));
    assert!(world.links.delete(&gone, gone.created_at).await.unwrap());
    assert!(world.links.insert(&link("acme", "old", "https://b.example/")).await.unwrap());
    assert!(!world.links.restore(&gone).await.unwrap());
    assert_eq!(world.links.get(&gone.address).await.unwrap(), None);
}

#[tokio::test]
async fn marks_are_written_together() {
    let world = world().await;
    let all: Vec<usize> = (0..64).collect();
    ChangeMarker::mark(world.links.as_ref(), &all).await.unwrap();
    ChangeMarker::mark(world.links.as_ref(), &[3]).await.unwrap();
    let marks = world.links.marks().await.unwrap();
    assert_eq!((marks[2], marks[3], marks.iter().sum::<u64>()), (1, 2, 65));
}
