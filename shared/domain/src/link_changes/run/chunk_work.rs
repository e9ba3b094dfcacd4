//! Works on one chunk: plans it, keeps the state of its links, changes them, keeps their results.

use std::collections::BTreeSet;

use super::plan::is_open;
use super::state::{Run, Stop};
use super::task::{Task, Work};
use crate::link_changes::chunk::{Entry, LinkResult, Settled, encode, read_chunk};
use crate::link_changes::job::{LinkChangeCounts, Progress};

/// How often links are planned anew that others change at the same time.
const ROUNDS: usize = 5;

impl Run<'_> {
    /// Works on the first chunk without results.
    pub(super) async fn work_on_chunk(&mut self, work: &Work) -> Result<(), Stop> {
        let ports = self.ports;
        let index = self.job.progress.done;
        let task = Task::new(ports, work, &self.job, self.last_try);
        let key = self.job.chunk_key(index, self.job.progress.chunks[index]);
        let mut entries = task.patiently(|_| read_chunk(ports.files.as_ref(), &key)).await?;
        let (mut buckets, mut replayed) = (BTreeSet::new(), self.job.progress.journaled);
        for _ in 0..ROUNDS {
            if !replayed {
                task.plan(&mut entries).await?;
                if !entries.iter().any(is_open) {
                    break;
                }
                // Nothing changes before its state is kept: an undo, and the next invocation after a crash, need it.
                self.keep(index, &entries, false).await?;
            }
            buckets.extend(task.apply(&mut entries, replayed).await?);
            replayed = false;
            if !entries.iter().any(is_open) {
                break;
            }
        }
        for entry in entries.iter_mut().filter(|entry| is_open(entry)) {
            let detail = "other requests keep changing the link";
            entry.settled = Some(Settled::because(LinkResult::Conflict, detail));
        }
        let buckets: Vec<usize> = buckets.into_iter().collect();
        if !buckets.is_empty() {
            task.patiently(|_| ports.marker.mark(&buckets)).await?;
        }
        self.keep(index, &entries, true).await
    }

    /// Writes the chunk, then the record that names it.
    async fn keep(&mut self, index: usize, entries: &[Entry], is_done: bool) -> Result<(), Stop> {
        let version = self.job.revision;
        let (key, bytes) = (self.job.chunk_key(index, version), encode(entries)?);
        self.ports.files.put(&key, bytes).await?;
        let mut progress: Progress = self.job.progress.clone();
        progress.chunks[index] = version;
        (progress.journaled, progress.done) = (!is_done, index + usize::from(is_done));
        let counts = if is_done { counted(self.job.counts, entries) } else { self.job.counts };
        self.save(|job| job.progressed(progress.clone(), counts)).await
    }
}

fn counted(mut counts: LinkChangeCounts, entries: &[Entry]) -> LinkChangeCounts {
    for result in entries.iter().filter_map(|entry| Some(entry.settled.as_ref()?.result)) {
        let count = match result {
            LinkResult::Changed | LinkResult::Deleted => &mut counts.changed,
            LinkResult::Unchanged => &mut counts.unchanged,
            LinkResult::Conflict => &mut counts.conflicts,
            LinkResult::Failed | LinkResult::Unknown => &mut counts.failed,
        };
        *count += 1;
    }
    counts
}
