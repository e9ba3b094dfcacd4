//! Asks all parts of the stack at once, in bounded time, and not more often than is of use.

use std::sync::Arc;
use std::time::Duration;

use futures::future::join_all;
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout};
use waypost_api::health::{Status, Statuses};
use waypost_domain::ports::Probe;

/// How long a part may take to answer.
const TIMEOUT: Duration = Duration::from_secs(2);
/// How long an answer is given again. Anybody may ask, and a stream describes itself 20 times a second at most (Kinesis API
/// reference, DescribeStreamSummary).
const CACHED_FOR: Duration = Duration::from_secs(5);

/// The parts to ask.
pub(crate) struct Checks {
    probes: Vec<(&'static str, Arc<dyn Probe>)>,
    last: Mutex<Option<(Instant, Statuses)>>,
}

impl Checks {
    /// Parts with their names.
    pub(crate) fn new(probes: Vec<(&'static str, Arc<dyn Probe>)>) -> Self {
        Self { probes, last: Mutex::default() }
    }

    /// How all parts are, or were some seconds ago.
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
