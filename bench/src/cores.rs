//! Keeps the bench and the processes that it starts on one core. A hand-over to another core waits until that core wakes up,
//! which takes longer than a no-op and varies; on one core it is a switch of processes, always the same.

#[cfg(target_os = "linux")]
pub(crate) use linux::OneCore;
#[cfg(not(target_os = "linux"))]
pub(crate) use other::OneCore;

use rustix::time::{ClockId, clock_gettime};

/// The CPU time of this thread; the time of other work on the core does not count.
pub(crate) fn core_seconds() -> f64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}

#[cfg(target_os = "linux")]
mod linux {
    use anyhow::Result;
    use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

    /// Keeps this thread and its children on the last core that they may use, until it is dropped.
    #[must_use]
    pub(crate) struct OneCore {
        allowed: CpuSet,
    }

    impl OneCore {
        pub(crate) fn pin() -> Result<Self> {
            let allowed = sched_getaffinity(None)?;
            let mut one = CpuSet::new();
            if let Some(core) = (0..CpuSet::MAX_CPU).rev().find(|core| allowed.is_set(*core)) {
                one.set(core);
                sched_setaffinity(None, &one)?;
            }
            Ok(Self { allowed })
        }
    }

    impl Drop for OneCore {
        fn drop(&mut self) {
            if let Err(error) = sched_setaffinity(None, &self.allowed) {
                println!("this thread could not leave its core: {error}");
            }
        }
    }
}

/// Lets the workspace compile on other systems, where `main` refuses to measure.
#[cfg(not(target_os = "linux"))]
mod other {
    #[must_use]
    pub(crate) struct OneCore;

    impl OneCore {
        pub(crate) fn pin() -> anyhow::Result<Self> {
            anyhow::bail!("only Linux pins a process to a core")
        }
    }
}
