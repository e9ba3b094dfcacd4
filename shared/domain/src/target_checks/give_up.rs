//! Ends a run of checks whose message was given up.

use super::job::{CheckJob, CheckJobStatus};
use super::ports::{CheckJobStore, CheckRequest};
use crate::jobs::given_up::GivenUp;
use crate::ports::Clock;
use crate::values::error::{StoreError, StoreErrorKind};

/// What the run says.
const REASON: &str = "the run failed too often and was given up; the next one checks all links again";

/// Ends the run of `request` as failed, unless it has ended, another message goes on with it, or an invocation still works on it.
///
/// # Errors
/// Those of the store. The message can be tried again.
pub async fn give_up_check_run(
    jobs: &dyn CheckJobStore,
    clock: &dyn Clock,
    request: &CheckRequest,
) -> Result<GivenUp<CheckJob>, StoreError> {
    let job = jobs.get(request.workspace.as_ref()).await?.filter(|job| {
        job.status == CheckJobStatus::Running && job.run == request.check_run && request.turn >= job.turn
    });
    let Some(job) = job else { return Ok(GivenUp::Gone) };
    let now = clock.now();
    if let Some(until) = job.held_until("", now) {
        return Ok(GivenUp::Busy { until });
    }
    let failed = job.failed(REASON.to_owned(), now);
    if jobs.replace(&failed).await? {
        return Ok(GivenUp::Failed(Box::new(failed)));
    }
    Err(StoreError::new("checks.give_up", StoreErrorKind::Unavailable, "the run has changed"))
}
