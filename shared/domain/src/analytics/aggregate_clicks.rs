//! Counts the clicks of a batch of records, each exactly once (invariant 3 of the design).
//!
//! For each aggregate that the batch touches: load it, leave out the records with a sequence number up to its `seq`, add
//! the rest, and write it on the condition that `seq` is still what was read. So any retry, bisection, duplicate, crash
//! between two writes, or second invocation at the same time leads to the same numbers, as long as a shard's records are
//! delivered in order and delivery begins at the lowest record that was reported as failed.

use std::collections::BTreeMap;

use futures::StreamExt;
use futures::stream::iter;

use super::fold::{Touched, touched};
use super::ports::{AggregateStore, MAX_LOAD, Quarantine};
use super::record::{Malformed, Received, Record, SetAside};
use super::{Aggregate, SequenceNumber, UserAgents};
use crate::StoreError;

/// How many groups of up to [`MAX_LOAD`] aggregates are in memory at a time.
const LOADS_AT_ONCE: usize = 2;
/// How many aggregates of a group are written at a time.
const WRITES_AT_ONCE: usize = 8;
/// How many records are set aside at a time.
const SET_ASIDE_AT_ONCE: usize = 8;
/// How often an aggregate is folded again that somebody else wrote meanwhile. Only an invocation that should have ended
/// does that, and what it writes is right, so more than one conflict is rare.
const MAX_CONFLICTS: usize = 5;

/// What became of a batch.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Aggregated {
    /// For each shard the lowest sequence number, as it was received, that is not counted yet; delivery must begin there
    /// again. An empty text where no number says what failed: then the whole batch must come again.
    pub failed: Vec<String>,
    /// Records in the batch.
    pub records: usize,
    /// Records that were set aside.
    pub quarantined: usize,
    /// Aggregates that were written.
    pub written: usize,
    /// Writes that were refused because somebody else had written.
    pub conflicts: usize,
}

/// Counts `batch`. Failures of the ports don't end it: they are logged, and the records concerned are reported as failed.
pub async fn aggregate_clicks(
    batch: &[Received],
    agents: &UserAgents,
    store: &dyn AggregateStore,
    quarantine: &dyn Quarantine,
) -> Aggregated {
    let mut result = Aggregated { records: batch.len(), ..Aggregated::default() };
    let mut failures = Failures::default();

    let (mut records, mut malformed) = (Vec::with_capacity(batch.len()), Vec::new());
    for received in batch {
        match received.read(agents) {
            Ok(record) => records.push(record),
            Err(reason) => malformed.push((received, reason)),
        }
    }
    set_aside(&malformed, quarantine, &mut result, &mut failures).await;

    let touched = touched(&records);
    let groups: Vec<_> = touched.chunks(MAX_LOAD).map(|group| write_group(group, store)).collect();
    let mut groups = iter(groups).buffer_unordered(LOADS_AT_ONCE);
    while let Some(outcomes) = groups.next().await {
        for outcome in outcomes {
            result.written += usize::from(outcome.written);
            result.conflicts += outcome.conflicts;
            if let Some((record, error)) = outcome.failure {
                failures.add(record, error);
            }
        }
    }
    result.failed = failures.report(batch);
    result
}

/// Keeps the records that cannot be counted, so that the others of the batch can.
async fn set_aside(
    malformed: &[(&Received, Malformed)],
    quarantine: &dyn Quarantine,
    result: &mut Aggregated,
    failures: &mut Failures,
) {
    let kept = malformed.iter().map(|(received, reason)| {
        let record = SetAside::new(received, reason);
        async move { (quarantine.keep(&record).await, record) }
    });
    let mut kept = iter(kept.collect::<Vec<_>>()).buffer_unordered(SET_ASIDE_AT_ONCE);
    while let Some((outcome, SetAside { shard, sequence, reason, .. })) = kept.next().await {
        match outcome {
            Ok(()) => {
                result.quarantined += 1;
                tracing::warn!(event = "clicks.quarantined", shard, sequence, reason);
            }
            Err(error) => failures.add_unread(shard, &sequence, error),
        }
    }
}

/// What became of one aggregate.
struct Outcome<'a> {
    written: bool,
    conflicts: usize,
    /// The first record that the aggregate still needs, and why it does not have it.
    failure: Option<(&'a Record, StoreError)>,
}

