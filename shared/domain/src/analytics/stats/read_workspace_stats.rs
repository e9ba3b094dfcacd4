//! Reads the statistics of a workspace.

use super::answer::Stats;
use super::build_stats::{StatsBuilder, read_aggregates};
use super::ports::StatsPorts;
use super::request::StatsRequest;
use super::subject::Subject;
use crate::access::key::{Caller, Role};
use crate::analytics::model::aggregate::workspace_pk;
use crate::values::error::Error;

/// Reads the statistics of all links of the caller's workspace, including links that have been deleted since.
///
/// # Errors
/// [`Error::Invalid`] if the request cannot be read or answered.
pub async fn read_workspace_stats(
    ports: &StatsPorts<'_>,
    caller: &Caller,
    request: &StatsRequest,
) -> Result<Stats, Error> {
    let StatsPorts { aggregates, clock, .. } = *ports;
    caller.require(Role::Viewer)?;
    let query = request.check(Subject::Workspace, clock.now())?;
    let found = read_aggregates(aggregates, &workspace_pk(&caller.workspace), &query).await?;
    let mut builder = StatsBuilder::new(&query);
    builder.add(&found)?;
    Ok(builder.finish())
}
