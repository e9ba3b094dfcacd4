//! A batch of 10,000 records over 100 links through the real handler: its CPU, and what it writes.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use aggregate_clicks::event::StreamEvent;
use aggregate_clicks::handler::{App, handle};
use anyhow::{Result, ensure};
use async_trait::async_trait;
use serde::de::IgnoredAny;
use waypost_aws::dynamo::aggregates::item_bytes;
use waypost_domain::StoreError;
use waypost_domain::analytics::memory::{MemoryAggregates, MemoryArchive, MemoryQuarantine};
use waypost_domain::analytics::ports::AggregateStore;
use waypost_domain::analytics::{Aggregate, AggregateKey, RecentClicks, SequenceNumber, UserAgents};

use super::faults::driver::event_of;
use super::median;
use super::traffic::Traffic;
use crate::area::Findings;
use crate::cores::core_seconds;
use crate::goals::Verdict;

const BATCH: usize = 10_000;
const BATCHES: usize = 22;
const LINKS: usize = 100;
/// What a write unit pays for.
const UNIT_BYTES: usize = 1024;

/// Aggregates in memory, and all that was written since it was looked at.
#[derive(Default)]
struct Recorder {
    aggregates: MemoryAggregates,
    written: Mutex<Vec<Aggregate>>,
}

impl Recorder {
    fn take(&self) -> Vec<Aggregate> {
        std::mem::take(&mut self.written.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[async_trait]
impl AggregateStore for Recorder {
    async fn load(&self, keys: &[AggregateKey]) -> Result<Vec<Option<Aggregate>>, StoreError> {
        self.aggregates.load(keys).await
    }

    async fn put(&self, aggregate: &Aggregate, read: Option<&SequenceNumber>) -> Result<bool, StoreError> {
        let written = self.aggregates.put(aggregate, read).await?;
        self.written.lock().unwrap_or_else(PoisonError::into_inner).push(aggregate.clone());
        Ok(written)
    }
}

pub(super) async fn measure() -> Result<Findings> {
    let mut traffic = Traffic::over(LINKS)?;
    let store = Arc::new(Recorder::default());
    let app = App {
        agents: Arc::new(UserAgents::new()?),
        store: store.clone(),
        quarantine: Arc::new(MemoryQuarantine::default()),
        archive: Some(Arc::new(MemoryArchive::default())),
    };
    let (mut times, mut floors, mut writes) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..BATCHES {
        let event = event_of(&traffic.records(BATCH)?);
        let start = core_seconds();
        serde_json::from_str::<IgnoredAny>(&event)?;
        let handling = core_seconds();
        // As the runtime reads an event.
        let mut deserializer = serde_json::Deserializer::from_str(&event);
        let event: StreamEvent = serde_path_to_error::deserialize(&mut deserializer)?;
        let answer = handle(&app, &event).await?;
        let end = core_seconds();
        ensure!(answer.batch_item_failures.is_empty(), "clicks were not counted");
        floors.push((handling - start) * 1e3);
        times.push((end - handling) * 1e3);
        writes = store.take();
    }
    let (cpu, floor, written) = (median(times), median(floors), Written::of(&writes)?);
    let mut findings = Findings::default();
    findings.numbers.extend([
        ("batch_10k_cpu_ms", cpu),
        ("batch_10k_floor_cpu_ms", floor),
        ("write_amplification", written.amplification),
        ("write_units_per_1000_clicks", written.units * 1e3 / BATCH as f64),
    ]);
    findings.goals = vec![
        Verdict::at_most("10,000 records over 100 links, CPU, ms", cpu, 60.0),
        Verdict::at_most("write units / one write per aggregate", written.amplification, 1.05),
    ];
    Ok(findings)
}

/// What was written in a batch.
struct Written {
    units: f64,
    /// In relation to one write of each aggregate without its window of recent clicks, which is there for the sake of
    /// counting once.
    amplification: f64,
}

impl Written {
    fn of(writes: &[Aggregate]) -> Result<Self> {
        let (mut units, mut least) = (0, BTreeMap::new());
        for aggregate in writes {
            units += item_bytes(aggregate)?.div_ceil(UNIT_BYTES);
            let mut plain = aggregate.clone();
            plain.tally.recent = RecentClicks::default();
            least.insert(&aggregate.key, item_bytes(&plain)?.div_ceil(UNIT_BYTES));
        }
        let least: usize = least.values().sum();
        Ok(Self { units: units as f64, amplification: units as f64 / least as f64 })
    }
}
