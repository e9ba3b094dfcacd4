//! Counts the clicks of a batch of records, each exactly once (invariant 3 of the design).
//!
//! For each aggregate that the batch touches: load it, leave out the records with a sequence number up to its `seq`, add
//! the rest, and write it on the condition that `seq` is still what was read. So any retry, bisection, duplicate, crash
//! between two writes, or second invocation at the same time leads to the same numbers, as long as the stream delivers the
//! records of a shard in order and delivers again from the lowest record that was reported as failed.
//!
//! Write the total of a link last, after all other aggregates of its records and after the archive. Then every record up to
//! the `seq` of a total is safe and can be left out at once. And the total recognises the same repeated clicks in every
//! attempt, see [`RecentClicks`](crate::analytics::model::recent::RecentClicks).

use std::collections::BTreeMap;

use futures::StreamExt;
use futures::stream::iter;

use super::archive::{Run, runs};
use super::batch::{Batch, Record};
use super::decoded::Decoded;
use super::fold::{days_and_hours, link_totals};
use super::read_batch::read_batch;
use super::record::{QuarantinedRecord, Received};
use super::user_agent::UserAgents;
use super::write_aggregates::{LoadedAggregate, Outcome, load, load_and_write, write};
use crate::analytics::model::lane::Lane;
use crate::analytics::model::sequence::{Digits, SequenceNumber};
use crate::analytics::ports::{AggregateStore, Archive, Quarantine};
use crate::values::error::{StoreError, StoreErrorKind};

/// How many records are quarantined at a time, and how many objects archived.
const OBJECTS_AT_ONCE: usize = 8;

/// The outcome of counting a batch.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Aggregated {
    /// For each shard the lowest sequence number, as received, that is not counted yet: delivery must begin there again. One
    /// empty text if a failed record has no valid sequence number: then the whole batch must come again.
    pub failed: Vec<String>,
    /// Records in the batch.
    pub records: usize,
    /// Records written to the quarantine.
    pub quarantined: usize,
    /// Records left out, because an earlier record had the same click.
    pub duplicates: usize,
    /// Records written to the archive.
    pub archived: usize,
    /// Aggregates written.
    pub written: usize,
    /// Writes that the store refused, because another process had written the aggregate.
    pub conflicts: usize,
}

/// What [`aggregate_clicks`] needs from outside.
#[derive(Clone, Copy)]
pub struct AggregateClicksPorts<'a> {
    /// Reads user agents.
    pub agents: &'a UserAgents,
    /// Keeps the aggregates.
    pub store: &'a dyn AggregateStore,
    /// Keeps the records that cannot be counted.
    pub quarantine: &'a dyn Quarantine,
    /// Keeps the raw clicks, unless the archive is turned off.
    pub archive: Option<&'a dyn Archive>,
}

/// Counts `received` and archives its raw clicks. It logs failures of the ports, goes on, and reports the records concerned
/// as failed.
pub async fn aggregate_clicks(ports: &AggregateClicksPorts<'_>, received: &[Received<'_>]) -> Aggregated {
    let AggregateClicksPorts { agents, store, quarantine, archive } = *ports;
    let decoded = Decoded::of(received);
    let (batch, malformed) = read_batch(received, &decoded, agents);
    let result = Aggregated { records: received.len(), ..Aggregated::default() };
    let mut attempt = Attempt { received, decoded: &decoded, batch: &batch, failures: Failures::default(), result };
    attempt.quarantine(&malformed, quarantine).await;

    let (loaded, failed) = load(link_totals(&batch), store).await;
    attempt.add_outcomes(failed);
    let uncounted = attempt.uncounted(&loaded);
    let outcomes = load_and_write(&batch, days_and_hours(&batch, &uncounted.new), store).await;
    attempt.add_outcomes(outcomes);
    if let Some(archive) = archive {
        attempt.archive(&uncounted.first, archive).await;
    }
    let outcomes = write(&batch, attempt.without_failed(loaded), store).await;
    attempt.add_outcomes(outcomes);
    attempt.finish()
}

/// One attempt to count a batch.
struct Attempt<'a> {
    received: &'a [Received<'a>],
    decoded: &'a Decoded,
    batch: &'a Batch<'a>,
    failures: Failures,
    result: Aggregated,
}

/// The records that the totals do not hold yet.
struct Uncounted<'a> {
    /// The records without repeated clicks, up to the first failure of their lane, in the order of the batch.
    new: Vec<&'a Record<'a>>,
    /// The first uncounted record of each lane.
    first: BTreeMap<usize, Digits<'a>>,
}

impl<'a> Attempt<'a> {
    /// Writes the records that cannot be counted to the quarantine, so that the rest of the batch can be counted.
    async fn quarantine(&mut self, malformed: &[(usize, String)], quarantine: &dyn Quarantine) {
        let kept = malformed.iter().map(|(index, reason)| {
            let record = QuarantinedRecord::new(&self.received[*index], reason);
            async move { (quarantine.keep(&record).await, record) }
        });
        let mut kept = iter(kept.collect::<Vec<_>>()).buffer_unordered(OBJECTS_AT_ONCE);
        while let Some((outcome, QuarantinedRecord { shard, sequence, reason, .. })) = kept.next().await {
            match outcome {
                Ok(()) => {
                    self.result.quarantined += 1;
                    tracing::warn!(event = "clicks.quarantined", shard, sequence, reason);
                }
                Err(error) => self.failures.add_malformed(shard, &sequence, error),
            }
        }
    }

    fn add_outcomes(&mut self, outcomes: Vec<Outcome<'_>>) {
        for outcome in outcomes {
            self.result.written += usize::from(outcome.written);
            self.result.conflicts += outcome.conflicts;
            if let Some((record, error)) = outcome.failure {
                self.failures.add(self.batch, record, error);
            }
        }
    }