async fn write_group<'a>(group: &'a [Touched<'a>], store: &dyn AggregateStore) -> Vec<Outcome<'a>> {
    let keys: Vec<_> = group.iter().map(|touched| touched.key.clone()).collect();
    let loaded = match store.load(&keys).await {
        Ok(loaded) => loaded,
        Err(error) => return group.iter().filter_map(|touched| not_loaded(touched, &error)).collect(),
    };
    let writes: Vec<_> = group.iter().zip(loaded).map(|(touched, current)| write(touched, current, store)).collect();
    iter(writes).buffer_unordered(WRITES_AT_ONCE).collect().await
}

fn not_loaded<'a>(touched: &Touched<'a>, error: &StoreError) -> Option<Outcome<'a>> {
    let error = StoreError::new(error.operation, error.kind, error.source.to_string());
    let first = touched.records.first()?;
    Some(Outcome { written: false, conflicts: 0, failure: Some((first, error)) })
}

async fn write<'a>(touched: &Touched<'a>, mut current: Option<Aggregate>, store: &dyn AggregateStore) -> Outcome<'a> {
    let mut outcome = Outcome { written: false, conflicts: 0, failure: None };
    loop {
        let Some(next) = touched.fold(current.as_ref()) else { return outcome };
        let read = current.as_ref().map(|aggregate| &aggregate.seq);
        let error = match store.put(&next, read).await {
            Ok(true) => return Outcome { written: true, ..outcome },
            Ok(false) if outcome.conflicts < MAX_CONFLICTS => match reload(touched, store).await {
                Ok(again) => {
                    outcome.conflicts += 1;
                    current = again;
                    continue;
                }
                Err(error) => error,
            },
            Ok(false) => too_many_conflicts(),
            Err(error) => error,
        };
        let first = touched.newer_than(read).first();
        return Outcome { failure: first.map(|record| (*record, error)), ..outcome };
    }
}

async fn reload(touched: &Touched<'_>, store: &dyn AggregateStore) -> Result<Option<Aggregate>, StoreError> {
    let loaded = store.load(std::slice::from_ref(&touched.key)).await?;
    Ok(loaded.into_iter().next().flatten())
}

fn too_many_conflicts() -> StoreError {
    StoreError::new("aggregates.put", crate::StoreErrorKind::Unavailable, "somebody else writes the same aggregate")
}

/// The lowest record of each shard that is not counted.
#[derive(Default)]
struct Failures {
    lowest: BTreeMap<String, SequenceNumber>,
    /// A record failed that has no place in the stream.
    unplaced: bool,
}

impl Failures {
    fn add(&mut self, record: &Record, error: StoreError) {
        self.add_at(format!("shardId-{}", record.lane), record.sequence.clone(), error);
    }

    fn add_unread(&mut self, shard: String, sequence: &str, error: StoreError) {
        match SequenceNumber::parse(sequence) {
            Ok(sequence) => self.add_at(shard, sequence, error),
            Err(_) => {
                self.unplaced = true;
                tracing::error!(event = "clicks.not_counted", shard, sequence, %error);
            }
        }
    }

    /// Logs the failure where it lowers what is reported: a store that is away fails for thousands of aggregates.
    fn add_at(&mut self, shard: String, sequence: SequenceNumber, error: StoreError) {
        if self.lowest.get(&shard).is_some_and(|lowest| *lowest <= sequence) {
            return;
        }
        tracing::error!(event = "clicks.not_counted", shard, %sequence, %error);
        self.lowest.insert(shard, sequence);
    }

