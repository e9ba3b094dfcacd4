//! Starts a job that takes back what another job has changed.

use super::find::find_link_change;
use super::job::{Action, LinkChange, Selection};
use super::start::{StartLinkChangePorts, create, require_room, waiting};
use crate::access::key::{Caller, Role};
use crate::files::retention::Retention;
use crate::values::error::Error;

/// Starts a job that brings back the state of each link from before the job `id`, if nobody has changed the link since. Needs
/// [`Role::Editor`].
///
/// # Errors
/// [`Error::NotFound`] if there is no such job; [`Error::Conflict`] if it has not ended, changed nothing, or is itself an undo;
/// [`Error::Gone`] if the bucket has deleted what the links were; [`Error::RateLimited`] as for any job.
pub async fn undo_link_change(
    ports: &StartLinkChangePorts<'_>,
    retention: Retention,
    caller: &Caller,
    id: &str,
) -> Result<LinkChange, Error> {
    caller.require(Role::Editor)?;
    let job = find_link_change(ports.jobs, caller, id).await?;
    let refuse = |detail: &str| Err(Error::Conflict(detail.to_owned()));
    if !job.status.is_final() {
        return refuse("the job has not ended: cancel it first, or wait");
    }
    if job.dry_run {
        return refuse("a dry run has changed nothing");
    }
    if matches!(job.action, Action::Undo { .. }) {
        return refuse("an undo cannot be undone: start the change again");
    }
    retention.require("state of the links before the job", job.created_at, ports.clock.now())?;
    require_room(ports, caller).await?;
    create(ports, waiting(ports, caller, Action::Undo { of: job.id }, Selection::OfJob)).await
}
