//! Measures clicks from the stream to the aggregates: the fold alone, a batch through the handler, the whole process of
//! `aggregate-clicks`; and that no fault changes a number.

pub(crate) mod aggregate;
mod batch;
pub(crate) mod faults;
mod fold;
mod store;
mod traffic;

use anyhow::Result;

use crate::cores::OneCore;
use crate::measurement::{Findings, Setting};

/// Measures the fold, and the handler with a batch.
pub(crate) fn measure(_: &Setting<'_>) -> Result<Findings> {
    let _pinned = OneCore::pin()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
    let mut findings = runtime.block_on(fold::measure())?;
    findings.merge(runtime.block_on(batch::measure())?);
    Ok(findings)
}
