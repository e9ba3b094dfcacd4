//! Reads the statistics of a link.

use futures::future::try_join3;

use super::answer::Stats;
use super::ports::StatsPorts;
use super::read_all_time::read_all_time;
use super::request::{StatsRequest, Subject};
use super::respond::{Answer, read_aggregates};
use crate::access::key::{Caller, Role};
use crate::analytics::model::aggregate::link_pk;
use crate::links::find::find_link;
use crate::links::link::LinkId;
use crate::values::error::Error;

/// The statistics of the link `id`, if the caller's workspace owns it.
///
/// # Errors
/// [`Error::NotFound`] for a foreign link or none, [`Error::Invalid`] for what cannot be read or answered.
pub async fn read_link_stats(
    ports: &StatsPorts<'_>,
    caller: &Caller,
    id: &LinkId,
    request: &StatsRequest,
) -> Result<Stats, Error> {
    let StatsPorts { links, aggregates, clock, .. } = *ports;
    caller.require(Role::Viewer)?;
    let question = request.check(Subject::Link, clock.now())?;
    let pk = link_pk(&caller.workspace, id);
    // All at a time: what was read of a link that is gone is dropped with the error.
    let (_, found, all_time) = try_join3(
        find_link(links, caller, id),
        async { Ok(read_aggregates(aggregates, &pk, &question).await?) },
        async { Ok(read_all_time(aggregates, &caller.workspace, id).await?) },
    )
    .await?;
    let mut answer = Answer::to(&question);
    answer.add(&found)?;
    let (domain, slug) = (Some(id.domain.clone()), Some(id.slug.clone()));
    Ok(Stats { domain, slug, all_time: Some(all_time), ..answer.finish() })
}
