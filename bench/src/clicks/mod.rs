//! From the stream to the aggregates: how fast clicks are folded, what a batch costs and what it writes; and, as an area of
//! its own, that no fault changes a number.

mod batch;
pub(crate) mod faults;
mod fold;
mod shelf;
mod traffic;

use anyhow::Result;

use crate::area::{Findings, Setting};
use crate::cores::OneCore;

/// Measures the fold, and the handler with a batch.
pub(crate) fn measure(_: &Setting<'_>) -> Result<Findings> {
    let _one = OneCore::stay()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
    let mut findings = runtime.block_on(fold::measure())?;
    findings.merge(runtime.block_on(batch::measure())?);
    Ok(findings)
}

/// The one in the middle of what was measured after the first two, which fill caches and make the aggregates.
fn median(mut numbers: Vec<f64>) -> f64 {
    let mut numbers = numbers.split_off(2);
    numbers.sort_by(f64::total_cmp);
    numbers.get(numbers.len() / 2).copied().unwrap_or(f64::NAN)
}
