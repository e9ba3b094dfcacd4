//! Reads the statistics of a workspace.

use super::answer::Stats;
use super::request::{StatsRequest, Subject};
use super::respond::{Answer, read_aggregates};
use crate::analytics::aggregate::workspace_pk;
use crate::analytics::ports::AggregateReader;
use crate::ports::Clock;
use crate::{Caller, Error, Role};

/// The statistics of all links of the caller's workspace, also of those that are deleted by now.
///
/// # Errors
/// [`Error::Invalid`] for what cannot be read or answered.
pub async fn read_workspace_stats(
    aggregates: &dyn AggregateReader,
    clock: &dyn Clock,
    caller: &Caller,
    request: &StatsRequest,
) -> Result<Stats, Error> {
    caller.require(Role::Viewer)?;
    let question = request.check(Subject::Workspace, clock.now())?;
    let found = read_aggregates(aggregates, &workspace_pk(&caller.workspace), &question).await?;
    let mut answer = Answer::to(&question);
    answer.add(&found)?;
    Ok(answer.finish())
}
