//! Lists the jobs of the caller's workspace, the newest first.

use super::id::LinkChangeId;
use super::job::LinkChange;
use super::ports::LinkChangeStore;
use crate::access::key::{Caller, Role};
use crate::values::error::Error;
use crate::values::field_errors::Errors;
use crate::values::page::{MAX_LIMIT, Page, PageRequest};

/// Returns one page of the workspace's jobs. Needs [`Role::Viewer`].
///
/// # Errors
/// [`Error::Invalid`] names what is wrong with `page`.
pub async fn list_link_changes(
    jobs: &dyn LinkChangeStore,
    caller: &Caller,
    page: &PageRequest,
) -> Result<Page<LinkChange>, Error> {
    caller.require(Role::Viewer)?;
    let mut errors = Errors::default();
    let query = page.check_with(&mut errors);
    let before = query.before.map(LinkChangeId::parse);
    let before = before.and_then(|id| errors.note("cursor", id.map_err(|_| "is not a cursor that a page gave")));
    let (limit, before) = errors.or(Some((query.limit, before)))?;
    let items = open_to(jobs, caller, before, limit + 1).await?;
    Ok(Page::from_items(items, limit, |job| job.id.to_string()))
}

/// Finds the newest jobs that the caller may see, at most `limit`. Reads all of the workspace's at worst: some thousands, as long as they
/// are kept.
async fn open_to(
    jobs: &dyn LinkChangeStore,
    caller: &Caller,
    mut before: Option<LinkChangeId>,
    limit: usize,
) -> Result<Vec<LinkChange>, Error> {
    let at_a_time = if caller.scope.is_whole() { limit } else { MAX_LIMIT };
    let mut found = Vec::new();
    loop {
        let items = jobs.newest(&caller.workspace, before.as_ref(), at_a_time).await?;
        let is_last = items.len() < at_a_time;
        before = items.last().map(|job| job.id.clone());
        found.extend(items.into_iter().filter(|job| job.is_open_to(caller)));
        if is_last || found.len() >= limit {
            found.truncate(limit);
            return Ok(found);
        }
    }
}
