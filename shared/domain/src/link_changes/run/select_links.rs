//! Fixes which links a job works on, before it changes the first of them.

use std::collections::HashSet;

use super::state::{End, Run, Stop};
use crate::link_changes::chunk::{Entry, LinkResult, MAX_BYTES, Restoring, encode, read_chunk, read_file};
use crate::link_changes::job::{Action, LinkChange, Selecting, Selection};
use crate::link_changes::request::FilterFields;
use crate::link_changes::select::Matcher;
use crate::links::id::LinkId;
use crate::links::link::Link;
use crate::links::ports::ShardPlace;
use crate::values::error::{Error, StoreError, StoreErrorKind};

/// How often the selection is saved, in seconds. After a crash the next invocation repeats the work of this time.
const SAVE_SECONDS: i64 = 15;

/// Selected links that no chunk has yet, each with its size in bytes.
type Pending = Vec<(Entry, usize)>;

/// Where links are selected from.
enum Source {
    /// All links of the workspace.
    Shards(Matcher),
    /// The results of another job.
    Job(Box<LinkChange>),
}

impl Run<'_> {
    /// Selects the links, if that is not done. Returns how the work ends, if it does not go on.
    pub(super) async fn select(&mut self) -> Result<Option<End>, Stop> {
        let Some(mut at) = self.job.progress.selecting.clone() else { return Ok(None) };
        let source = match self.source().await? {
            Ok(source) => source,
            Err(reason) => return Ok(Some(End::Impossible(reason))),
        };
        let parts = match &source {
            Source::Shards(_) => u32::from(Link::LIST_SHARDS),
            Source::Job(job) => u32::try_from(job.readable_chunks()).unwrap_or(u32::MAX),
        };
        let (mut pending, mut bytes, mut saved_at) = (Pending::new(), 0, self.ports.clock.now());
        while at.part < parts {
            if self.job.cancelling {
                return Ok(Some(End::Cancelled));
            }
            let found = match &source {
                Source::Shards(matcher) => self.next_page(matcher, &mut at).await?,
                Source::Job(job) => self.next_chunk(job, &mut at).await?,
            };
            bytes += found.iter().map(|(_, size)| size).sum::<usize>();
            pending.extend(found);
            if self.job.counts.selected + pending.len() as u64 > LinkChange::MAX_LINKS {
                let reason = format!("the filter selects more than {} links: narrow it", LinkChange::MAX_LINKS);
                return Ok(Some(End::Impossible(reason)));
            }
            let late = self.is_late() && at.part < parts;
            let is_due = self.ports.clock.now() >= saved_at.plus_seconds(SAVE_SECONDS);
            if late || is_due || pending.len() >= self.ports.chunk_entries || bytes >= MAX_BYTES {
                self.keep_selected(std::mem::take(&mut pending), Some(at.clone())).await?;
                (bytes, saved_at) = (0, self.ports.clock.now());
            }
            if late {
                return Ok(Some(End::OutOfTime));
            }
        }
        if let Source::Shards(Matcher::Ids(ids)) = &source {
            pending.extend(self.missing(ids, &pending).await?);
        }
        self.keep_selected(pending, None).await?;
        Ok(None)
    }

    /// Returns where the links come from, or why they cannot be selected.
    async fn source(&self) -> Result<Result<Source, String>, StoreError> {
        let job = &self.job;
        Ok(match (&job.selection, &job.action) {
            (Selection::Filter { filter }, _) => {
                let fields: FilterFields = serde_json::from_str(filter).map_err(broken)?;
                match fields.check(&self.ports.domains, &job.worker()) {
                    Ok(query) => Ok(Source::Shards(Matcher::Query(Box::new(query)))),
                    // The stack's settings have changed since the request was checked.
                    Err(Error::Store(error)) => return Err(error),
                    Err(error) => Err(format!("the filter is not valid any more: {error}")),
                }
            }
            (Selection::Links { .. }, _) => {
                let ids = read_file(self.ports.files.as_ref(), &job.ids_key()).await?;
                let ids: HashSet<LinkId> = serde_json::from_slice(&ids).map_err(broken)?;
                Ok(Source::Shards(Matcher::Ids(ids)))
            }
            (Selection::OfJob, Action::Undo { of }) => match self.ports.jobs.get(&job.workspace, of).await? {
                Some(of) => Ok(Source::Job(Box::new(of))),
                None => Err("the job to undo does not exist any more".to_owned()),
            },
            (Selection::OfJob, _) => Err("the job does not say what to undo".to_owned()),
        })
    }

    async fn next_page(&self, matcher: &Matcher, at: &mut Selecting) -> Result<Pending, StoreError> {
        let shard = u8::try_from(at.part).unwrap_or(u8::MAX);
        let (links, more) = self.ports.shards.next(&self.job.workspace, shard, at.after.as_ref()).await?;
        if more {
            at.after = links.last().map(ShardPlace::of).or(at.after.take());
        } else {
            (at.part, at.after) = (at.part + 1, None);
        }
        let links = links.into_iter().filter(|link| self.job.scope.shows(link)).collect();
        Ok(matcher.select(links).iter().map(|link| (Entry::of(link), size_of(link))).collect())
    }

    /// Reads what another job has changed in its next chunk.
    async fn next_chunk(&self, of: &LinkChange, at: &mut Selecting) -> Result<Pending, StoreError> {
        let index = at.part as usize;
        at.part += 1;
        let Some(version) = of.progress.chunks.get(index) else { return Ok(Vec::new()) };
        let entries = read_chunk(self.ports.files.as_ref(), &of.chunk_key(index, *version)).await?;
        Ok(entries.into_iter().filter_map(|entry| restoring(of, entry)).collect())
    }

    /// Returns the links that were named by ids that nothing has.
    async fn missing(&self, ids: &HashSet<LinkId>, pending: &Pending) -> Result<Pending, StoreError> {
        let mut found: HashSet<LinkId> = pending.iter().filter_map(|(entry, _)| entry.id.clone()).collect();
        for (index, version) in self.job.progress.chunks.iter().enumerate() {
            let entries = read_chunk(self.ports.files.as_ref(), &self.job.chunk_key(index, *version)).await?;
            found.extend(entries.into_iter().filter_map(|entry| entry.id));
        }
        let mut missing: Vec<&LinkId> = ids.difference(&found).collect();
        missing.sort();
        Ok(missing.into_iter().map(|id| (Entry::missing(id.clone()), 0)).collect())
    }

    /// Writes chunks of the selected links, then the record that names them and says where the selection goes on.
    async fn keep_selected(&mut self, pending: Pending, selecting: Option<Selecting>) -> Result<(), Stop> {
        let (mut progress, mut counts) = (self.job.progress.clone(), self.job.counts);
        counts.selected += pending.len() as u64;
        for chunk in divided(pending, self.ports.chunk_entries) {
            let key = self.job.chunk_key(progress.chunks.len(), self.job.revision);
            self.ports.files.put(&key, encode(&chunk)?).await?;
            progress.chunks.push(self.job.revision);
        }
        progress.selecting = selecting;
        self.save(|job| job.progressed(progress.clone(), counts)).await
    }
}

