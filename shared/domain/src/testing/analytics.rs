//! Implements the ports of analytics in memory, and makes sample clicks.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard};

use async_trait::async_trait;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;

use super::outage::{lock, outage};
use super::samples::link;
use crate::analytics::ingest::archive::ArchiveObject;
use crate::analytics::ingest::record::{QuarantinedRecord, Received};
use crate::analytics::model::aggregate::{Aggregate, AggregateKey};
use crate::analytics::model::sequence::SequenceNumber;
use crate::analytics::model::tally::Tally;
use crate::analytics::ports::{
    AggregatePage, AggregateReader, AggregateStore, Archive, ArchiveReader, KeyRange, Parts, Quarantine, Summand,
};
use crate::clicks::click::{Click, Trigger, Utm};
use crate::clicks::miss::{Miss, MissDetails};
use crate::clicks::missed_path::MissedPath;
use crate::values::error::{StoreError, StoreErrorKind};
use crate::values::timestamp::Timestamp;

/// A store of aggregates, which can fail.
#[derive(Default)]
pub struct MemoryAggregates {
    items: Mutex<BTreeMap<AggregateKey, Aggregate>>,
    failing: AtomicBool,
    writes: AtomicUsize,
    asked: Mutex<Vec<Parts>>,
}

impl MemoryAggregates {
    /// How many items a page of a range has: few, so that tests read several pages.
    const PAGE: usize = 3;

    /// Makes every later call fail, or work again.
    pub fn fail(&self, failing: bool) {
        self.failing.store(failing, Ordering::SeqCst);
    }

    /// Returns all aggregates in the order of their keys.
    pub fn all(&self) -> Vec<Aggregate> {
        lock(&self.items).values().cloned().collect()
    }

    /// Makes all aggregates such as an older version wrote: without hours.
    pub fn forget_hours(&self) {
        for aggregate in lock(&self.items).values_mut() {
            aggregate.tally.hours.clear();
            aggregate.tally.bot_hours.clear();
        }
    }

    /// Returns how many writes succeeded.
    pub fn writes(&self) -> usize {
        self.writes.load(Ordering::SeqCst)
    }

    /// Returns the parts that each page was asked for, in the order of the questions.
    pub fn asked(&self) -> Vec<Parts> {
        lock(&self.asked).clone()
    }

    fn check(&self, operation: &'static str) -> Result<MutexGuard<'_, BTreeMap<AggregateKey, Aggregate>>, StoreError> {
        if self.failing.load(Ordering::SeqCst) { Err(outage(operation)) } else { Ok(lock(&self.items)) }
    }
}

#[async_trait]
impl AggregateStore for MemoryAggregates {
    async fn load(&self, keys: &[AggregateKey]) -> Result<Vec<Option<Aggregate>>, StoreError> {
        let items = self.check("aggregates.load")?;
        Ok(keys.iter().map(|key| items.get(key).cloned()).collect())
    }

    async fn put(&self, aggregate: Aggregate, read: Option<&SequenceNumber>) -> Result<bool, StoreError> {
        let mut items = self.check("aggregates.put")?;
        if items.get(&aggregate.key).map(|stored| &stored.seq) != read {
            return Ok(false);
        }
        items.insert(aggregate.key.clone(), aggregate);
        self.writes.fetch_add(1, Ordering::SeqCst);
        Ok(true)
    }
}

#[async_trait]
impl AggregateReader for MemoryAggregates {
    async fn range(&self, range: &KeyRange<'_>, parts: &Parts) -> Result<AggregatePage, StoreError> {
        let items = self.check("aggregates.range")?;
        lock(&self.asked).push(parts.clone());
        let wanted = |key: &AggregateKey| {
            *key.pk == *range.pk
                && (range.first.as_str()..=range.last.as_str()).contains(&&*key.sk)
                && range.after.as_ref().is_none_or(|after| *key.sk > **after)
        };
        let found = items.values().filter(|item| wanted(&item.key)).take(Self::PAGE + 1);
        let mut found: Vec<Summand> = found.map(|item| summand(item, parts)).collect();
        let more = found.len() > Self::PAGE;
        found.truncate(Self::PAGE);
        let next = found.last().filter(|_| more).map(|item| item.sk.clone());
        Ok(AggregatePage { items: found, next })
    }
}

/// Returns only what `parts` ask for, so that a test fails if the code forgets to ask for something.
fn summand(item: &Aggregate, parts: &Parts) -> Summand {
    let all = Tally::clone(&item.tally);
    let mut tally = Tally { clicks: all.clicks, bots: all.bots, ..Tally::default() };
    if parts.hours {
        (tally.hours, tally.bot_hours) = (all.hours, all.bot_hours);
    }
    if parts.minutes {
        (tally.minutes, tally.bot_minutes) = (all.minutes, all.bot_minutes);
    }
    if parts.visitors {
        tally.visitors = all.visitors;
    }
    if parts.clicked_at {
        (tally.first_click_at, tally.last_click_at) = (all.first_click_at, all.last_click_at);
    }
    tally.dimensions =
        all.dimensions.into_iter().filter(|(dimension, _)| parts.dimensions.contains(dimension)).collect();
    Summand { sk: item.key.sk.to_string(), tally }
}

/// A quarantine of unreadable records, which can fail.
#[derive(Default)]
pub struct MemoryQuarantine {
    kept: Mutex<BTreeMap<String, QuarantinedRecord>>,
    failing: AtomicBool,
}

impl MemoryQuarantine {
    /// Makes every later call fail, or work again.
    pub fn fail(&self, failing: bool) {
        self.failing.store(failing, Ordering::SeqCst);
    }

