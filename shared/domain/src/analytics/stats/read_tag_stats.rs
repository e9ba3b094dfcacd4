//! Reads the statistics of the links with a tag.

use std::cmp::Reverse;

use futures::stream::{self, StreamExt};

use super::answer::{Stats, Top, TopItem};
use super::ports::StatsPorts;
use super::request::{Question, StatsRequest, Subject};
use super::respond::{Aggregates, Answer, read_aggregates};
use crate::access::key::{Caller, Role};
use crate::analytics::model::aggregate::link_pk;
use crate::analytics::model::dimension::Dimension;
use crate::analytics::ports::AggregateReader;
use crate::links::link::LinkId;
use crate::links::link::check_tags;
use crate::links::ports::LinkIndex;
use crate::links::query::{LinkFilter, LinkQuery};
use crate::values::error::{Error, StoreError};

/// The greatest number of links that are added up in one request.
pub const MAX_LINKS: usize = 100;
/// The greatest number of links times days in one request: each is an item or more to be read.
pub const MAX_LINK_DAYS: usize = 10_000;
/// How many parts of the list are looked through for the tags: a workspace with some 100,000 links.
const MAX_SLICES: usize = 5;
/// How many links are read at a time: so many bounds what is in memory.
const AT_A_TIME: usize = 8;

/// The statistics of the workspace's links that have any of `tags`, archived ones included.
///
/// # Errors
/// [`Error::Invalid`] for what cannot be read or answered, and if there are more links, or more links times days, than
/// are added up in one request.
pub async fn read_tag_stats(
    ports: &StatsPorts<'_>,
    caller: &Caller,
    tags: &[String],
    request: &StatsRequest,
) -> Result<Stats, Error> {
    let StatsPorts { index, aggregates, clock, .. } = *ports;
    caller.require(Role::Viewer)?;
    let tags = check_tags(tags.iter().map(String::as_str)).map_err(|(_, detail)| Error::invalid("tag", detail))?;
    let question = request.check(Subject::Tagged, clock.now())?;
    let links = links_with(index, caller, &tags).await?;
    check_size(&question, links.len())?;
    let mut answer = Answer::to(&question);
    let mut by_link = Vec::new();
    // Made before they are polled: a closure that makes them on the way could not be sent between threads.
    let reads: Vec<_> = links.iter().map(|id| read_link(aggregates, caller, id, &question)).collect();
    let mut reads = stream::iter(reads).buffered(AT_A_TIME);
    while let Some(read) = reads.next().await {
        let (link, found) = read?;
        by_link.push((link, answer.add(&found)?));
    }
    let mut stats = answer.finish();
    if let Some(top) = stats.top.get_mut(&Dimension::Link) {
        *top = top_links(by_link, question.limit);
    }
    Ok(Stats { tags: Some(tags), links: Some(links.len()), ..stats })
}

/// What a link is called among top values, and its aggregates.
async fn read_link(
    aggregates: &dyn AggregateReader,
    caller: &Caller,
    id: &LinkId,
    question: &Question,
) -> Result<(String, Aggregates), StoreError> {
    let found = read_aggregates(aggregates, &link_pk(&caller.workspace, id), question).await?;
    Ok((format!("{}/{}", id.domain, id.slug), found))
}

/// The links with any of `tags`, found through the list.
async fn links_with(index: &dyn LinkIndex, caller: &Caller, tags: &[String]) -> Result<Vec<LinkId>, Error> {
    let filter = LinkFilter { tags: tags.to_vec(), any_tag: true, ..LinkFilter::default() };
    let mut query = LinkQuery { filter, ..LinkQuery::newest(MAX_LINKS + 1) };
    let mut found = Vec::new();
    for _ in 0..MAX_SLICES {
        let slice = index.page(&caller.workspace, &query).await?;
        found.extend(slice.links.into_iter().map(|link| link.id));
        if found.len() > MAX_LINKS {
            let detail =
                format!("more than {MAX_LINKS} links have it, which is more than can be added up in one request");
            return Err(Error::invalid("tag", detail));
        }
        let Some(reached) = slice.reached else { return Ok(found) };
        query.before = Some(reached);
    }
    let detail = "the workspace has more links than can be looked through for a tag in one request";
    Err(Error::invalid("tag", detail))
}

fn check_size(question: &Question, links: usize) -> Result<(), Error> {
    let of = |days: std::ops::Range<i64>| usize::try_from(days.end - days.start).unwrap_or(usize::MAX);
    let days = of(question.period.days()) + question.previous.as_ref().map_or(0, |period| of(period.days()));
    if links.saturating_mul(days) <= MAX_LINK_DAYS {
        return Ok(());
    }
    let detail = format!(
        "{links} links and {days} days are more than {MAX_LINK_DAYS} links times days: ask for fewer days or a tag of fewer links"
    );
    Err(Error::invalid("from", detail))
}

/// Exact: each link was added up on its own.
fn top_links(mut links: Vec<(String, u64)>, limit: usize) -> Top {
    links.retain(|(_, clicks)| *clicks > 0);
    links.sort_by(|(a, x), (b, y)| (Reverse(x), a).cmp(&(Reverse(y), b)));
    let other = links.split_off(limit.min(links.len())).into_iter().map(|(_, clicks)| clicks).sum();
    let items = links.into_iter().map(|(value, clicks)| TopItem { value, clicks, error: 0 });
    Top { items: items.collect(), other, unknown: 0, error: 0 }
}
