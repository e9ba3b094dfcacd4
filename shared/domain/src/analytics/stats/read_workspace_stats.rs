//! Reads the statistics of a workspace.

use super::answer::Stats;
use super::build_stats::{StatsBuilder, read_aggregates};
use super::filter::FilterLink;
use super::ports::StatsPorts;
use super::request::StatsRequest;
use super::subject::Subject;
use super::top_links::top_links;
use crate::access::key::{Caller, Role};
use crate::analytics::model::aggregate::workspace_pk;
use crate::analytics::model::dimension::Dimension;
use crate::analytics::model::link_value::read_address;
use crate::links::ports::LinkReader;
use crate::values::error::{Error, StoreError};

/// Reads the statistics of all links of the caller's workspace, including links that have been deleted since.
///
/// # Errors
/// [`Error::Invalid`] if the request cannot be read or answered; [`Error::Forbidden`] if the caller reaches only some of the links.
pub async fn read_workspace_stats(
    ports: &StatsPorts<'_>,
    caller: &Caller,
    request: &StatsRequest,
) -> Result<Stats, Error> {
    let StatsPorts { links, moves, aggregates, clock, .. } = *ports;
    caller.require(Role::Viewer)?;
    // The sums of a workspace hold the clicks of all of its links.
    caller.require_whole_scope("read the statistics of the workspace: name a tag, or a link")?;
    let mut query = request.check(Subject::Workspace, clock.now())?;
    if let Some(filter) = query.filter.as_mut().filter(|filter| filter.dimension == Dimension::Link) {
        filter.link = find_filtered(links, caller, &filter.value).await?;
    }
    let found = read_aggregates(aggregates, &workspace_pk(&caller.workspace), &query).await?;
    let mut builder = StatsBuilder::new(&query);
    builder.add(&found)?;
    let top = match builder.group(Dimension::Link) {
        Some((counts, clicks)) => Some(top_links(moves, &caller.workspace, counts, clicks, query.limit).await?),
        None => None,
    };
    let mut stats = builder.finish();
    if let Some(top) = top {
        stats.top.insert(Dimension::Link, Some(top));
    }
    Ok(stats)
}

/// Finds the link of the caller's workspace whose address a filter names.
async fn find_filtered(
    links: &dyn LinkReader,
    caller: &Caller,
    address: &str,
) -> Result<Option<FilterLink>, StoreError> {
    let Some(address) = read_address(address) else { return Ok(None) };
    let link = links.get(&address).await?.filter(|link| caller.sees(link));
    Ok(link.map(|link| FilterLink { id: link.id(), counted_at: link.counted_at().map(ToString::to_string) }))
}
