//! Reads the statistics of the visits to no link of a domain.

use futures::future::try_join;

use super::answer::Stats;
use super::build_stats::{StatsBuilder, read_aggregates};
use super::read_all_time::all_time;
use super::request::StatsRequest;
use super::subject::Subject;
use crate::access::key::{Caller, Role};
use crate::analytics::model::aggregate::misses_pk;
use crate::analytics::ports::AggregateReader;
use crate::ports::Clock;
use crate::values::domains::{Domain, Domains};
use crate::values::error::Error;
use crate::values::workspace::WorkspaceId;

/// The ports of [`read_misses`], and what it must know of the stack.
#[derive(Clone, Copy)]
pub struct MissPorts<'a> {
    /// Reads aggregates.
    pub aggregates: &'a dyn AggregateReader,
    /// Tells the time now, and so which day is today.
    pub clock: &'a dyn Clock,
    /// The stack's own domains.
    pub domains: &'a Domains,
    /// The workspace that manages the domains of the stack.
    pub operator: &'a WorkspaceId,
}

/// Reads the statistics of the visits to addresses of the domain `name` that are no link. Only the workspace that manages the domain may:
/// visitors of a domain that several workspaces use may have looked for the links of any of them.
///
/// # Errors
/// [`Error::NotFound`] if the stack has no such domain, or it belongs to another workspace; [`Error::Forbidden`] if it belongs to the stack
/// and the caller's workspace is not the operator's, or if the caller reaches only some of the links; [`Error::Invalid`] if the request
/// cannot be read or answered.
pub async fn read_misses(
    ports: &MissPorts<'_>,
    caller: &Caller,
    name: &str,
    request: &StatsRequest,
) -> Result<Stats, Error> {
    let MissPorts { aggregates, clock, domains, operator } = *ports;
    caller.require(Role::Viewer)?;
    let domain = Domain::parse(name).ok().filter(|domain| domains.contains(domain.as_str()));
    let domain = domain.filter(|domain| caller.scope.allows_domain(domain.as_str()));
    let domain = domain.ok_or(Error::NotFound("domain"))?;
    let owner = domains.owner_of(&domain);
    match owner {
        Some(owner) if *owner != caller.workspace => return Err(Error::NotFound("domain")),
        None if *operator != caller.workspace => {
            let detail =
                "only the operator's workspace sees the visits to no link of a domain that belongs to the stack";
            return Err(Error::Forbidden(detail.to_owned()));
        }
        _ => {}
    }
    caller.require_whole_scope("read the visits to no link")?;
    let query = request.check(Subject::Misses, clock.now())?;
    let pk = misses_pk(&domain, owner);
    let pks = [pk.as_str()];
    let (found, all_time) = try_join(read_aggregates(aggregates, &pk, &query), all_time(aggregates, &pks)).await?;
    let mut builder = StatsBuilder::new(&query);
    builder.add(&found)?;
    Ok(Stats { domain: Some(domain), all_time: Some(all_time), ..builder.finish() })
}
