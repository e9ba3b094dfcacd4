//! Tells what became of each link of a job.

use super::chunk::{Entry, LinkResult, Settled, read_chunk};
use super::find::find_link_change;
use super::job::LinkChange;
use super::ports::LinkChangeStore;
use crate::access::key::Caller;
use crate::files::ports::FileStore;
use crate::files::retention::Retention;
use crate::links::address::LinkAddress;
use crate::links::id::LinkId;
use crate::ports::Clock;
use crate::values::error::Error;
use crate::values::field_errors::Errors;
#[cfg(feature = "openapi")]
use crate::values::page::{DEFAULT_LIMIT, MAX_LIMIT};
use crate::values::page::{Page, PageRequest, encode_cursor};

/// How many files are read for one page. A page of rare results may end after so many, with a cursor.
const MAX_CHUNKS: usize = 10;

/// The ports of [`read_results`].
#[derive(Clone, Copy)]
pub struct ResultPorts<'a> {
    /// Keeps the jobs.
    pub jobs: &'a dyn LinkChangeStore,
    /// Keeps their results.
    pub files: &'a dyn FileStore,
    /// Tells how old the results are.
    pub clock: &'a dyn Clock,
    /// How long the bucket keeps them.
    pub retention: Retention,
}

/// The parameters of a request for results, not checked yet.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct ResultsRequest {
    /// The greatest number of items on the page.
    #[cfg_attr(feature = "openapi", schemars(range(min = 1, max = MAX_LIMIT), extend("default" = DEFAULT_LIMIT)))]
    pub limit: Option<usize>,
    /// The `next_cursor` of the previous page.
    #[cfg_attr(feature = "openapi", schemars(extend("format" = "cursor")))]
    pub cursor: Option<String>,
    /// Only links with this result.
    #[cfg_attr(feature = "openapi", schemars(extend("enum" = ["changed", "deleted", "unchanged", "conflict", "failed", "unknown"])))]
    pub result: Option<String>,
}

/// What became of a link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResultOfLink {
    /// The link's id, if it was found.
    pub id: Option<LinkId>,
    /// The address at which it was selected; none of a link that was named by its id and not found.
    pub address: Option<LinkAddress>,
    /// Where the job moved it.
    pub moved_to: Option<LinkAddress>,
    /// The result.
    pub settled: Settled,
}

/// Returns a page of the results of the job `id`, in the order in which the job works on links. While the job runs there is always a next
/// page, which may be empty at first. Needs [`Role::Viewer`](crate::access::key::Role::Viewer).
///
/// # Errors
/// [`Error::NotFound`] if there is no such job; [`Error::Gone`] if the bucket has deleted the results; [`Error::Invalid`] names every
/// parameter that is wrong.
pub async fn read_results(
    ports: &ResultPorts<'_>,
    caller: &Caller,
    id: &str,
    request: &ResultsRequest,
) -> Result<Page<ResultOfLink>, Error> {
    let job = find_link_change(ports.jobs, caller, id).await?;
    let mut errors = Errors::default();
    let page = PageRequest { limit: request.limit, cursor: request.cursor.clone() }.check_with(&mut errors);
    let wanted = request.result.as_deref();
    let wanted = wanted.and_then(|name| errors.note("result", result_named(name)));
    let at = page.before.as_deref().map(place_in).unwrap_or(Some((0, 0)));
    let at = errors.note("cursor", at.ok_or("is not a cursor that a page gave"));
    let (mut chunk, mut offset) = errors.or(at)?;
    ports.retention.require("list of results", job.created_at, ports.clock.now())?;
    let mut items = Vec::new();
    let mut read = 0;
    while chunk < job.readable_chunks() && items.len() < page.limit && read < MAX_CHUNKS {
        let entries = read_chunk(ports.files, &job.chunk_key(chunk, job.progress.chunks[chunk])).await?;
        read += 1;
        while let Some(entry) = entries.get(offset) {
            if items.len() == page.limit {
                break;
            }
            offset += 1;
            let found = result_of(entry);
            if wanted.is_none_or(|wanted| wanted == found.settled.result) {
                items.push(found);
            }
        }
        if offset >= entries.len() {
            (chunk, offset) = (chunk + 1, 0);
        }
    }
    let next_cursor = has_more(&job, chunk).then(|| encode_cursor(&format!("{chunk}.{offset}")));
    Ok(Page { items, next_cursor })
}

fn has_more(job: &LinkChange, chunk: usize) -> bool {
    chunk < job.readable_chunks() || !job.status.is_final()
}

fn result_of(entry: &Entry) -> ResultOfLink {
    let unknown = || Settled::because(LinkResult::Unknown, "the job ended while it worked on this link");
    ResultOfLink {
        id: entry.id.clone(),
        address: entry.address.clone(),
        moved_to: entry.moved_to.clone(),
        settled: entry.settled.clone().unwrap_or_else(unknown),
    }
}

fn result_named(name: &str) -> Result<LinkResult, &'static str> {
    serde_json::from_value(name.into()).map_err(|_| "must be changed, deleted, unchanged, conflict, failed or unknown")
}

fn place_in(cursor: &str) -> Option<(usize, usize)> {
    let (chunk, offset) = cursor.split_once('.')?;
    Some((chunk.parse().ok()?, offset.parse().ok()?))
}
