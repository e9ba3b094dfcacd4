//! Lists the jobs that a caller may see.

use futures::future::BoxFuture;

use crate::access::key::Caller;
use crate::values::error::StoreError;
use crate::values::page::MAX_LIMIT;

/// A job that callers start and see.
pub trait SeenJob {
    /// Its id.
    type Id;
    /// Returns its id.
    fn id(&self) -> Self::Id;
    /// Tells whether `caller` may see it: one that reaches only some links sees what it requested itself.
    fn is_open_to(&self, caller: &Caller) -> bool;
}

/// Finds the newest jobs that `caller` may see, after the job `before`, at most `limit`. `newest` reads so many of all jobs of the
/// workspace. Reads all of them at worst: some thousands, as long as they are kept.
pub(crate) async fn newest_open_to<'a, T: SeenJob>(
    caller: &Caller,
    mut before: Option<T::Id>,
    limit: usize,
    newest: impl Fn(Option<T::Id>, usize) -> BoxFuture<'a, Result<Vec<T>, StoreError>>,
) -> Result<Vec<T>, StoreError> {
    let at_a_time = if caller.scope.is_whole() { limit } else { MAX_LIMIT };
    let mut found = Vec::new();
    loop {
        let items = newest(before, at_a_time).await?;
        let is_last = items.len() < at_a_time;
        before = items.last().map(SeenJob::id);
        found.extend(items.into_iter().filter(|job| job.is_open_to(caller)));
        if is_last || found.len() >= limit {
            found.truncate(limit);
            return Ok(found);
        }
    }
}