    /// The numbers as they were received: Lambda looks them up in its batch.
    fn report(self, batch: &[Received]) -> Vec<String> {
        if self.unplaced {
            return vec![String::new()];
        }
        let is_lowest = |received: &&Received| {
            let sequence = SequenceNumber::parse(&received.sequence).ok();
            sequence.is_some() && self.lowest.get(&received.shard) == sequence.as_ref()
        };
        let mut failed: Vec<String> =
            batch.iter().filter(is_lowest).map(|received| received.sequence.clone()).collect();
        failed.dedup();
        failed
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analytics::Dimension;
    use crate::analytics::memory::{MemoryAggregates, MemoryQuarantine, click, received};
    use crate::analytics::user_agent::tests::{AGENTS, CHROME, GOOGLEBOT, IPHONE};
    use crate::click::{Click, Trigger};

    const TIME: &str = "2026-01-02T03:04:05Z";

    fn by(agent: &str, slug: &str, time: &str) -> Click {
        Click { user_agent: Some(agent.to_owned()), ..click(slug, time) }
    }

    async fn count(batch: &[Received], store: &MemoryAggregates, quarantine: &MemoryQuarantine) -> Aggregated {
        aggregate_clicks(batch, &AGENTS, store, quarantine).await
    }

    fn tally<'a>(all: &'a [Aggregate], pk: &str, sk: &str) -> &'a crate::analytics::Tally {
        &all.iter().find(|item| item.key.pk == pk && item.key.sk == sk).unwrap_or_else(|| panic!("no {pk} {sk}")).tally
    }

    #[tokio::test]
    async fn a_click_is_in_its_day_hour_total_and_workspace() {
        let mut from_iphone = by(IPHONE, "a", "2026-01-02T23:59:59Z");
        from_iphone.country = Some("DE".into());
        from_iphone.visitor = Some("v1".into());
        from_iphone.trigger = Trigger::Qr;
        from_iphone.referrer = Some("t.co".into());
        (from_iphone.rule, from_iphone.variant) = (Some(3), Some("b".into()));
        let batch = [
            received(6, 10, &from_iphone),
            received(6, 11, &by(CHROME, "a", "2026-01-02T03:04:05Z")),
            received(6, 12, &by(GOOGLEBOT, "a", "2026-01-02T03:04:06Z")),
            received(6, 13, &by(CHROME, "b", "2026-01-03T00:00:00Z")),
        ];
        let (store, quarantine) = (MemoryAggregates::default(), MemoryQuarantine::default());
        let result = count(&batch, &store, &quarantine).await;
        // Each link: days, hours, a total; and the workspace's days.
        assert_eq!(result, Aggregated { records: 4, written: 1 + 2 + 1 + 3 + 2, ..Aggregated::default() });

        let all = store.all();
        let day = tally(&all, "go.example.com#a", "DAY#2026-01-02#000000000006");
        assert_eq!((day.clicks, day.bots, day.visitors.estimate()), (2, 1, 1));
        assert_eq!(day.hours, [(3, 1), (23, 1)].into());
        let top = |dimension| day.dimensions[&dimension].top(9);
        assert_eq!(top(Dimension::Country), [("DE", 1)]);
        assert_eq!(top(Dimension::Device), [("desktop", 1), ("mobile", 1)]);
        assert_eq!(top(Dimension::Browser), [("Chrome", 1), ("Mobile Safari", 1)]);
        assert_eq!(top(Dimension::Trigger), [("link", 1), ("qr", 1)]);
        let hour = tally(&all, "go.example.com#a", "HOUR#2026-01-02T03#000000000006");
        assert_eq!((hour.clicks, hour.bots), (1, 1));
        assert_eq!((hour.minutes.clone(), hour.bot_minutes.clone()), ([(4, 1)].into(), [(4, 1)].into()));
        let total = tally(&all, "go.example.com#a", "TOTAL#000000000006");
        assert_eq!((total.clicks, total.bots), (2, 1));
        assert_eq!(total.last_click_at.unwrap().to_string(), "2026-01-02T23:59:59.000Z");
        let workspace = tally(&all, "WS#acme", "DAY#2026-01-02#000000000006");
        assert_eq!((workspace.clicks, workspace.bots), (2, 1));
        assert_eq!(workspace.dimensions[&Dimension::Link].top(9), [("go.example.com/a", 2)]);
        assert_eq!((workspace.hours.clone(), workspace.bot_hours.clone()), (day.hours.clone(), [(3, 1)].into()));
        for of_day in [day, workspace] {
            assert_eq!(of_day.dimensions[&Dimension::Bot].top(9), [("Googlebot", 1)]);
            assert_eq!(of_day.dimensions[&Dimension::BotKind].top(9), [("search-engine", 1)]);
            assert_eq!(of_day.dimensions[&Dimension::Referrer].top(9), [("X/Twitter", 1)]);
            assert_eq!(of_day.dimensions[&Dimension::ReferrerHost].top(9), [("t.co", 1)]);
            assert_eq!(of_day.dimensions[&Dimension::Rule].top(9), [("3", 1)]);
            assert_eq!(of_day.dimensions[&Dimension::Variant].top(9), [("b", 1)]);
        }
    }

    #[tokio::test]
    async fn an_hour_may_go_eight_days_after_its_end_and_the_rest_stays() {
        let store = MemoryAggregates::default();
        count(&[received(0, 1, &by(CHROME, "a", TIME))], &store, &MemoryQuarantine::default()).await;
        for item in store.all() {
            let end = crate::Timestamp::parse("2026-01-10T04:00:00Z").unwrap().as_seconds();
            assert_eq!(item.ttl, item.key.sk.starts_with("HOUR#").then_some(end), "{:?}", item.key);
        }
    }

    #[tokio::test]
    async fn the_same_batch_again_changes_nothing() {
        let batch: Vec<_> = (0..20).map(|n| received(0, n, &by(CHROME, &format!("s{}", n % 3), TIME))).collect();
        let (store, quarantine) = (MemoryAggregates::default(), MemoryQuarantine::default());
        count(&batch, &store, &quarantine).await;
        let before = store.all();
        let again = count(&[&batch[5..], &batch[..10], &batch[..]].concat(), &store, &quarantine).await;
        assert_eq!((again.written, again.failed), (0, vec![]));
        assert_eq!(store.all(), before);
    }

    #[tokio::test]
    async fn a_malformed_record_is_set_aside_and_its_batch_goes_on() {
        let bad = Received { data: "!".into(), ..received(0, 2, &by(CHROME, "a", TIME)) };
        let nowhere = Received { shard: String::new(), sequence: String::new(), data: "raw".into() };
        let batch = [received(0, 1, &by(CHROME, "a", TIME)), bad, nowhere, received(0, 3, &by(CHROME, "a", TIME))];
        let (store, quarantine) = (MemoryAggregates::default(), MemoryQuarantine::default());
        let result = count(&batch, &store, &quarantine).await;
        assert_eq!((result.quarantined, result.failed), (2, vec![]));
        assert_eq!(tally(&store.all(), "go.example.com#a", "TOTAL#000000000000").clicks, 2);
        assert_eq!(quarantine.kept().len(), 2);
        count(&batch, &store, &quarantine).await;
        assert_eq!(quarantine.kept().len(), 2, "a retry rewrites the same objects");
    }

    #[tokio::test]
    async fn a_record_that_cannot_be_set_aside_is_reported() {
        let bad = Received { data: "!".into(), ..received(0, 7, &by(CHROME, "a", TIME)) };
        let batch = [received(0, 6, &by(CHROME, "a", TIME)), bad, received(0, 8, &by(CHROME, "a", TIME))];
        let (store, quarantine) = (MemoryAggregates::default(), MemoryQuarantine::default());
        quarantine.fail(true);
        assert_eq!(count(&batch, &store, &quarantine).await.failed, ["7"]);
        let nowhere = [Received { sequence: "x".into(), ..batch[1].clone() }];
        assert_eq!(count(&nowhere, &store, &quarantine).await.failed, [""], "the whole batch must come again");
    }

    #[tokio::test]
    async fn the_lowest_record_that_an_aggregate_needs_is_reported() {
        let batch: Vec<_> = (10..15).map(|n| received(0, n, &by(CHROME, "a", TIME))).collect();
        let (store, quarantine) = (MemoryAggregates::default(), MemoryQuarantine::default());
        store.fail(true);
        assert_eq!(count(&batch, &store, &quarantine).await.failed, ["10"]);
        store.fail(false);
        assert_eq!(count(&batch, &store, &quarantine).await.failed, Vec::<String>::new());
    }

    #[tokio::test]
    async fn shards_in_one_batch_are_counted_apart() {
        let batch = [
            received(1, 5, &by(CHROME, "a", TIME)),
            received(2, 1, &by(CHROME, "a", TIME)),
            received(1, 6, &by(CHROME, "a", TIME)),
        ];
        let (store, quarantine) = (MemoryAggregates::default(), MemoryQuarantine::default());
        count(&batch, &store, &quarantine).await;
        let all = store.all();
        assert_eq!(tally(&all, "go.example.com#a", "TOTAL#000000000001").clicks, 2);
        assert_eq!(tally(&all, "go.example.com#a", "TOTAL#000000000002").clicks, 1);
        store.fail(true);
        assert_eq!(count(&batch, &store, &quarantine).await.failed, ["5", "1"]);
    }

    #[tokio::test]
    async fn an_aggregate_is_small_whatever_comes_in() {
        let long = |n: u32| Some(format!("{n:05}{}", "ü".repeat(200)));
        let batch: Vec<_> = (0..2000)
            .map(|n| {
                let mut click = by(&format!("{}/{n} CFNetwork Like/{n}", "x".repeat(180)), "a", TIME);
                (click.country, click.language, click.referrer) = (long(n), long(n), long(n));
                (click.utm.source, click.utm.medium, click.utm.campaign) = (long(n), long(n), long(n));
                (click.utm.term, click.utm.content, click.visitor) = (long(n), long(n), long(n));
                received(0, n.into(), &click)
            })
            .collect();
        let store = MemoryAggregates::default();
        count(&batch, &store, &MemoryQuarantine::default()).await;
        for item in store.all() {
            let dimensions = serde_json::to_vec(&item.tally.dimensions).unwrap().len();
            assert!(dimensions + item.tally.visitors.to_bytes().len() < 200_000, "{:?} has {dimensions}", item.key);
            if let Some(counts) = item.tally.dimensions.get(&Dimension::UtmSource) {
                assert_eq!((counts.sum(), counts.len()), (2000, 100));
            }
        }
    }
}
