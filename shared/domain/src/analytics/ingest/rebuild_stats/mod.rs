//! Rebuilds aggregates from the archive. The same records go in the same order through the same fold, so the numbers are the
//! same.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};

use async_trait::async_trait;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flate2::read::MultiGzDecoder;

use crate::analytics::ingest::aggregate_clicks::{AggregateClicksPorts, aggregate_clicks};
use crate::analytics::ingest::archive::{ArchiveKey, ArchivedClick};
use crate::analytics::ingest::record::{QuarantinedRecord, Received};
use crate::analytics::ingest::user_agent::UserAgents;
use crate::analytics::model::sequence::SequenceNumber;
use crate::analytics::ports::{AggregateStore, ArchiveReader, Quarantine};
use crate::values::error::{StoreError, StoreErrorKind};

/// How many clicks of a shard are folded at once: as many as a batch of the stream has.
const BATCH_SIZE: usize = 10_000;
/// How often a batch is tried if the table does not take it.
const ATTEMPTS: usize = 5;

/// Counts what a rebuild read and wrote.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Rebuilt {
    /// Objects read.
    pub objects: usize,
    /// Clicks in them, each once.
    pub clicks: usize,
    /// Lines left out, because an earlier object had the same click.
    pub repeated: usize,
    /// Aggregates written.
    pub written: usize,
}

/// Why a rebuild ended early. The aggregates written so far are right, so it can be started again.
#[derive(Debug, thiserror::Error)]
pub enum RebuildError {
    /// The archive or the table failed.
    #[error("{0}")]
    Store(#[from] StoreError),
    /// A line of an object is not a click.
    #[error("line {line} of {key} cannot be read: {reason}")]
    Line {
        /// The key of the object.
        key: String,
        /// The line, counted from 1.
        line: usize,
        /// Why the line cannot be read.
        reason: String,
    },
    /// The table did not take a batch after several attempts. The log has the reason.
    #[error("clicks of {shard} from {sequence} on were not counted")]
    NotCounted {
        /// The shard.
        shard: String,
        /// The sequence number of the first click that is not counted.
        sequence: String,
    },
}

/// Counts all clicks of `archive` in `store`. Memory holds about one batch of clicks for each shard.
///
/// # Errors
/// See [`RebuildError`].
pub async fn rebuild_stats(
    archive: &dyn ArchiveReader,
    agents: &UserAgents,
    store: &dyn AggregateStore,
) -> Result<Rebuilt, RebuildError> {
    let mut rebuild = Rebuild { archive, agents, store, lanes: BTreeMap::new(), done: Rebuilt::default() };
    let hours = archive.hours().await?;
    let mut current = match hours.first() {
        Some(hour) => keys(archive, hour).await?,
        None => Vec::new(),
    };
    for index in 0..hours.len() {
        let next = match hours.get(index + 1) {
            Some(hour) => keys(archive, hour).await?,
            None => Vec::new(),
        };
        // The stream's clock may step back near the end of an hour: then an object of this hour follows one of the next hour.
        let (early, later) = next
            .into_iter()
            .partition(|(key, _)| current.iter().any(|(other, _)| other.shard == key.shard && other.first > key.first));
        current.extend::<Vec<_>>(early);
        current.sort_by(|(a, _), (b, _)| (&a.shard, &a.first).cmp(&(&b.shard, &b.first)));
        for (key, name) in std::mem::replace(&mut current, later) {
            rebuild.object(&key, &name).await?;
        }
    }
    rebuild.finish().await
}

/// Lists the objects of an hour. Skips objects that do not belong to the archive.
async fn keys(archive: &dyn ArchiveReader, hour: &str) -> Result<Vec<(ArchiveKey, String)>, StoreError> {
    let names = archive.keys(hour).await?.into_iter();
    Ok(names.filter_map(|name| Some((ArchiveKey::parse(&name)?, name))).collect())
}

/// The clicks of a shard that are read and not counted yet.
#[derive(Default)]
struct LaneClicks {
    /// The last click that was read.
    last: Option<SequenceNumber>,
    waiting: Vec<Received<'static>>,
}

struct Rebuild<'a> {
    archive: &'a dyn ArchiveReader,
    agents: &'a UserAgents,
    store: &'a dyn AggregateStore,
    lanes: BTreeMap<String, LaneClicks>,
    done: Rebuilt,
}

impl Rebuild<'_> {
    async fn object(&mut self, key: &ArchiveKey, name: &str) -> Result<(), RebuildError> {
        let body = self.archive.read(name).await?;
        let lane = self.lanes.entry(key.shard.clone()).or_default();
        for (number, line) in BufReader::new(MultiGzDecoder::new(body.as_slice())).lines().enumerate() {
            let broken = |reason: String| RebuildError::Line { key: name.to_owned(), line: number + 1, reason };
            let line = line.map_err(|error| broken(error.to_string()))?;
            let click: ArchivedClick<'_> = serde_json::from_str(&line).map_err(|error| broken(error.to_string()))?;
            let sequence = SequenceNumber::parse(click.sequence).map_err(|error| broken(error.to_string()))?;
            if lane.last.as_ref().is_some_and(|last| sequence <= *last) {
                self.done.repeated += 1;
                continue;
            }
            lane.waiting.push(Received {
                shard: key.shard.clone().into(),
                sequence: sequence.to_string().into(),
                arrived_millis: Some(click.arrived_at.as_millis()),
                data: STANDARD.encode(click.click.get()).into(),
            });
            lane.last = Some(sequence);
            self.done.clicks += 1;
        }
        self.done.objects += 1;
        if lane.waiting.len() >= BATCH_SIZE {
            let clicks = std::mem::take(&mut lane.waiting);
            self.count(&clicks).await?;
        }
        Ok(())
    }

    async fn count(&mut self, clicks: &[Received<'_>]) -> Result<(), RebuildError> {
        let (agents, store, quarantine) = (self.agents, self.store, &NoQuarantine);
        let ports = AggregateClicksPorts { agents, store, quarantine, archive: None };
        let mut failed = Vec::new();
        for _ in 0..ATTEMPTS {
            let result = aggregate_clicks(&ports, clicks).await;
            self.done.written += result.written;
            failed = result.failed;
            if failed.is_empty() {
                return Ok(());
            }
        }
        let shard = clicks.first().map(|click| click.shard.to_string()).unwrap_or_default();
        Err(RebuildError::NotCounted { shard, sequence: failed.into_iter().next().unwrap_or_default() })
    }

    async fn finish(mut self) -> Result<Rebuilt, RebuildError> {
        for (_, lane) in std::mem::take(&mut self.lanes) {
            self.count(&lane.waiting).await?;
        }
        Ok(self.done)
    }
}

/// Fails for every record. The archive holds only records that were readable once, so an unreadable one must not be lost
/// silently.
struct NoQuarantine;

#[async_trait]
impl Quarantine for NoQuarantine {
    async fn keep(&self, record: &QuarantinedRecord) -> Result<(), StoreError> {
        Err(StoreError::new("archive.read", StoreErrorKind::Broken, record.reason.clone()))
    }
}

#[cfg(test)]
mod tests;
