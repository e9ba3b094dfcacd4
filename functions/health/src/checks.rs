//! Checks all parts of the stack concurrently, in bounded time, and caches the result.

use std::sync::Arc;
use std::time::Duration;

use futures::future::join_all;
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout};
use waypost_api::health::{Status, Statuses};
use waypost_domain::ports::Probe;

/// How long a part may take to answer.
const TIMEOUT: Duration = Duration::from_secs(2);
/// How long a result is cached. The route is public, and a stream can be described at most 20 times a second (Kinesis API
/// reference, DescribeStreamSummary).
const CACHED_FOR: Duration = Duration::from_secs(5);

/// The parts to check.
pub(crate) struct Checks {
    probes: Vec<(&'static str, Arc<dyn Probe>)>,
    last: Mutex<Option<(Instant, Statuses)>>,
}

impl Checks {
    /// Checks parts by their names.
    pub(crate) fn new(probes: Vec<(&'static str, Arc<dyn Probe>)>) -> Self {
        Self { probes, last: Mutex::default() }
    }

    /// Gives the health of all parts, at most some seconds old.
    pub(crate) async fn run(&self) -> Statuses {
        let mut last = self.last.lock().await;
        if let Some((at, statuses)) = last.as_ref()
            && at.elapsed() < CACHED_FOR
        {
            return statuses.clone();
        }
        let statuses: Statuses =
            join_all(self.probes.iter().map(|(name, probe)| check(name, probe.as_ref()))).await.into_iter().collect();
        *last = Some((Instant::now(), statuses.clone()));
        statuses
    }
}

async fn check(part: &'static str, probe: &dyn Probe) -> (&'static str, Status) {
    let status = match timeout(TIMEOUT, probe.probe()).await {
        Ok(Ok(())) => Status::Ok,
        Ok(Err(error)) => {
            tracing::warn!(event = "health.failed", part, %error);
            Status::Failed
        }
        Err(_) => {
            tracing::warn!(event = "health.timeout", part, timeout_ms = TIMEOUT.as_millis());
            Status::Timeout
        }
    };
    (part, status)
}
