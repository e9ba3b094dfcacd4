//! Reads the clicks of several links in one range.

use futures::future::try_join_all;
use futures::stream::{self, StreamExt, TryStreamExt};

use super::build_stats::{StatsBuilder, read_aggregates};
use super::read_tag_stats::check_size;
use super::request::{StatsQuery, StatsRequest};
use super::subject::Subject;
use crate::analytics::model::aggregate::link_pks;
use crate::analytics::ports::AggregateReader;
use crate::links::link::Link;
use crate::values::error::{Error, FieldError, StoreError};
use crate::values::timestamp::Timestamp;

/// How many links are read at a time, to bound the memory.
const AT_A_TIME: usize = 25;

/// The unchecked range of the clicks beside the links of a list. Its fields are those of [`StatsRequest`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ClickRange {
    /// The first day, or the time at which the range begins.
    pub from: Option<String>,
    /// The last day, or the time at which the range ends.
    pub to: Option<String>,
    /// The time zone.
    pub tz: Option<String>,
}

/// A checked range.
#[derive(Debug, Clone)]
pub struct CheckedClickRange(StatsQuery);

impl ClickRange {
    /// Checks the range for a list of at most `links` links, as of `now`. Gives `None` if the request names no range.
    ///
    /// # Errors
    /// [`Error::Invalid`] names the parameters of a list: `clicks_from`, `clicks_to` and `clicks_tz`.
    pub fn check(&self, links: usize, now: Timestamp) -> Result<Option<CheckedClickRange>, Error> {
        if *self == Self::default() {
            return Ok(None);
        }
        let Self { from, to, tz } = self.clone();
        let request = StatsRequest { from, to, tz, ..StatsRequest::default() };
        let checked = request.check(Subject::Link, now).and_then(|query| check_size(&query, links).map(|()| query));
        checked.map(|query| Some(CheckedClickRange(query))).map_err(of_list)
    }
}

/// Names the parameters as those of a list.
fn of_list(error: Error) -> Error {
    let rename = |error: FieldError| FieldError { pointer: format!("clicks_{}", error.pointer), ..error };
    match error {
        Error::Invalid(errors) => Error::Invalid(errors.into_iter().map(rename).collect()),
        error => error,
    }
}

/// Returns the clicks of people on each of `links` in the range, in the same order. Takes a query for each link.
pub async fn read_range_clicks<'a>(
    aggregates: &dyn AggregateReader,
    links: impl Iterator<Item = &'a Link>,
    range: &CheckedClickRange,
) -> Result<Vec<u64>, StoreError> {
    // Make all futures before polling: with a lazy closure this future would not be `Send`.
    let reads: Vec<_> = links.map(|link| clicks_of(aggregates, link, &range.0)).collect();
    stream::iter(reads).buffered(AT_A_TIME).try_collect().await
}

async fn clicks_of(aggregates: &dyn AggregateReader, link: &Link, query: &StatsQuery) -> Result<u64, StoreError> {
    let pks = link_pks(link);
    let reads: Vec<_> = pks.iter().map(|pk| read_aggregates(aggregates, pk, query)).collect();
    let mut builder = StatsBuilder::new(query);
    let mut clicks = 0;
    for found in try_join_all(reads).await? {
        clicks += builder.add(&found)?;
    }
    Ok(clicks)
}
