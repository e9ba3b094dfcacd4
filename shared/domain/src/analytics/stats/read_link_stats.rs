//! Reads the statistics of a link.

use futures::future::try_join3;

use super::answer::Stats;
use super::build_stats::{StatsBuilder, read_aggregates};
use super::ports::StatsPorts;
use super::read_all_time::read_all_time;
use super::request::StatsRequest;
use super::subject::Subject;
use crate::access::key::{Caller, Role};
use crate::analytics::model::aggregate::link_pk;
use crate::links::find::find_link;
use crate::links::link::LinkId;
use crate::values::error::Error;

/// Reads the statistics of the link `id`, if the caller's workspace owns it.
///
/// # Errors
/// [`Error::NotFound`] if there is no such link or another workspace owns it, [`Error::Invalid`] if the request cannot be
/// read or answered.
pub async fn read_link_stats(
    ports: &StatsPorts<'_>,
    caller: &Caller,
    id: &LinkId,
    request: &StatsRequest,
) -> Result<Stats, Error> {
    let StatsPorts { links, aggregates, clock, .. } = *ports;
    caller.require(Role::Viewer)?;
    let query = request.check(Subject::Link, clock.now())?;
    let pk = link_pk(&caller.workspace, id);
    // Read all at once. If the link does not exist, the error drops what was read.
    let link = find_link(links, caller, id);
    let found = async { Ok(read_aggregates(aggregates, &pk, &query).await?) };
    let all_time = async { Ok(read_all_time(aggregates, &caller.workspace, id).await?) };
    let (_, found, all_time) = try_join3(link, found, all_time).await?;
    let mut builder = StatsBuilder::new(&query);
    builder.add(&found)?;
    let (domain, slug) = (Some(id.domain.clone()), Some(id.slug.clone()));
    Ok(Stats { domain, slug, all_time: Some(all_time), ..builder.finish() })
}
