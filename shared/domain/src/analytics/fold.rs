//! The fold: an aggregate, and the records of a batch that it does not hold yet. Pure.

use std::collections::{BTreeMap, HashMap};

use super::aggregate::{link_pk, workspace_pk};
use super::day::number_of;
use super::record::Record;
use super::{Aggregate, AggregateKey, Day, Grain, Lane, SequenceNumber, Tally};
use crate::{Domain, LinkId, Slug, WorkspaceId};

/// How long a link's hour is kept after it ended.
const HOUR_KEPT_SECONDS: i64 = 8 * 86_400;

/// An aggregate that a batch touches, and the records that belong to it, in the order of the stream.
#[derive(Debug)]
pub(super) struct Touched<'a> {
    pub(super) key: AggregateKey,
    grain: Grain,
    ttl: Option<i64>,
    /// Ascending by sequence number, each number once, all of one lane.
    pub(super) records: Vec<&'a Record>,
}

/// Where a record belongs. Cheap to hash: the texts of a key are made once for all of its records.
#[derive(PartialEq, Eq, Hash)]
enum Place<'a> {
    LinkDay(&'a Lane, &'a Domain, &'a Slug, i64),
    LinkHour(&'a Lane, &'a Domain, &'a Slug, i64),
    LinkTotal(&'a Lane, &'a Domain, &'a Slug),
    WorkspaceDay(&'a Lane, &'a WorkspaceId, i64),
}

/// The aggregates that `records` touch, in the order of their keys. A record that is delivered twice in one batch is taken once.
pub(super) fn touched(records: &[Record]) -> Vec<Touched<'_>> {
    let mut ordered: Vec<&Record> = records.iter().collect();
    ordered.sort_by(|a, b| (&a.lane, &a.sequence).cmp(&(&b.lane, &b.sequence)));
    ordered.dedup_by(|a, b| (&a.lane, &a.sequence) == (&b.lane, &b.sequence));

    let mut places: HashMap<Place<'_>, Vec<&Record>> = HashMap::new();
    for record in ordered {
        let (lane, click) = (&record.lane, &record.click);
        let (domain, slug) = (&click.domain, &click.slug);
        let (day, hour) = (number_of(click.time), click.time.as_seconds().div_euclid(3600));
        for place in [
            Place::LinkDay(lane, domain, slug, day),
            Place::LinkHour(lane, domain, slug, hour),
            Place::LinkTotal(lane, domain, slug),
            Place::WorkspaceDay(lane, &click.workspace, day),
        ] {
            places.entry(place).or_default().push(record);
        }
    }
    let touched = places.into_iter().map(|(place, records)| place.touched_by(records));
    let by_key: BTreeMap<AggregateKey, Touched<'_>> = touched.map(|touched| (touched.key.clone(), touched)).collect();
    by_key.into_values().collect()
}

impl Place<'_> {
    fn touched_by<'a>(&self, records: Vec<&'a Record>) -> Touched<'a> {
        let link = |domain: &Domain, slug: &Slug| link_pk(&LinkId { domain: domain.clone(), slug: slug.clone() });
        let (grain, key, ttl) = match *self {
            Self::LinkDay(lane, domain, slug, day) => {
                (Grain::LinkDay, AggregateKey::day(link(domain, slug), Day::from_number(day), lane), None)
            }
            Self::LinkHour(lane, domain, slug, hour) => {
                let day = Day::from_number(hour.div_euclid(24));
                let key = AggregateKey::hour(link(domain, slug), day, hour.rem_euclid(24), lane);
                (Grain::LinkHour, key, Some((hour + 1) * 3600 + HOUR_KEPT_SECONDS))
            }
            Self::LinkTotal(lane, domain, slug) => {
                (Grain::LinkTotal, AggregateKey::total(link(domain, slug), lane), None)
            }
            Self::WorkspaceDay(lane, workspace, day) => {
                let key = AggregateKey::day(workspace_pk(workspace), Day::from_number(day), lane);
                (Grain::WorkspaceDay, key, None)
            }
        };
        Touched { key, grain, ttl, records }
    }
}

impl<'a> Touched<'a> {
    /// The records that an aggregate does not hold yet whose last one is `seq` (`None`: there is no such aggregate).
    pub(super) fn newer_than(&self, seq: Option<&SequenceNumber>) -> &[&'a Record] {
        let first = self.records.partition_point(|record| seq.is_some_and(|seq| record.sequence <= *seq));
        &self.records[first..]
    }

    /// The aggregate with all records in it, or `None` if `current` holds them already.
    pub(super) fn fold(&self, current: Option<&Aggregate>) -> Option<Aggregate> {
        let newer = self.newer_than(current.map(|aggregate| &aggregate.seq));
        let seq = newer.last()?.sequence.clone();
        let mut tally = current.map_or_else(Tally::default, |aggregate| aggregate.tally.clone());
        newer.iter().for_each(|record| tally.add(self.grain, record));
        Some(Aggregate { key: self.key.clone(), seq, ttl: self.ttl, tally })
    }
}
