//! Folds: adds to an aggregate the records of a batch that it does not hold yet. Pure.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;

use foldhash::fast::RandomState;

use super::batch::{Batch, OwnedLink, Record};
use crate::analytics::model::aggregate::{Aggregate, AggregateKey, Grain, day_sk, hour_sk, total_sk, workspace_pk};
use crate::analytics::model::day::{Day, day_number};
use crate::analytics::model::sequence::{Digits, SequenceNumber};
use crate::analytics::model::tally::Tally;

/// How long stores keep a link's hour after its end.
const HOUR_KEPT_SECONDS: i64 = 8 * 86_400;

type Map<K, V> = HashMap<K, V, RandomState>;

/// An aggregate that a batch touches, and the records that belong to it, in the order of the stream.
pub(crate) struct TouchedAggregate<'a> {
    pub(crate) key: AggregateKey,
    grain: Grain,
    ttl: Option<i64>,
    /// Ascending by sequence number, each number once, all of one lane.
    pub(crate) records: Vec<&'a Record<'a>>,
}

/// Returns the totals of the links in `batch`, each with all records of its link, and those of the misses of domains.
pub(crate) fn link_totals<'a>(batch: &'a Batch<'a>) -> Vec<TouchedAggregate<'a>> {
    let sks: Vec<_> = batch.lanes.iter().map(total_sk).collect();
    let total = |(number, records): (usize, _)| {
        let OwnedLink { lane, pk, .. } = &batch.owned_links[number];
        let key = AggregateKey { pk: pk.clone(), sk: sks[*lane].clone() };
        TouchedAggregate { key, grain: Grain::LinkTotal, ttl: None, records }
    };
    group_by(batch.records.iter(), |record| record.owned_link).into_iter().map(total).collect()
}

/// Returns all aggregates that `records` touch, except the totals.
pub(crate) fn days_and_hours<'a>(batch: &Batch<'a>, records: &[&'a Record<'a>]) -> Vec<TouchedAggregate<'a>> {
    let records = || records.iter().copied();
    let (mut day_sks, mut hour_sks) = (Map::default(), Map::default());
    let mut day_sk_of = |lane: usize, day: i64| -> Arc<str> {
        let sk = || day_sk(Day::from_number(day), &batch.lanes[lane]);
        day_sks.entry((lane, day)).or_insert_with(sk).clone()
    };
    let mut hour_sk_of = |lane: usize, hour: i64| -> Arc<str> {
        hour_sks.entry((lane, hour)).or_insert_with(|| hour_sk(hour, &batch.lanes[lane])).clone()
    };
    let mut touched = Vec::new();
    for ((number, day), records) in group_by(records(), |record| (record.owned_link, day_number(record.time))) {
        let OwnedLink { lane, pk, workspace } = &batch.owned_links[number];
        let key = AggregateKey { pk: pk.clone(), sk: day_sk_of(*lane, day) };
        let grain = if workspace.is_some() { Grain::LinkDay } else { Grain::MissesDay };
        touched.push(TouchedAggregate { key, grain, ttl: None, records });
    }
    // Misses are no clicks of a workspace, and their minutes are not kept.
    let workspace_of = |record: &Record<'_>| batch.owned_links[record.owned_link].workspace;
    let clicks = || records().filter(|record| workspace_of(record).is_some());
    for ((number, hour), records) in group_by(clicks(), |record| (record.owned_link, hour_of(record))) {
        let OwnedLink { lane, pk, .. } = &batch.owned_links[number];
        let key = AggregateKey { pk: pk.clone(), sk: hour_sk_of(*lane, hour) };
        let ttl = Some((hour + 1) * 3600 + HOUR_KEPT_SECONDS);
        touched.push(TouchedAggregate { key, grain: Grain::LinkHour, ttl, records });
    }
    let owner_of = |record: &Record<'_>| (record.lane, workspace_of(record));
    for (((lane, owner), day), records) in group_by(clicks(), |record| (owner_of(record), day_number(record.time))) {
        let Some(owner) = owner else { continue };
        let key = AggregateKey { pk: workspace_pk(&batch.workspaces[owner]).into(), sk: day_sk_of(lane, day) };
        touched.push(TouchedAggregate { key, grain: Grain::WorkspaceDay, ttl: None, records });
    }
    touched
}

/// Returns the hour of a click, counted since the Unix epoch.
fn hour_of(record: &Record<'_>) -> i64 {
    record.time.as_seconds().div_euclid(3600)
}

/// Groups `records` by a key of numbers, which is cheap to hash. The groups are in the order of their first records, so the
/// order is always the same.
fn group_by<'a, K: Copy + Eq + Hash>(
    records: impl Iterator<Item = &'a Record<'a>> + Clone,
    key_of: impl Fn(&Record<'_>) -> K,
) -> Vec<(K, Vec<&'a Record<'a>>)> {
    let mut indices: Map<K, usize> = Map::default();
    // The number of records of each key, so that each group is allocated once.
    let mut sizes: Vec<(K, usize)> = Vec::new();
    let index_of = |record| {
        let key = key_of(record);
        let index = *indices.entry(key).or_insert(sizes.len());
        if index == sizes.len() {
            sizes.push((key, 0));
        }
        sizes[index].1 += 1;
        index
    };
    let of_records: Vec<usize> = records.clone().map(index_of).collect();
    let mut groups: Vec<_> = sizes.into_iter().map(|(key, size)| (key, Vec::with_capacity(size))).collect();
    for (record, index) in records.zip(of_records) {
        groups[index].1.push(record);
    }
    groups
}

impl<'a> TouchedAggregate<'a> {
    /// Returns the records that the aggregate does not hold yet, if `seq` is its last record (`None`: it is not stored yet).
    pub(crate) fn newer_than(&self, seq: Option<&SequenceNumber>) -> &[&'a Record<'a>] {
        let seq = seq.map(Digits::from);
        let first = self.records.partition_point(|record| seq.is_some_and(|seq| record.sequence <= seq));
        &self.records[first..]
    }

    /// Returns the aggregate with all records added, or `None` if `current` holds them already. A total takes each click
    /// once, even if the stream has two records of it.
    pub(crate) fn fold(&self, batch: &Batch<'_>, current: Option<Aggregate>) -> Option<Aggregate> {
        let newer = self.newer_than(current.as_ref().map(|aggregate| &aggregate.seq));
        if newer.is_empty() {
            return None;
        }
        let mut tally = current.map_or_else(Box::<Tally>::default, |aggregate| aggregate.tally);
        let seq = if self.grain == Grain::LinkTotal {
            let new: Vec<_> =
                newer.iter().copied().filter(|r| tally.recent.is_new(r.click, r.arrived_millis)).collect();
            tally.add(self.grain, &new, batch);
            new.last()?.sequence
        } else {
            tally.add(self.grain, newer, batch);
            newer.last()?.sequence
        };
        Some(Aggregate { key: self.key.clone(), seq: seq.to_number(), ttl: self.ttl, tally })
    }
}
