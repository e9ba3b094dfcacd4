//! Reads the statistics of the links with a tag.

use std::cmp::Reverse;
use std::ops::Range;

use futures::future::try_join_all;
use futures::stream::{self, StreamExt};

use super::answer::{Stats, Top, TopItem};
use super::build_stats::{Aggregates, StatsBuilder, read_aggregates};
use super::ports::StatsPorts;
use super::request::{StatsQuery, StatsRequest};
use super::subject::Subject;
use crate::access::key::{Caller, Role};
use crate::analytics::model::aggregate::link_pks;
use crate::analytics::model::dimension::Dimension;
use crate::analytics::ports::AggregateReader;
use crate::links::link::{Link, check_tags};
use crate::links::ports::LinkIndex;
use crate::links::query::{LinkFilter, LinkQuery};
use crate::values::error::{Error, StoreError};

/// The greatest number of links that one request adds up.
pub const MAX_LINKS: usize = 100;
/// The greatest number of links times days in one request: each is an item to read, or more.
pub const MAX_LINK_DAYS: usize = 10_000;
/// How many parts of the list of links are searched for the tags: enough for a workspace with some 100,000 links.
const MAX_SLICES: usize = 5;
/// How many links are read at a time, to bound the memory.
const AT_A_TIME: usize = 8;

/// Reads the statistics of the workspace's links that have any of `tags`, archived ones included, of those that the caller reaches.
///
/// # Errors
/// [`Error::Invalid`] if the request cannot be read or answered, or if there are more than [`MAX_LINKS`] links, or more than
/// [`MAX_LINK_DAYS`] links times days.
pub async fn read_tag_stats(
    ports: &StatsPorts<'_>,
    caller: &Caller,
    tags: &[String],
    request: &StatsRequest,
) -> Result<Stats, Error> {
    let StatsPorts { index, aggregates, clock, .. } = *ports;
    caller.require(Role::Viewer)?;
    let tags = check_tags(tags.iter().map(String::as_str)).map_err(|(_, detail)| Error::invalid("tag", detail))?;
    let query = request.check(Subject::Tagged, clock.now())?;
    let tagged = links_with(index, caller, &tags).await?;
    let passes = |link: &Link| {
        query.filter.as_ref().is_none_or(|filter| !filter.is_by_partition || filter.selects(&link.address))
    };
    let links: Vec<&Link> = tagged.iter().filter(|link| passes(link)).collect();
    check_size(&query, links.len())?;
    let mut builder = StatsBuilder::new(&query);
    let mut by_link = Vec::new();
    // Make all futures before polling: with a lazy closure this future would not be `Send`.
    let reads: Vec<_> = links.iter().map(|link| read_link(aggregates, link, &query)).collect();
    let mut reads = stream::iter(reads).buffered(AT_A_TIME);
    while let Some(read) = reads.next().await {
        let (mut item, found) = read?;
        for aggregates in &found {
            item.clicks += builder.add(aggregates)?;
        }
        by_link.push(item);
    }
    let mut stats = builder.finish();
    // Each link was added up on its own, by hour, so that its clicks are known for any range.
    if let Some(top) = stats.top.get_mut(&Dimension::Link) {
        *top = Some(top_links(by_link, query.limit));
        stats.null_because.remove(&format!("top.{}", Dimension::Link));
    }
    Ok(Stats { tags: Some(tags), links: Some(tagged.len()), ..stats })
}

/// Reads the aggregates of a link. Returns them with the link as a top value that has no clicks yet.
async fn read_link(
    aggregates: &dyn AggregateReader,
    link: &Link,
    query: &StatsQuery,
) -> Result<(TopItem, Vec<Aggregates>), StoreError> {
    let pks = link_pks(link);
    let reads: Vec<_> = pks.iter().map(|pk| read_aggregates(aggregates, pk, query)).collect();
    let found = try_join_all(reads).await?;
    Ok((TopItem { value: link.address.to_string(), link_id: Some(link.id()), clicks: 0, error: 0 }, found))
}

/// Finds the links with any of `tags` by searching the list of links.
async fn links_with(index: &dyn LinkIndex, caller: &Caller, tags: &[String]) -> Result<Vec<Link>, Error> {
    let scope = caller.scope.clone();
    let filter = LinkFilter { tags: tags.to_vec(), any_tag: true, scope, ..LinkFilter::default() };
    let mut link_query = LinkQuery { filter, ..LinkQuery::newest(MAX_LINKS + 1) };
    let mut found = Vec::new();
    for _ in 0..MAX_SLICES {
        let slice = index.page(&caller.workspace, &link_query).await?;
        found.extend(slice.links);
        if found.len() > MAX_LINKS {
            let detail = format!("more than {MAX_LINKS} links have it, and one request adds up at most {MAX_LINKS}");
            return Err(Error::invalid("tag", detail));
        }
        let Some(reached) = slice.reached else { return Ok(found) };
        link_query.before = Some(reached);
    }
    let detail = "the workspace has more links than one request can search for a tag";
    Err(Error::invalid("tag", detail))
}

/// Refuses more than [`MAX_LINK_DAYS`] links times days.
pub(super) fn check_size(query: &StatsQuery, links: usize) -> Result<(), Error> {
    let of = |days: Range<i64>| usize::try_from(days.end - days.start).unwrap_or(usize::MAX);
    let days = of(query.period.days()) + query.previous.as_ref().map_or(0, |period| of(period.days()));
    if links.saturating_mul(days) <= MAX_LINK_DAYS {
        return Ok(());
    }
    let detail = format!(
        "{links} links and {days} days are more than {MAX_LINK_DAYS} links times days: ask for fewer days or fewer links"
    );
    Err(Error::invalid("from", detail))
}

/// Returns the links with the most clicks. It is exact, because each link was added up on its own.
fn top_links(mut links: Vec<TopItem>, limit: usize) -> Top {
    links.retain(|link| link.clicks > 0);
    links.sort_by(|a, b| (Reverse(a.clicks), &a.value).cmp(&(Reverse(b.clicks), &b.value)));
    let other = links.split_off(limit.min(links.len())).iter().map(|link| link.clicks).sum();
    Top { items: links, other, unknown: 0, error: 0 }
}