    /// Returns the records that were kept, by object key.
    pub fn kept(&self) -> BTreeMap<String, QuarantinedRecord> {
        lock(&self.kept).clone()
    }
}

#[async_trait]
impl Quarantine for MemoryQuarantine {
    async fn keep(&self, record: &QuarantinedRecord) -> Result<(), StoreError> {
        if self.failing.load(Ordering::SeqCst) {
            return Err(outage("quarantine.keep"));
        }
        lock(&self.kept).insert(record.object_key(), record.clone());
        Ok(())
    }
}

/// An archive of raw clicks, which can fail.
#[derive(Default)]
pub struct MemoryArchive {
    objects: Mutex<BTreeMap<String, Vec<u8>>>,
    failing: AtomicBool,
}

impl MemoryArchive {
    /// Makes every later call fail, or work again.
    pub fn fail(&self, failing: bool) {
        self.failing.store(failing, Ordering::SeqCst);
    }

    /// Returns the bodies of all objects by key.
    pub fn objects(&self) -> BTreeMap<String, Vec<u8>> {
        lock(&self.objects).clone()
    }

    fn check(&self, operation: &'static str) -> Result<MutexGuard<'_, BTreeMap<String, Vec<u8>>>, StoreError> {
        if self.failing.load(Ordering::SeqCst) { Err(outage(operation)) } else { Ok(lock(&self.objects)) }
    }
}

#[async_trait]
impl Archive for MemoryArchive {
    async fn keep(&self, object: &ArchiveObject) -> Result<(), StoreError> {
        self.check("archive.keep")?.insert(object.key.clone(), object.body.clone());
        Ok(())
    }
}

#[async_trait]
impl ArchiveReader for MemoryArchive {
    async fn hours(&self) -> Result<Vec<String>, StoreError> {
        let objects = self.check("archive.hours")?;
        let mut hours: Vec<_> =
            objects.keys().filter_map(|key| Some(format!("{}/", key.rsplit_once('/')?.0))).collect();
        hours.dedup();
        Ok(hours)
    }

    async fn keys(&self, hour: &str) -> Result<Vec<String>, StoreError> {
        Ok(self.check("archive.keys")?.keys().filter(|key| key.starts_with(hour)).cloned().collect())
    }

    async fn read(&self, key: &str) -> Result<Vec<u8>, StoreError> {
        let found = self.check("archive.read")?.get(key).cloned();
        found.ok_or_else(|| StoreError::new("archive.read", StoreErrorKind::Broken, "there is no such object"))
    }
}

/// Makes a click on `go.example.com/{slug}` of the workspace `acme` at `time` (RFC 3339). Each call makes a different
/// click. Panics if an argument is not valid.
#[allow(clippy::expect_used, reason = "only tests call it")]
pub fn click(slug: &str, time: &str) -> Click {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let link = link("acme", slug, "https://example.com/");
    Click {
        version: Click::VERSION,
        id: format!("{slug}@{time}#{}", NEXT.fetch_add(1, Ordering::Relaxed)),
        time: Timestamp::parse(time).expect("a valid time"),
        link_id: None,
        domain: link.address.domain,
        slug: link.address.slug,
        workspace: link.workspace,
        country: None,
        visitor: None,
        user_agent: None,
        platform: None,
        mobile: None,
        referrer: None,
        language: None,
        utm: Utm::default(),
        trigger: Trigger::Link,
        rule: None,
        variant: None,
    }
}

/// Makes the record `sequence` of a shard from `click`, as if it arrived when the click happened.
pub fn received(shard: u64, sequence: u64, click: &Click) -> Received<'static> {
    record(shard, sequence, click.time, click)
}

/// Makes a miss of `path` on `go.example.com`, which belongs to the stack, at `time` (RFC 3339). Each call makes a different miss. Panics
/// if an argument is not valid.
pub fn miss(path: &str, time: &str) -> Miss {
    let Click { version, id, time, domain, .. } = click("missed", time);
    Miss {
        version,
        id,
        time,
        domain,
        workspace: None,
        country: None,
        visitor: None,
        user_agent: None,
        platform: None,
        mobile: None,
        referrer: None,
        language: None,
        miss: MissDetails { path: MissedPath::of(path), more: 0, more_bots: 0 },
    }
}

/// Makes the record `sequence` of a shard from `miss`, as if it arrived when the miss happened.
pub fn received_miss(shard: u64, sequence: u64, miss: &Miss) -> Received<'static> {
    record(shard, sequence, miss.time, miss)
}

#[allow(clippy::expect_used, reason = "only tests call it")]
fn record(shard: u64, sequence: u64, time: Timestamp, event: &impl Serialize) -> Received<'static> {
    Received {
        shard: format!("shardId-{shard:012}").into(),
        sequence: sequence.to_string().into(),
        arrived_millis: Some(time.as_millis()),
        data: STANDARD.encode(serde_json::to_vec(event).expect("an event is JSON")).into(),
    }
}
