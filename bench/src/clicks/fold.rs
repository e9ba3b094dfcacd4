//! Measures how many clicks a second one core folds, from the data of records to aggregates in memory.

use anyhow::{Result, ensure};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::de::IgnoredAny;
use waypost_domain::analytics::ingest::aggregate_clicks::{AggregateClicksPorts, aggregate_clicks};
use waypost_domain::analytics::ingest::record::Received;
use waypost_domain::analytics::ingest::user_agent::UserAgents;
use waypost_domain::testing::analytics::MemoryQuarantine;

use super::store::MovingStore;
use super::traffic::Traffic;
use crate::cores::core_seconds;
use crate::figures::median;
use crate::goals::Figure;
use crate::measurement::Findings;

const BATCH: usize = 10_000;
const BATCHES: usize = 32;
/// The first batches fill caches and make the aggregates.
const WARM_UP: usize = 2;
const LINKS: usize = 1_000;

pub(super) async fn measure() -> Result<Findings> {
    let mut traffic = Traffic::over(LINKS)?;
    let (agents, store, quarantine) = (UserAgents::new()?, MovingStore::default(), MemoryQuarantine::default());
    let (mut rates, mut floors) = (Vec::new(), Vec::new());
    for _ in 0..BATCHES {
        let batch = traffic.records(BATCH)?;
        let start = core_seconds();
        floor(&batch)?;
        let folding = core_seconds();
        let result = aggregate_clicks(
            &AggregateClicksPorts { agents: &agents, store: &store, quarantine: &quarantine, archive: None },
            &batch,
        )
        .await;
        let end = core_seconds();
        ensure!(result.failed.is_empty() && result.quarantined == 0, "clicks were not counted: {result:?}");
        floors.push(BATCH as f64 / (folding - start));
        rates.push(BATCH as f64 / (end - folding));
    }
    let (folded, floor) = (median(rates.split_off(WARM_UP)), median(floors.split_off(WARM_UP)));
    let mut findings = Findings::default();
    findings.numbers.extend([("fold_clicks_per_s", folded), ("fold_floor_clicks_per_s", floor)]);
    let goal = Figure::of("clicks of 1,000 links folded, a second", folded);
    findings.goals.push(goal.over("records decoded, JSON skipped", floor).at_least(0.25));
    Ok(findings)
}

/// Does what every reader of these records has to do: decodes the base64, and skips over the JSON with `serde_json`.
fn floor(batch: &[Received<'_>]) -> Result<()> {
    for received in batch {
        serde_json::from_slice::<IgnoredAny>(&STANDARD.decode(received.data.as_bytes())?)?;
    }
    Ok(())
}
