//! One core for the bootstraps, another for the bench, where there are two: what is measured then competes with nothing of
//! ours, and does not wander.

use anyhow::Result;
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

/// Which cores are used.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cores {
    bench: usize,
    bootstraps: usize,
}

impl Cores {
    /// The first and the last core that this process may use.
    pub(crate) fn choose() -> Result<Self> {
        let allowed = sched_getaffinity(None)?;
        let mut cores = (0..CpuSet::MAX_CPU).filter(|core| allowed.is_set(*core));
        let first = cores.next().unwrap_or(0);
        Ok(Self { bench: first, bootstraps: cores.last().unwrap_or(first) })
    }

    /// Starts processes with `start`, which inherit the bootstraps' core.
    pub(crate) fn on_bootstraps_core<T>(self, start: impl FnOnce() -> Result<T>) -> Result<T> {
        pin(self.bootstraps)?;
        let started = start();
        pin(self.bench)?;
        started
    }
}

fn pin(core: usize) -> Result<()> {
    let mut set = CpuSet::new();
    set.set(core);
    Ok(sched_setaffinity(None, &set)?)
}
