//! Cancels a job.

use super::find::find_link_change;
use super::job::{LinkChange, LinkChangeStatus};
use super::ports::LinkChangeStore;
use crate::access::key::{Caller, Role};
use crate::ports::Clock;
use crate::values::error::{Error, StoreError, StoreErrorKind};

/// How many times to write a job that its worker writes at the same time.
const MAX_ATTEMPTS: usize = 20;

/// Cancels the job `id`, and returns it. A job that nobody has begun ends at once. One that runs first finishes the few hundred links that
/// it works on, so that their results are known. Needs [`Role::Editor`]. Does nothing to a job that has ended.
///
/// # Errors
/// [`Error::NotFound`] if there is no such job; those of the store.
pub async fn cancel_link_change(
    jobs: &dyn LinkChangeStore,
    clock: &dyn Clock,
    caller: &Caller,
    id: &str,
) -> Result<LinkChange, Error> {
    caller.require(Role::Editor)?;
    for _ in 0..MAX_ATTEMPTS {
        let job = find_link_change(jobs, caller, id).await?;
        if job.status.is_final() || job.cancelling {
            return Ok(job);
        }
        let next = match job.status {
            LinkChangeStatus::Waiting => job.cancelled(clock.now()),
            _ => job.to_cancel(),
        };
        if jobs.replace(&next).await? {
            return Ok(next);
        }
    }
    Err(StoreError::new("link_changes.cancel", StoreErrorKind::Throttled, "the job is written all the time").into())
}