/// Makes the entry that restores the link of `entry`, if the job `of` has changed it or may have.
fn restoring(of: &LinkChange, entry: Entry) -> Option<(Entry, usize)> {
    let link = *entry.before?;
    let result = entry.settled.map(|settled| settled.result);
    let deletes = of.action == Action::Delete;
    match result {
        Some(LinkResult::Changed | LinkResult::Deleted) => {}
        None if entry.planned => {}
        _ => return None,
    }
    let size = size_of(&link);
    let restored = Entry {
        address: entry.moved_to.clone().or(Some(link.address.clone())),
        id: Some(link.id()),
        restoring: Some(Box::new(Restoring {
            of: of.id.clone(),
            link,
            moved_to: entry.moved_to,
            deleted: deletes,
            certain: result.is_some(),
        })),
        ..Entry::default()
    };
    Some((restored, size))
}

/// Divides entries into chunks of at most `most` entries, and about [`MAX_BYTES`] of links.
fn divided(pending: Pending, most: usize) -> Vec<Vec<Entry>> {
    let mut chunks: Vec<Vec<Entry>> = Vec::new();
    let mut room = 0;
    for (entry, size) in pending {
        match chunks.last_mut() {
            Some(last) if last.len() < most && size <= room => last.push(entry),
            _ => {
                room = MAX_BYTES;
                chunks.push(vec![entry]);
            }
        }
        room = room.saturating_sub(size);
    }
    chunks
}

/// Estimates the size of a link in a chunk, in bytes.
fn size_of(link: &Link) -> usize {
    serde_json::to_vec(link).map_or(0, |json| json.len())
}

fn broken(error: serde_json::Error) -> StoreError {
    StoreError::new("link_changes.select", StoreErrorKind::Broken, error)
}
