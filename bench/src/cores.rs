//! One core for the bench and all that it measures. A hand-over to another core waits until that core has woken up, which
//! takes longer than a no-op and varies; on one core it is a switch of processes, always the same.

#[cfg(target_os = "linux")]
pub(crate) use linux::OneCore;
#[cfg(not(target_os = "linux"))]
pub(crate) use other::OneCore;

use rustix::time::{ClockId, clock_gettime};

/// How long this thread has had a core; what else runs on it meanwhile does not count.
pub(crate) fn core_seconds() -> f64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}

#[cfg(target_os = "linux")]
mod linux {
    use anyhow::Result;
    use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

    /// While it lives, this thread stays on the last core that it may use, and so does what it starts.
    #[must_use]
    pub(crate) struct OneCore {
        allowed: CpuSet,
    }

    impl OneCore {
        pub(crate) fn stay() -> Result<Self> {
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
                println!("this thread stays on one core: {error}");
            }
        }
    }
}

/// So that the rest of the workspace can be built and tested elsewhere; `main` has refused to measure by then.
#[cfg(not(target_os = "linux"))]
mod other {
    #[must_use]
    pub(crate) struct OneCore;

    impl OneCore {
        pub(crate) fn stay() -> anyhow::Result<Self> {
            anyhow::bail!("a process can be kept on one core on Linux only")
        }
    }
}
