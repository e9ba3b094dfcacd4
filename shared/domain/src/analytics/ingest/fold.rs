//! The fold: an aggregate, and the records of a batch that it does not hold yet. Pure.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;

use foldhash::fast::RandomState;

use super::batch::{Batch, Owned, Record};
use crate::analytics::model::aggregate::{Aggregate, AggregateKey, Grain};
use crate::analytics::model::aggregate::{day_sk, hour_sk, total_sk, workspace_pk};
use crate::analytics::model::day::Day;
use crate::analytics::model::day::day_number;
use crate::analytics::model::sequence::Digits;
use crate::analytics::model::sequence::SequenceNumber;
use crate::analytics::model::tally::Tally;

/// How long a link's hour is kept after it ended.
const HOUR_KEPT_SECONDS: i64 = 8 * 86_400;

type Map<K, V> = HashMap<K, V, RandomState>;

/// An aggregate that a batch touches, and the records that belong to it, in the order of the stream.
pub(crate) struct Touched<'a> {
    pub(crate) key: AggregateKey,
    grain: Grain,
    ttl: Option<i64>,
    /// Ascending by sequence number, each number once, all of one lane.
    pub(crate) records: Vec<&'a Record<'a>>,
}

/// The totals of links that `batch` touches, each with all records of its link.
pub(crate) fn totals<'a>(batch: &'a Batch<'a>) -> Vec<Touched<'a>> {
    let sks: Vec<_> = batch.lanes.iter().map(total_sk).collect();
    let total = |(number, records): (usize, _)| {
        let Owned { lane, pk, .. } = &batch.owned[number];
        let key = AggregateKey { pk: pk.clone(), sk: sks[*lane].clone() };
        Touched { key, grain: Grain::LinkTotal, ttl: None, records }
    };
    groups(batch.records.iter(), |record| record.owned).into_iter().map(total).collect()
}

/// All other aggregates that `records` touch.
pub(crate) fn others<'a>(batch: &Batch<'a>, records: &[&'a Record<'a>]) -> Vec<Touched<'a>> {
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
    for ((number, day), records) in groups(records(), |record| (record.owned, day_number(record.time))) {
        let Owned { lane, pk, .. } = &batch.owned[number];
        let key = AggregateKey { pk: pk.clone(), sk: day_sk_of(*lane, day) };
        touched.push(Touched { key, grain: Grain::LinkDay, ttl: None, records });
    }
    for ((number, hour), records) in groups(records(), |record| (record.owned, hour_of(record))) {
        let Owned { lane, pk, .. } = &batch.owned[number];
        let key = AggregateKey { pk: pk.clone(), sk: hour_sk_of(*lane, hour) };
        let ttl = Some((hour + 1) * 3600 + HOUR_KEPT_SECONDS);
        touched.push(Touched { key, grain: Grain::LinkHour, ttl, records });
    }
    let owner_of = |record: &Record<'_>| (record.lane, batch.owned[record.owned].workspace);
    for (((lane, owner), day), records) in groups(records(), |record| (owner_of(record), day_number(record.time))) {
        let key = AggregateKey { pk: workspace_pk(&batch.workspaces[owner]).into(), sk: day_sk_of(lane, day) };
        touched.push(Touched { key, grain: Grain::WorkspaceDay, ttl: None, records });
    }
    touched
}

/// The hour of a click, counted since the Unix epoch.
fn hour_of(record: &Record<'_>) -> i64 {
    record.time.as_seconds().div_euclid(3600)
}

/// `records` by a key of numbers, which is cheap to hash. In the order of their first records, which is always the same.
fn groups<'a, K: Copy + Eq + Hash>(
    records: impl Iterator<Item = &'a Record<'a>> + Clone,
    key_of: impl Fn(&Record<'_>) -> K,
) -> Vec<(K, Vec<&'a Record<'a>>)> {
    let mut places: Map<K, usize> = Map::default();
    // How many records each key has, so that their room is made once.
    let mut sizes: Vec<(K, usize)> = Vec::new();
    let place_of = |record| {
        let key = key_of(record);
        let place = *places.entry(key).or_insert(sizes.len());
        if place == sizes.len() {
            sizes.push((key, 0));
        }
        sizes[place].1 += 1;
        place
    };
    let of_records: Vec<usize> = records.clone().map(place_of).collect();
    let mut groups: Vec<_> = sizes.into_iter().map(|(key, size)| (key, Vec::with_capacity(size))).collect();
    for (record, place) in records.zip(of_records) {
        groups[place].1.push(record);
    }
    groups
}

impl<'a> Touched<'a> {
    /// The records that an aggregate does not hold yet whose last one is `seq` (`None`: there is no such aggregate).
    pub(crate) fn newer_than(&self, seq: Option<&SequenceNumber>) -> &[&'a Record<'a>] {
        let seq = seq.map(Digits::from);
        let first = self.records.partition_point(|record| seq.is_some_and(|seq| record.sequence <= seq));
        &self.records[first..]
    }

    /// The aggregate with all records in it, or `None` if `current` holds them already. A total takes each click once,
    /// also if the stream has two records of it.
    pub(crate) fn fold(&self, batch: &Batch<'_>, current: Option<Aggregate>) -> Option<Aggregate> {
        let newer = self.newer_than(current.as_ref().map(|aggregate| &aggregate.seq));
        if newer.is_empty() {
            return None;
        }
        let mut tally = current.map_or_else(Box::<Tally>::default, |aggregate| aggregate.tally);
        let seq = if self.grain == Grain::LinkTotal {
            let fresh: Vec<_> =
                newer.iter().copied().filter(|r| tally.recent.is_new(r.click, r.arrived_millis)).collect();
            tally.add(self.grain, &fresh, batch);
            fresh.last()?.sequence
        } else {
            tally.add(self.grain, newer, batch);
            newer.last()?.sequence
        };
        Some(Aggregate { key: self.key.clone(), seq: seq.to_number(), ttl: self.ttl, tally })
    }
}
