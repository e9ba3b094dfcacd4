//! Reads the statistics of a link.

use futures::future::{try_join, try_join_all};

use super::answer::Stats;
use super::build_stats::{StatsBuilder, read_aggregates};
use super::ports::StatsPorts;
use super::read_all_time::read_all_time;
use super::request::StatsRequest;
use super::subject::Subject;
use crate::access::key::{Caller, Role};
use crate::analytics::model::aggregate::link_pks;
use crate::links::address::LinkAddress;
use crate::links::find::find_link;
use crate::values::error::Error;

/// Reads the statistics of the link at `address`, if the caller's workspace owns it.
///
/// # Errors
/// [`Error::NotFound`] if there is no such link or the caller does not reach it, [`Error::Invalid`] if the request cannot be
/// read or answered.
pub async fn read_link_stats(
    ports: &StatsPorts<'_>,
    caller: &Caller,
    address: &LinkAddress,
    request: &StatsRequest,
) -> Result<Stats, Error> {
    let StatsPorts { links, aggregates, clock, .. } = *ports;
    caller.require(Role::Viewer)?;
    let query = request.check(Subject::Link, clock.now())?;
    // The link comes first: its clicks are counted by its id.
    let link = find_link(links, caller, address).await?;
    let pks = link_pks(&link);
    let reads: Vec<_> = pks.iter().map(|pk| read_aggregates(aggregates, pk, &query)).collect();
    let (found, all_time) = try_join(try_join_all(reads), read_all_time(aggregates, &link)).await?;
    let mut builder = StatsBuilder::new(&query);
    for aggregates in &found {
        builder.add(aggregates)?;
    }
    let (link_id, LinkAddress { domain, slug }) = (Some(link.id()), link.address);
    let (domain, slug) = (Some(domain), Some(slug));
    Ok(Stats { link_id, domain, slug, all_time: Some(all_time), ..builder.finish() })
}
