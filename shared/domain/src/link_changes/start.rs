//! Starts a job that changes links of the caller's workspace.

use super::chunk::{Entry, encode};
use super::id::LinkChangeId;
use super::job::{Action, LinkChange, LinkChangeCounts, LinkChangeStatus, Progress, Selecting, Selection, TagEnd};
use super::ports::{LinkChangeQueue, LinkChangeRequest, LinkChangeStore};
use super::request::{NewLinkChange, Selected};
use crate::access::key::{Caller, Role};
use crate::files::ports::FileStore;
use crate::links::id::LinkId;
use crate::ports::{Clock, Random};
use crate::values::domains::Domains;
use crate::values::error::{Error, StoreError, StoreErrorKind};

/// The ports of [`start_link_change`].
#[derive(Clone, Copy)]
pub struct StartLinkChangePorts<'a> {
    /// Keeps the job.
    pub jobs: &'a dyn LinkChangeStore,
    /// Queues it.
    pub queue: &'a dyn LinkChangeQueue,
    /// Keeps the list of links that the request names.
    pub files: &'a dyn FileStore,
    /// Tells the time of the request.
    pub clock: &'a dyn Clock,
    /// Makes its id.
    pub random: &'a dyn Random,
    /// The stack's own domains.
    pub domains: &'a Domains,
}

/// How many jobs of a workspace may wait or run.
pub const MAX_OPEN: usize = 10;
/// How long a job counts as open, in seconds: if its message was lost, its record never says that it ended.
const OPEN_SECONDS: i64 = 4 * 3600;
/// When to try again if too many jobs are open, in seconds.
const RETRY_SECONDS: u64 = 30;
/// How many links of a request are in a chunk. Nobody knows their sizes yet: each may be as large as a link can be.
const NAMED_ENTRIES: usize = 100;

/// Starts a job. Needs [`Role::Editor`].
///
/// # Errors
/// [`Error::Invalid`] names every field that is wrong; [`Error::RateLimited`] if [`MAX_OPEN`] jobs of the workspace are open; those of the
/// stores.
pub async fn start_link_change(
    ports: &StartLinkChangePorts<'_>,
    caller: &Caller,
    new: &NewLinkChange,
) -> Result<LinkChange, Error> {
    start_with_tag(ports, caller, new, None).await
}

/// Starts a job as [`start_link_change`] does, at whose end the definition of a tag is moved or forgotten.
///
/// # Errors
/// As there.
pub(crate) async fn start_with_tag(
    ports: &StartLinkChangePorts<'_>,
    caller: &Caller,
    new: &NewLinkChange,
    tag: Option<TagEnd>,
) -> Result<LinkChange, Error> {
    caller.require(Role::Editor)?;
    let checked = new.check(ports.domains, caller)?;
    require_room(ports, caller).await?;
    let (selection, named) = match checked.selected {
        Selected::Filter(filter) => (Selection::Filter { filter }, None),
        Selected::Links { addresses, ids } => {
            (Selection::Links { count: (addresses.len() + ids.len()) as u64 }, Some((addresses, ids)))
        }
    };
    let mut job = waiting(ports, caller, checked.action, selection);
    (job.dry_run, job.tag) = (checked.dry_run, tag);
    if let Some((addresses, ids)) = named {
        job.counts.selected = addresses.len() as u64;
        let entries: Vec<Entry> = addresses.into_iter().map(Entry::at).collect();
        for (index, chunk) in entries.chunks(NAMED_ENTRIES).enumerate() {
            ports.files.put(&job.chunk_key(index, job.revision), encode(chunk)?).await?;
            job.progress.chunks.push(job.revision);
        }
        put_ids(ports, &job, &ids).await?;
        job.progress.selecting = job.progress.selecting.filter(|_| !ids.is_empty());
    }
    create(ports, job).await
}

async fn put_ids(ports: &StartLinkChangePorts<'_>, job: &LinkChange, ids: &[LinkId]) -> Result<(), StoreError> {
    if ids.is_empty() {
        return Ok(());
    }
    let json = serde_json::to_vec(ids);
    let json = json.map_err(|error| StoreError::new("link_changes.start", StoreErrorKind::Broken, error))?;
    ports.files.put(&job.ids_key(), json).await
}

/// Makes sure that the workspace may start another job now.
pub(super) async fn require_room(ports: &StartLinkChangePorts<'_>, caller: &Caller) -> Result<(), Error> {
    let now = ports.clock.now();
    let newest = ports.jobs.newest(&caller.workspace, None, MAX_OPEN).await?;
    let is_open =
        |job: &&LinkChange| !job.status.is_final() && now.as_seconds() - job.created_at.as_seconds() < OPEN_SECONDS;
    if newest.iter().filter(is_open).count() >= MAX_OPEN {
        return Err(Error::RateLimited { retry_after_seconds: RETRY_SECONDS });
    }
    Ok(())
}

/// Makes a new job that begins with the selection of links.
pub(super) fn waiting(
    ports: &StartLinkChangePorts<'_>,
    caller: &Caller,
    action: Action,
    selection: Selection,
) -> LinkChange {
    LinkChange {
        id: LinkChangeId::generate(ports.clock, ports.random),
        workspace: caller.workspace.clone(),
        status: LinkChangeStatus::Waiting,
        action,
        selection,
        tag: None,
        dry_run: false,
        counts: LinkChangeCounts::default(),
        error: None,
        created_by: caller.key_id.clone(),
        scope: caller.scope.clone(),
        created_at: ports.clock.now(),
        started_at: None,
        finished_at: None,
        cancelling: false,
        lease: None,
        progress: Progress { selecting: Some(Selecting::default()), ..Progress::default() },
        turn: 0,
        revision: 0,
    }
}

/// Writes the new job, and queues it.
pub(super) async fn create(ports: &StartLinkChangePorts<'_>, job: LinkChange) -> Result<LinkChange, Error> {
    if !ports.jobs.create(&job).await? {
        return Err(Error::Conflict("the job's id is taken; try again".to_owned()));
    }
    ports.queue.send(&LinkChangeRequest::first(&job)).await?;
    Ok(job)
}
