//! Ends a job whose message was given up.

use super::job::LinkChange;
use super::ports::{LinkChangeRequest, LinkChangeStore};
use crate::jobs::given_up::GivenUp;
use crate::ports::Clock;
use crate::values::error::{StoreError, StoreErrorKind};

/// What the job says.
const REASON: &str =
    "the job failed too often and was given up: its results tell which links it has changed, and undo takes that back";

/// Ends the job of `request` as failed, unless it has ended, another message goes on with it, or an invocation still works on it.
///
/// # Errors
/// Those of the store. The message can be tried again.
pub async fn give_up_link_change(
    jobs: &dyn LinkChangeStore,
    clock: &dyn Clock,
    request: &LinkChangeRequest,
) -> Result<GivenUp<LinkChange>, StoreError> {
    let job = jobs.get(&request.workspace, &request.link_change).await?;
    let open = job.filter(|job| !job.status.is_final() && request.turn >= job.turn);
    let Some(job) = open else { return Ok(GivenUp::Gone) };
    let now = clock.now();
    if let Some(until) = job.held_until("", now) {
        return Ok(GivenUp::Busy { until });
    }
    let failed = job.failed(REASON.to_owned(), now);
    if jobs.replace(&failed).await? {
        return Ok(GivenUp::Failed(Box::new(failed)));
    }
    Err(StoreError::new("link_changes.give_up", StoreErrorKind::Unavailable, "the job has changed"))
}
