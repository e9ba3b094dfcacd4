//! Measures searches and sorted lists: what they cost to keep up to date, to load and to ask, at 100,000 and 1,000,000 links. The log
//! is in an embedded DynamoDB, objects are in memory.

mod counted;
mod links;

use std::collections::BTreeMap;
use std::hint::black_box;
use std::sync::Arc;

use anyhow::{Result, ensure};
use waypost_aws::dynamo::catalog::DynamoCatalogs;
use waypost_domain::WorkspaceId;
use waypost_domain::catalog::append::append_changes;
use waypost_domain::catalog::flush::flush;
use waypost_domain::catalog::memory::Catalog;
use waypost_domain::catalog::patch::LinkPatch;
use waypost_domain::catalog::ports::{CatalogLimits, CatalogPorts};
use waypost_domain::catalog::query::{CatalogQuery, SortBy};
use waypost_domain::catalog::read::{Answer, Catalogs};
use waypost_domain::ports::Clock;
use waypost_domain::testing::catalog::MemoryTotals;
use waypost_domain::testing::files::MemoryFileStore;
use waypost_domain::testing::links::MemoryLinks;
use waypost_domain::testing::system::{FixedClock, SeededRandom};

use crate::clicks::faults::embedded;
use crate::cores::{OneCore, core_seconds};
use crate::goals::Figure;
use crate::measurement::{Findings, Setting};
use counted::Counted;

/// How many links a batch of an import's changes has.
const BATCH: usize = 1000;
/// How many links are created one by one.
const CREATED: usize = 2000;
/// How often each query is asked.
const TURNS: usize = 21;

/// The queries: the keys of the CPU times at 100,000 and at 1,000,000 links, what is searched, the order.
const QUERIES: [(&str, &str, &str, SortBy); 5] = [
    ("lists_search_rare_ms_100k", "lists_search_rare_ms_1m", "zebra 4711", SortBy::Relevance),
    ("lists_search_words_ms_100k", "lists_search_words_ms_1m", "spring sale", SortBy::Relevance),
    ("lists_search_letter_ms_100k", "lists_search_letter_ms_1m", "s", SortBy::Relevance),
    ("lists_by_clicks_ms_100k", "lists_by_clicks_ms_1m", "", SortBy::Clicks),
    ("lists_by_title_ms_100k", "lists_by_title_ms_1m", "", SortBy::Title),
];

pub(crate) fn measure(_: &Setting<'_>) -> Result<Findings> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
    let _pinned = OneCore::pin()?;
    let mut findings = Findings::default();
    for million in [false, true] {
        runtime.block_on(at_size(million, &mut findings))?;
    }
    Ok(findings)
}

struct Stack {
    ports: CatalogPorts,
    store: Arc<Counted>,
    clock: Arc<FixedClock>,
    workspace: WorkspaceId,
}

impl Stack {
    fn new() -> Result<Self> {
        let (files, clock) = (MemoryFileStore::default(), Arc::new(FixedClock::at("2026-01-02T03:04:05Z")));
        let store = Arc::new(Counted::new(DynamoCatalogs::new(embedded::dynamodb(), embedded::TABLE)));
        let ports = CatalogPorts {
            store: store.clone(),
            objects: Arc::new(files.clone()),
            files: Arc::new(files.clone()),
            remover: Arc::new(files),
            links: Arc::<MemoryLinks>::default(),
            totals: Arc::<MemoryTotals>::default(),
            clock: clock.clone(),
            random: Arc::new(SeededRandom::new(1)),
            limits: CatalogLimits::default(),
        };
        Ok(Self { ports, store, clock, workspace: WorkspaceId::parse("acme")? })
    }

    async fn append(&self, patches: Vec<LinkPatch>) -> Result<()> {
        let changes = patches.into_iter().map(|patch| (self.workspace.clone(), patch)).collect();
        // Old items go after a while: let that be part of the cost.
        self.clock.advance(60);
        Ok(append_changes(&self.ports, changes, self.clock.now().plus_seconds(100)).await?)
    }
}

async fn at_size(million: bool, findings: &mut Findings) -> Result<()> {
    let (count, name) = if million { (1_000_000, "1m") } else { (100_000, "100k") };
    println!("{count} links");
    let stack = Stack::new()?;
    let mut number = 0;
    while number < count {
        stack.append((number..number + BATCH).map(links::patch).collect::<Result<_>>()?).await?;
        number += BATCH;
    }
    let imported = stack.store.take();
    for number in count..count + CREATED {
        stack.append(vec![links::patch(number)?]).await?;
    }
    let created = stack.store.take();
    while flush(&stack.ports, &stack.workspace).await? {}
    stack.store.take();

    let catalogs = Catalogs::new(stack.ports.clone(), usize::MAX);
    let begin = core_seconds();
    let Answer::Ready((links, bytes)) =
        catalogs.ask(&stack.workspace, |catalog| (catalog.len(), catalog.bytes())).await?
    else {
        anyhow::bail!("there is no catalogue");
    };
    let load_ms = (core_seconds() - begin) * 1e3;
    let loaded = stack.store.take();
    ensure!(links == count + CREATED, "the catalogue has {links} links");
    let mut times = BTreeMap::new();
    for _ in 0..TURNS {
        for (key_100k, key_1m, search, sort) in QUERIES {
            let query = CatalogQuery {
                search: search.to_owned(),
                sort,
                descending: true,
                limit: 50,
                ..CatalogQuery::default()
            };
            let begin = core_seconds();
            let answer = catalogs.ask(&stack.workspace, |catalog: &Catalog| catalog.query(&query)).await?;
            black_box(&answer);
            let key = if million { key_1m } else { key_100k };
            times.entry(key).or_insert_with(Vec::new).push((core_seconds() - begin) * 1e3);
        }
    }
    let asked = stack.store.take();
    let answers = (TURNS * QUERIES.len()) as f64;
    let medians = times.into_iter().map(|(key, mut times)| {
        times.sort_by(f64::total_cmp);
        (key, times[times.len() / 2])
    });
    findings.numbers.extend(medians);
    let keys: [&'static str; 8] = if million {
        [
            "lists_import_write_units_1m",
            "lists_create_write_units_1m",
            "lists_load_ms_1m",
            "lists_load_read_units_1m",
            "lists_load_round_trips_1m",
            "lists_bytes_a_link_1m",
            "lists_ask_read_units_1m",
            "lists_ask_round_trips_1m",
        ]
    } else {
        [
            "lists_import_write_units_100k",
            "lists_create_write_units_100k",
            "lists_load_ms_100k",
            "lists_load_read_units_100k",
            "lists_load_round_trips_100k",
            "lists_bytes_a_link_100k",
            "lists_ask_read_units_100k",
            "lists_ask_round_trips_100k",
        ]
    };
    findings.numbers.extend(keys.into_iter().zip([
        imported.write_units / count as f64,
        created.write_units / CREATED as f64,
        load_ms,
        loaded.read_units,
        loaded.calls,
        bytes as f64 / links as f64,
        asked.read_units / answers,
        asked.calls / answers,
    ]));
    println!("{name}: {:?}", findings.numbers);
    if million {
        findings.goals.extend([
            Figure::of("searches: write units of a created link", created.write_units / CREATED as f64).at_most(3.0),
            Figure::of("searches: write units of an imported link", imported.write_units / count as f64).at_most(0.05),
            Figure::of("searches: round trips of an answer", asked.calls / answers).at_most(1.0),
            Figure::of("searches: bytes of memory for a link", bytes as f64 / links as f64).at_most(600.0),
        ]);
    }
    Ok(())
}
