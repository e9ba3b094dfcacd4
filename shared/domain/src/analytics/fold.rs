//! The fold: an aggregate, and the records of a batch that it does not hold yet. Pure.

use std::collections::{BTreeMap, HashMap};

use foldhash::fast::RandomState;

use super::aggregate::{link_pk, workspace_pk};
use super::batch::{Batch, Record};
use super::day::number_of;
use super::sequence::Digits;
use super::{Aggregate, AggregateKey, Day, Grain, SequenceNumber, Tally};

/// How long a link's hour is kept after it ended.
const HOUR_KEPT_SECONDS: i64 = 8 * 86_400;

/// An aggregate that a batch touches, and the records that belong to it, in the order of the stream.
pub(super) struct Touched<'a> {
    pub(super) key: AggregateKey,
    grain: Grain,
    ttl: Option<i64>,
    /// Ascending by sequence number, each number once, all of one lane.
    pub(super) records: Vec<&'a Record<'a>>,
}

/// Where a record belongs, in numbers of the batch: lane, workspace, link, day or hour. Cheap to hash.
#[derive(PartialEq, Eq, Hash)]
enum Place {
    LinkDay(usize, usize, usize, i64),
    LinkHour(usize, usize, usize, i64),
    LinkTotal(usize, usize, usize),
    WorkspaceDay(usize, usize, i64),
}

/// The totals of links that `batch` touches, each with all records of its link, in the order of their keys.
pub(super) fn totals<'a>(batch: &'a Batch<'a>) -> Vec<Touched<'a>> {
    gather(batch, batch.records.iter(), |record| [Place::LinkTotal(record.lane, record.workspace, record.link)])
}

/// All other aggregates that `records` touch, in the order of their keys.
pub(super) fn others<'a>(batch: &'a Batch<'a>, records: impl Iterator<Item = &'a Record<'a>>) -> Vec<Touched<'a>> {
    gather(batch, records, |record| {
        let (day, hour) = (number_of(record.time), record.time.as_seconds().div_euclid(3600));
        [
            Place::LinkDay(record.lane, record.workspace, record.link, day),
            Place::LinkHour(record.lane, record.workspace, record.link, hour),
            Place::WorkspaceDay(record.lane, record.workspace, day),
        ]
    })
}

fn gather<'a, const N: usize>(
    batch: &Batch<'a>,
    records: impl Iterator<Item = &'a Record<'a>>,
    places_of: impl Fn(&Record<'_>) -> [Place; N],
) -> Vec<Touched<'a>> {
    let mut places: HashMap<Place, Vec<&Record<'_>>, RandomState> = HashMap::default();
    for record in records {
        for place in places_of(record) {
            places.entry(place).or_default().push(record);
        }
    }
    let touched = places.into_iter().map(|(place, records)| place.touched_by(batch, records));
    let by_key: BTreeMap<AggregateKey, Touched<'_>> = touched.map(|touched| (touched.key.clone(), touched)).collect();
    by_key.into_values().collect()
}

impl Place {
    fn touched_by<'a>(&self, batch: &Batch<'_>, records: Vec<&'a Record<'a>>) -> Touched<'a> {
        let link = |owner: usize, link: usize| link_pk(&batch.workspaces[owner], &batch.links[link]);
        let (grain, key, ttl) = match *self {
            Self::LinkDay(lane, owner, id, day) => {
                (Grain::LinkDay, AggregateKey::day(link(owner, id), Day::from_number(day), &batch.lanes[lane]), None)
            }
            Self::LinkHour(lane, owner, id, hour) => {
                let day = Day::from_number(hour.div_euclid(24));
                let key = AggregateKey::hour(link(owner, id), day, hour.rem_euclid(24), &batch.lanes[lane]);
                (Grain::LinkHour, key, Some((hour + 1) * 3600 + HOUR_KEPT_SECONDS))
            }
            Self::LinkTotal(lane, owner, id) => {
                (Grain::LinkTotal, AggregateKey::total(link(owner, id), &batch.lanes[lane]), None)
            }
            Self::WorkspaceDay(lane, workspace, day) => {
                let pk = workspace_pk(&batch.workspaces[workspace]);
                (Grain::WorkspaceDay, AggregateKey::day(pk, Day::from_number(day), &batch.lanes[lane]), None)
            }
        };
        Touched { key, grain, ttl, records }
    }
}

impl<'a> Touched<'a> {
    /// The records that an aggregate does not hold yet whose last one is `seq` (`None`: there is no such aggregate).
    pub(super) fn newer_than(&self, seq: Option<&SequenceNumber>) -> &[&'a Record<'a>] {
        let seq = seq.map(Digits::from);
        let first = self.records.partition_point(|record| seq.is_some_and(|seq| record.sequence <= seq));
        &self.records[first..]
    }

    /// The aggregate with all records in it, or `None` if `current` holds them already. A total takes each click once,
    /// also if the stream has two records of it.
    pub(super) fn fold(&self, batch: &Batch<'_>, current: Option<Aggregate>) -> Option<Aggregate> {
        let newer = self.newer_than(current.as_ref().map(|aggregate| &aggregate.seq));
        if newer.is_empty() {
            return None;
        }
        let mut tally = current.map_or_else(Tally::default, |aggregate| aggregate.tally);
        let seq = if self.grain == Grain::LinkTotal {
            let fresh: Vec<_> =
                newer.iter().copied().filter(|r| tally.recent.is_new(r.id.as_str(), r.arrived_millis)).collect();
            tally.add(self.grain, &fresh, batch);
            fresh.last()?.sequence
        } else {
            tally.add(self.grain, newer, batch);
            newer.last()?.sequence
        };
        Some(Aggregate { key: self.key.clone(), seq: seq.to_number(), ttl: self.ttl, tally })
    }
}
