//! Reads the statistics of a workspace.

use super::answer::Stats;
use super::ports::StatsPorts;
use super::request::{StatsRequest, Subject};
use super::respond::{Answer, read_aggregates};
use crate::access::key::{Caller, Role};
use crate::analytics::model::aggregate::workspace_pk;
use crate::values::error::Error;

/// The statistics of all links of the caller's workspace, also of those that are deleted by now.
///
/// # Errors
/// [`Error::Invalid`] for what cannot be read or answered.
pub async fn read_workspace_stats(
    ports: &StatsPorts<'_>,
    caller: &Caller,
    request: &StatsRequest,
) -> Result<Stats, Error> {
    let StatsPorts { aggregates, clock, .. } = *ports;
    caller.require(Role::Viewer)?;
    let question = request.check(Subject::Workspace, clock.now())?;
    let found = read_aggregates(aggregates, &workspace_pk(&caller.workspace), &question).await?;
    let mut answer = Answer::to(&question);
    answer.add(&found)?;
    Ok(answer.finish())
}