    /// Returns the records that the totals do not hold yet, without repeated clicks.
    fn uncounted(&mut self, loaded: &[LoadedAggregate<'a>]) -> Uncounted<'a> {
        let mut first: BTreeMap<usize, Digits<'a>> = BTreeMap::new();
        // By the index of the received record.
        let mut is_new = vec![false; self.received.len()];
        for LoadedAggregate { touched, current } in loaded {
            let mut recent = current.as_ref().map(|total| total.tally.recent.clone()).unwrap_or_default();
            for record in touched.newer_than(current.as_ref().map(|total| &total.seq)) {
                if !recent.is_new(record.click, record.arrived_millis) {
                    self.result.duplicates += 1;
                    continue;
                }
                is_new[record.received] = true;
                let first = first.entry(record.lane).or_insert(record.sequence);
                *first = record.sequence.min(*first);
            }
        }
        let limits = self.failures.limits(self.batch);
        let new = self.batch.records.iter().filter(|record| is_new[record.received] && limits.allow(record));
        Uncounted { new: new.collect(), first }
    }

    /// Archives the raw clicks of each lane without a gap, from the first record that no total holds to the first failed one.
    async fn archive(&mut self, first: &BTreeMap<usize, Digits<'a>>, archive: &dyn Archive) {
        let limits = self.failures.limits(self.batch);
        let wanted = |lane: usize, first: Digits<'a>| {
            let of_lane = self.batch.records.iter().filter(move |r| r.lane == lane && r.sequence >= first);
            runs(of_lane.filter(|record| limits.allow(record)))
        };
        let runs: Vec<Run<'_>> = first.iter().flat_map(|(lane, first)| wanted(*lane, *first)).collect();
        let writes: Vec<_> = runs.iter().map(|run| archive_run(run, self, archive)).collect();
        let outcomes: Vec<_> = iter(writes).buffered(OBJECTS_AT_ONCE).collect().await;
        for (run, outcome) in runs.iter().zip(outcomes) {
            match outcome {
                Ok(()) => self.result.archived += run.records.len(),
                Err(error) => self.failures.add(self.batch, run.first, error),
            }
        }
    }

    /// Keeps only the records before the first failure of their lane: a record in a total must be safe everywhere.
    fn without_failed(&self, mut loaded: Vec<LoadedAggregate<'a>>) -> Vec<LoadedAggregate<'a>> {
        let limits = self.failures.limits(self.batch);
        for LoadedAggregate { touched, .. } in &mut loaded {
            touched.records.retain(|record| limits.allow(record));
        }
        loaded
    }

    fn finish(self) -> Aggregated {
        Aggregated { failed: self.failures.report(self.received), ..self.result }
    }
}

/// Archives the object of one run.
async fn archive_run(run: &Run<'_>, attempt: &Attempt<'_>, archive: &dyn Archive) -> Result<(), StoreError> {
    let object = run.object(attempt.batch, attempt.received, attempt.decoded);
    let object = object.map_err(|error| StoreError::new("archive.keep", StoreErrorKind::Broken, error))?;
    archive.keep(&object).await
}

/// The lowest failed record of each shard.
#[derive(Default)]
struct Failures {
    lowest: BTreeMap<String, SequenceNumber>,
    /// Whether a record without a valid sequence number failed.
    unplaced: bool,
}

/// The first failed record of each lane of a batch.
struct Limits(Vec<Option<SequenceNumber>>);

impl Limits {
    /// Tells whether `record` is before the first failed one of its lane.
    fn allow(&self, record: &Record<'_>) -> bool {
        let limit = self.0.get(record.lane).and_then(Option::as_ref);
        limit.is_none_or(|limit| record.sequence < Digits::from(limit))
    }
}

impl Failures {
    fn limits(&self, batch: &Batch<'_>) -> Limits {
        let limit = |lane: &Lane| self.lowest.get(&format!("shardId-{lane}")).cloned();
        Limits(batch.lanes.iter().map(limit).collect())
    }

    fn add(&mut self, batch: &Batch<'_>, record: &Record<'_>, error: StoreError) {
        self.add_at(format!("shardId-{}", batch.lanes[record.lane]), record.sequence.to_number(), error);
    }

    fn add_malformed(&mut self, shard: String, sequence: &str, error: StoreError) {
        match SequenceNumber::parse(sequence) {
            Ok(sequence) => self.add_at(shard, sequence, error),
            Err(_) => {
                self.unplaced = true;
                tracing::error!(event = "clicks.not_counted", shard, sequence, %error);
            }
        }
    }

    /// Logs a failure only if it lowers the reported record: when the store fails, it fails for thousands of aggregates.
    fn add_at(&mut self, shard: String, sequence: SequenceNumber, error: StoreError) {
        if self.lowest.get(&shard).is_some_and(|lowest| *lowest <= sequence) {
            return;
        }
        tracing::error!(event = "clicks.not_counted", shard, %sequence, %error);
        self.lowest.insert(shard, sequence);
    }

    /// Returns the sequence numbers as received, because Lambda looks them up in its batch.
    fn report(self, batch: &[Received<'_>]) -> Vec<String> {
        if self.unplaced {
            return vec![String::new()];
        }
        if self.lowest.is_empty() {
            return Vec::new();
        }
        let is_lowest = |received: &&Received<'_>| {
            let sequence = SequenceNumber::parse(&received.sequence).ok();
            sequence.is_some() && self.lowest.get(received.shard.as_ref()) == sequence.as_ref()
        };
        let mut failed: Vec<String> =
            batch.iter().filter(is_lowest).map(|received| received.sequence.clone().into_owned()).collect();
        failed.dedup();
        failed
    }
}

#[cfg(test)]
mod tests;
