//! Removes files and collections whose time is over, and what arrives late for files that were removed. A schedule asks for it.

use futures::stream::{self, StreamExt};

use super::collections::ports::StoredCollections;
use super::collections::remove::{RemoveCollectionPorts, RemovedFiles, remove_collection};
use super::remove::{RemoveFilePorts, empty, remove_file};
use super::store_ports::{DUE_SHARDS, Due, DueFile, DueFiles};
use crate::ports::Clock;
use crate::values::error::StoreError;
use crate::values::timestamp::Timestamp;

/// How many records are listed at a time.
const AT_A_TIME: usize = 100;
/// How many of them are worked on at once.
const AT_ONCE: usize = 8;

/// The ports of [`clean_files`].
#[derive(Clone, Copy)]
pub struct CleanFilesPorts<'a> {
    /// Lists what is due.
    pub due: &'a dyn DueFiles,
    /// Removes files.
    pub remove: RemoveFilePorts<'a>,
    /// Keeps the collections.
    pub collections: &'a dyn StoredCollections,
    /// Tells the time.
    pub clock: &'a dyn Clock,
}

/// What a cleaning did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Cleaned {
    /// How many files it removed.
    pub files: u64,
    /// How many bytes these files had.
    pub bytes: u64,
    /// How many collections it removed.
    pub collections: u64,
    /// How many times it looked for late bytes of files that were removed before.
    pub looks: u64,
    /// How many records it could not work on. They stay due.
    pub failures: u64,
    /// Whether it was out of time before it had seen all. The next one goes on, since what is done is due no more.
    pub is_cut_short: bool,
}

/// Removes what is due at `until`, and begins no more after `deadline`. What fails is logged and stays due.
///
/// # Errors
/// What is due could not be listed.
pub async fn clean_files(
    ports: &CleanFilesPorts<'_>,
    until: Timestamp,
    deadline: Timestamp,
) -> Result<Cleaned, StoreError> {
    let mut cleaned = Cleaned::default();
    for shard in 0..DUE_SHARDS {
        let mut after = None;
        loop {
            if ports.clock.now() >= deadline {
                return Ok(Cleaned { is_cut_short: true, ..cleaned });
            }
            let due = ports.due.due(shard, until, after.as_deref(), AT_A_TIME).await?;
            let Some(last) = due.last() else { break };
            // Records that fail stay where they are: the next page begins behind them.
            after = Some(last.place.clone());
            let mut done = stream::iter(due).map(|due| clean(ports, due, (until, deadline))).buffer_unordered(AT_ONCE);
            while let Some(one) = done.next().await {
                cleaned.add(one);
            }
        }
    }
    Ok(cleaned)
}

impl Cleaned {
    fn add(&mut self, other: Self) {
        self.files += other.files;
        self.bytes = self.bytes.saturating_add(other.bytes);
        self.collections += other.collections;
        self.looks += other.looks;
        self.failures += other.failures;
        self.is_cut_short |= other.is_cut_short;
    }
}

/// Works on one record.
async fn clean(ports: &CleanFilesPorts<'_>, due: DueFile, times: (Timestamp, Timestamp)) -> Cleaned {
    let place = due.place;
    let done = match due.what {
        Ok(due) => clean_due(ports, &due, times).await,
        Err(error) => Err(error),
    };
    done.unwrap_or_else(|error| {
        tracing::error!(event = "file.not_cleaned", place, operation = error.operation, %error);
        Cleaned { failures: 1, ..Cleaned::default() }
    })
}

/// The list may be older than the records: what has changed since is left alone.
async fn clean_due(
    ports: &CleanFilesPorts<'_>,
    due: &Due,
    (until, deadline): (Timestamp, Timestamp),
) -> Result<Cleaned, StoreError> {
    match due {
        Due::File(file) if file.due_at().is_some_and(|due| due <= until) => {
            let is_removed = remove_file(&ports.remove, file, ports.clock.now()).await?;
            let (files, bytes) = if is_removed { (1, file.size) } else { (0, 0) };
            Ok(Cleaned { files, bytes, ..Cleaned::default() })
        }
        Due::Removed(removed) if removed.look_at <= until => {
            empty(&ports.remove, removed).await?;
            match removed.after_look() {
                Some(next) => ports.due.look_again(&next).await?,
                None => ports.due.forget(removed).await?,
            }
            Ok(Cleaned { looks: 1, ..Cleaned::default() })
        }
        Due::Collection(collection) if collection.due_at().is_some_and(|due| due <= until) => {
            let CleanFilesPorts { collections, remove, clock, .. } = *ports;
            let ports = RemoveCollectionPorts { collections, remove, clock };
            let removed = remove_collection(&ports, collection, deadline).await?;
            let RemovedFiles { files, bytes, failures, is_gone } = removed;
            let is_cut_short = !is_gone && failures == 0;
            Ok(Cleaned { files, bytes, failures, collections: u64::from(is_gone), is_cut_short, ..Cleaned::default() })
        }
        Due::File(_) | Due::Collection(_) | Due::Removed(_) => Ok(Cleaned::default()),
    }
}
