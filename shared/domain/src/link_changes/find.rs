//! Finds a job of the caller's workspace.

use super::id::LinkChangeId;
use super::job::LinkChange;
use super::ports::LinkChangeStore;
use crate::access::key::{Caller, Role};
use crate::jobs::open_to::SeenJob;
use crate::values::error::Error;

/// Returns the job `id` of the caller's workspace. Needs [`Role::Viewer`].
///
/// # Errors
/// [`Error::NotFound`] if there is no such job, it belongs to another workspace, or `id` is not a job's id.
pub async fn find_link_change(jobs: &dyn LinkChangeStore, caller: &Caller, id: &str) -> Result<LinkChange, Error> {
    caller.require(Role::Viewer)?;
    let id = LinkChangeId::parse(id).map_err(|_| Error::NotFound("change of links"))?;
    let job = jobs.get(&caller.workspace, &id).await?.filter(|job| job.is_open_to(caller));
    job.ok_or(Error::NotFound("change of links"))
}
