//! Changes the links of a chunk as planned, several at a time.

use futures::stream::{StreamExt, TryStreamExt, iter};
use serde_json::json;

use super::plan::{failure, is_open};
use super::rehearsal::KnownLink;
use super::task::{Task, Work};
use crate::link_changes::chunk::{Entry, LinkResult, Restoring, Settled};
use crate::links::address::LinkAddress;
use crate::links::change::change_link;
use crate::links::change_marks::changed_buckets;
use crate::links::delete::delete_link;
use crate::links::link::Link;
use crate::links::precondition::Precondition;
use crate::links::restore::{restore_deleted, restore_link};
use crate::values::error::{Error, StoreError, StoreErrorKind};

/// What a conflict says if an earlier attempt may have changed the link.
const INTERRUPTED: &str = "someone else changed the link while the job was interrupted: look whether it is as it should be, and start the change again if not";

/// What one attempt did.
struct Applied {
    /// The result; `None` if someone else changed the link first, and nothing of this job is in it.
    settled: Option<Settled>,
    /// The marks of what visitors notice.
    buckets: Vec<usize>,
}

impl Applied {
    fn done(result: LinkResult, before: &Link, next: Option<&Link>) -> Self {
        Self { settled: Some(Settled::plain(result)), buckets: changed_buckets(before, next) }
    }

    fn settled(settled: Settled) -> Self {
        Self { settled: Some(settled), buckets: Vec::new() }
    }

    fn conflict(detail: &str) -> Self {
        Self::settled(Settled::because(LinkResult::Conflict, detail))
    }
}

impl Task<'_> {
    /// Changes the links that are planned, and settles them; those that someone else changed first are to be planned anew. If the chunk is
    /// `replayed`, an earlier invocation may have changed any of them. Returns the marks of what visitors notice.
    pub(super) async fn apply(&self, entries: &mut [Entry], replayed: bool) -> Result<Vec<usize>, StoreError> {
        let open = entries.iter().enumerate().filter(|(_, entry)| is_open(entry));
        let work = open.map(|(index, entry)| async move {
            // An attempt that failed may have changed the link all the same.
            let applied = self.patiently(async |tries| self.apply_one(entry, replayed || tries > 0).await).await;
            applied.map(|applied| (index, applied))
        });
        let applied: Vec<(usize, Applied)> = iter(work).buffer_unordered(self.ports.concurrency).try_collect().await?;
        let mut buckets = Vec::new();
        for (index, applied) in applied {
            let entry = &mut entries[index];
            match applied.settled {
                Some(settled) => entry.settled = Some(settled),
                None => entry.replan(),
            }
            buckets.extend(applied.buckets);
        }
        Ok(buckets)
    }

    async fn apply_one(&self, entry: &Entry, uncertain: bool) -> Result<Applied, StoreError> {
        match (&entry.restoring, &entry.before) {
            (Some(restoring), Some(current)) => self.restore(restoring, current).await,
            (Some(restoring), None) => self.restore_deleted(restoring).await,
            (None, Some(before)) => match self.work {
                Work::Change(edit) => {
                    let patch = edit.patch_of(before)?;
                    self.change(before, &patch, entry.moved_to.as_ref(), uncertain).await
                }
                _ => self.delete(before, uncertain).await,
            },
            (None, None) => Err(StoreError::new("chunk.read", StoreErrorKind::Broken, "a planned link has no state")),
        }
    }

    async fn change(
        &self,
        before: &Link,
        patch: &serde_json::Value,
        moved_to: Option<&LinkAddress>,
        uncertain: bool,
    ) -> Result<Applied, StoreError> {
        let known = KnownLink::new(before, self.ports.reader.as_ref());
        let unchanged = Precondition::OneOf(vec![before.version_tag()]);
        let ports = self.link_ports(&known);
        match change_link(&ports, &self.caller, &before.address, &unchanged, patch, &|_| json!({})).await {
            Ok(next) => Ok(Applied::done(LinkResult::Changed, before, Some(&next))),
            Err(Error::Changed(_) | Error::NotFound(_)) => {
                let found = self.ports.reader.get_latest(moved_to.unwrap_or(&before.address)).await?;
                Ok(match found {
                    Some(link) if self.has_made(&link, before) => {
                        Applied::done(LinkResult::Changed, before, Some(&link))
                    }
                    _ if uncertain => Applied::conflict(INTERRUPTED),
                    _ => Applied { settled: None, buckets: Vec::new() },
                })
            }
            Err(error) => failure(error).map(Applied::settled),
        }
    }

    async fn delete(&self, before: &Link, uncertain: bool) -> Result<Applied, StoreError> {
        let known = KnownLink::new(before, self.ports.reader.as_ref());
        let unchanged = Precondition::OneOf(vec![before.version_tag()]);
        match delete_link(&self.link_ports(&known), &self.caller, &before.address, &unchanged).await {
            // It was there when the job planned this. If it is gone, the deletion has taken effect.
            Ok(()) | Err(Error::NotFound(_)) => Ok(Applied::done(LinkResult::Deleted, before, None)),
            Err(Error::Changed(_)) if uncertain => Ok(Applied::conflict(INTERRUPTED)),
            Err(Error::Changed(_)) => Ok(Applied { settled: None, buckets: Vec::new() }),
            Err(error) => failure(error).map(Applied::settled),
        }
    }

    async fn restore(&self, restoring: &Restoring, current: &Link) -> Result<Applied, StoreError> {
        let ports = self.link_ports(self.ports.reader.as_ref());
        let restored = restore_link(&ports, &self.caller, current, &restoring.link).await;
        self.restored(restored, current, &restoring.link.address).await
    }

    async fn restore_deleted(&self, restoring: &Restoring) -> Result<Applied, StoreError> {
        let ports = self.link_ports(self.ports.reader.as_ref());
        let restored = restore_deleted(&ports, self.ports.restorer.as_ref(), &self.caller, &restoring.link).await;
        self.restored(restored, &restoring.link, &restoring.link.address).await
    }

    /// Makes the result of a link that should be at `address` now, as the change of `seen`.
    async fn restored(
        &self,
        restored: Result<Link, Error>,
        seen: &Link,
        address: &LinkAddress,
    ) -> Result<Applied, StoreError> {
        let detail = match restored {
            Ok(next) => return Ok(Applied::done(LinkResult::Changed, seen, Some(&next))),
            Err(Error::Changed(_)) => "the link was changed since".to_owned(),
            Err(Error::Conflict(detail)) => detail,
            Err(error) => return failure(error).map(Applied::settled),
        };
        let found = self.ports.reader.get_latest(address).await?;
        Ok(match found {
            Some(link) if self.has_made(&link, seen) => Applied::done(LinkResult::Changed, seen, Some(&link)),
            _ => Applied::conflict(&detail),
        })
    }
}
