//! One core for the bench and all that it measures. A hand-over to another core waits until that core has woken up, which
//! takes longer than a no-op and varies; on one core it is a switch of processes, always the same.

use anyhow::Result;
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

/// Stays on the last core that this process may use, and so do the processes that it starts.
pub(crate) fn stay_on_one() -> Result<()> {
    let allowed = sched_getaffinity(None)?;
    let mut one = CpuSet::new();
    if let Some(core) = (0..CpuSet::MAX_CPU).rev().find(|core| allowed.is_set(*core)) {
        one.set(core);
        sched_setaffinity(None, &one)?;
    }
    Ok(())
}
