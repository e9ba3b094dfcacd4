//! Measures a batch of 10,000 records over 100 links through the real handler: its CPU and its writes.

use std::sync::Arc;

use aggregate_clicks::event::StreamEvent;
use aggregate_clicks::handler::{App, handle};
use anyhow::{Result, ensure};
use serde::de::IgnoredAny;
use waypost_aws::dynamo::aggregates::item_bytes;
use waypost_domain::analytics::ingest::user_agent::UserAgents;
use waypost_domain::analytics::model::aggregate::Aggregate;
use waypost_domain::analytics::model::recent::RecentClicks;
use waypost_domain::testing::analytics::{MemoryArchive, MemoryQuarantine};

use super::faults::driver::event_of;
use super::store::MovingStore;
use super::traffic::Traffic;
use crate::cores::core_seconds;
use crate::figures::median;
use crate::goals::Figure;
use crate::measurement::Findings;

const BATCH: usize = 10_000;
const BATCHES: usize = 22;
/// The first batches fill caches and make the aggregates.
const WARM_UP: usize = 2;
const LINKS: usize = 100;
/// The size of a write unit.
const UNIT_BYTES: usize = 1024;

pub(super) async fn measure() -> Result<Findings> {
    let mut traffic = Traffic::over(LINKS)?;
    let store = Arc::new(MovingStore::default());
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
        writes = store.written();
    }
    let (cpu, floor, written) =
        (median(times.split_off(WARM_UP)), median(floors.split_off(WARM_UP)), Written::of(&writes)?);
    let mut findings = Findings::default();
    findings.numbers.extend([
        ("batch_10k_cpu_ms", cpu),
        ("batch_10k_floor_cpu_ms", floor),
        ("write_amplification", written.amplification),
        ("write_units_per_1000_clicks", written.units * 1e3 / BATCH as f64),
    ]);
    findings.goals = vec![
        Figure::of("batch of 10,000 records, 100 links, CPU, ms", cpu)
            .over("a pass over the event's JSON", floor)
            .at_most(10.0),
        Figure::of("batch, write units / one write an aggregate", written.amplification).at_most(1.05),
    ];
    Ok(findings)
}

/// The writes of a batch.
struct Written {
    units: f64,
    /// In relation to one write of each aggregate without its window of recent clicks, which only serves to count once.
    amplification: f64,
}

impl Written {
    fn of(written: &[(Aggregate, usize)]) -> Result<Self> {
        let (mut units, mut least) = (0, 0);
        for (aggregate, writes) in written {
            units += item_bytes(aggregate)?.div_ceil(UNIT_BYTES) * writes;
            let mut plain = aggregate.clone();
            plain.tally.recent = RecentClicks::default();
            least += item_bytes(&plain)?.div_ceil(UNIT_BYTES);
        }
        Ok(Self { units: units as f64, amplification: units as f64 / least as f64 })
    }
}
