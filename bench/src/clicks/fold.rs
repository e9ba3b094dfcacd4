//! Clicks a second on one core, from the data of a record to aggregates in memory.

use anyhow::{Result, ensure};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::de::IgnoredAny;
use waypost_domain::analytics::ingest::aggregate_clicks::{AggregateClicksPorts, aggregate_clicks};
use waypost_domain::analytics::ingest::record::Received;
use waypost_domain::analytics::ingest::user_agent::UserAgents;
use waypost_domain::testing::analytics::MemoryQuarantine;

use super::median;
use super::shelf::Shelf;
use super::traffic::Traffic;
use crate::area::Findings;
use crate::cores::core_seconds;
use crate::goals::Verdict;

const BATCH: usize = 10_000;
const BATCHES: usize = 32;
const LINKS: usize = 1_000;

pub(super) async fn measure() -> Result<Findings> {
    let mut traffic = Traffic::over(LINKS)?;
    let (agents, store, quarantine) = (UserAgents::new()?, Shelf::default(), MemoryQuarantine::default());
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
    let (folded, floor) = (median(rates), median(floors));
    let mut findings = Findings::default();
    findings.numbers.extend([("fold_clicks_per_s", folded), ("fold_floor_clicks_per_s", floor)]);
    findings.goals.push(Verdict::at_least("clicks folded per second on one core", folded, 400_000.0));
    Ok(findings)
}

/// What anything that reads these records has to do: decode them and see that they are JSON.
fn floor(batch: &[Received<'_>]) -> Result<()> {
    for received in batch {
        serde_json::from_slice::<IgnoredAny>(&STANDARD.decode(received.data.as_bytes())?)?;
    }
    Ok(())
}
