//! What is in the stream: shards that were split and merged, clicks, clicks that a producer sent twice, and records that
//! nobody can read.

use std::collections::BTreeMap;

use super::chance::Chance;
use crate::analytics::ingest::record::Received;
use crate::clicks::click::Click;
use crate::testing::analytics::{click, received};

const CHROME: &str =
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36";
const IPHONE: &str = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) \
    Version/17.5 Mobile/15E148 Safari/604.1";
pub(super) const GOOGLEBOT: &str = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)";
const TIMES: [&str; 4] =
    ["2026-01-02T03:04:05Z", "2026-01-02T03:59:59Z", "2026-01-02T23:59:59Z", "2026-01-03T00:00:00Z"];
/// 2026-01-02T03:59:40Z: most shards go on into the next hour.
const FIRST_ARRIVAL: i64 = 1_767_326_380_000;

/// A record of the stream.
pub(super) struct Record {
    pub(super) received: Received<'static>,
    /// The click in it, if it can be read.
    pub(super) click: Option<Click>,
}

/// A shard: its records, and how far the event source is.
pub(super) struct Shard {
    pub(super) records: Vec<Record>,
    /// The shards that this one came from: all their records are handled before its own.
    pub(super) parents: Vec<usize>,
    /// How many records are done with, as the event source believes.
    pub(super) done: usize,
    /// Where the batch that is under way, or comes next, ends.
    pub(super) end: usize,
}

/// The shards of a stream: one to three; then perhaps one of them is split, or two are merged.
pub(super) fn stream(seed: u64) -> Vec<Shard> {
    let mut chance = Chance(seed);
    let first = 1 + chance.below(3);
    let mut parents = vec![Vec::new(); first];
    if chance.percent(30) {
        let split = chance.below(first);
        parents.extend([vec![split], vec![split]]);
    } else if first > 1 && chance.percent(40) {
        parents.push(vec![0, 1]);
    }
    let mut sent = Vec::new();
    let shards = parents.into_iter().zip(0..).map(|(parents, number)| {
        let mut shard = Shard { records: Vec::new(), parents, done: 0, end: 0 };
        shard.records = records(number, &mut sent, &mut chance);
        shard.advance(&mut chance);
        shard
    });
    shards.collect()
}

/// Records of a shard. `sent` has the clicks of the shards before, which a producer may send again.
fn records(number: u64, sent: &mut Vec<Click>, chance: &mut Chance) -> Vec<Record> {
    let mut sequence = 495_900 + chance.next() % 1000;
    let mut arrived = FIRST_ARRIVAL + i64::from(u32::try_from(chance.below(2_000)).unwrap_or(0));
    let mut own: Vec<Click> = Vec::new();
    let records = (0..5 + chance.below(55)).map(|_| {
        sequence += 1 + chance.next() % 9;
        arrived += chance.one_of(&[0, 3, 40, 900, 2_500, -300, 14_000]);
        let at = |record: Received<'static>| Received { arrived_millis: Some(arrived), ..record };
        if chance.percent(4) {
            let garbage = received(number, sequence, &click("a", TIMES[0]));
            let data = chance.one_of(&["garbage!", "bm90IGEgY2xpY2s=", "eyJ2ZXJzaW9uIjoyfQ=="]);
            return Record { received: at(Received { data: data.into(), ..garbage }), click: None };
        }
        let again = match chance.below(100) {
            0..8 if !own.is_empty() => own.get(own.len() - 1 - chance.below(own.len().min(6))).cloned(),
            8..10 if !own.is_empty() => own.get(chance.below(own.len())).cloned(),
            10..12 if !sent.is_empty() => sent.get(chance.below(sent.len())).cloned(),
            _ => None,
        };
        let click = again.unwrap_or_else(|| new_click(number, sequence, chance));
        own.push(click.clone());
        Record { received: at(received(number, sequence, &click)), click: Some(click) }
    });
    let records = records.collect();
    sent.append(&mut own);
    records
}

fn new_click(number: u64, sequence: u64, chance: &mut Chance) -> Click {
    let mut click = click(chance.one_of(&["a", "b", "c"]), chance.one_of(&TIMES));
    click.id = format!("{number}-{sequence}");
    click.user_agent = Some(chance.one_of(&[CHROME, IPHONE, GOOGLEBOT]).to_owned());
    click.country = Some(chance.one_of(&["DE", "FR"]).to_owned());
    click.visitor = Some(format!("v{}", chance.below(9)));
    click
}

impl Shard {
    pub(super) fn is_done(&self) -> bool {
        self.done >= self.records.len()
    }

    pub(super) fn batch(&self) -> Vec<Received<'static>> {
        self.records[self.done..self.end].iter().map(|record| record.received.clone()).collect()
    }

    /// The batch after this one.
    pub(super) fn advance(&mut self, chance: &mut Chance) {
        self.done = self.end;
        self.end = (self.done + 1 + chance.below(20)).min(self.records.len());
    }

    /// The same batch again from the record `first`, or half of it.
    pub(super) fn retry(&mut self, first: usize, chance: &mut Chance) {
        self.done = first;
        if chance.percent(50) {
            self.end = self.done + (self.end - self.done).div_ceil(2);
        }
    }

    /// The first record of each click, as the promise goes: a click is recognised that arrived in this shard at most ten
    /// seconds before, if its link had no more than a thousand since.
    pub(super) fn clicks(&self) -> Vec<(&Received<'static>, &Click)> {
        let mut counted: BTreeMap<String, Vec<(i64, &str)>> = BTreeMap::new();
        let mut clicks = Vec::new();
        for record in &self.records {
            let Some(click) = &record.click else { continue };
            let of_link = counted.entry(click.slug.to_string()).or_default();
            let latest = of_link.last().map_or(i64::MIN, |(second, _)| *second);
            let second = record.received.arrived_millis.unwrap_or(0).div_euclid(1000).max(latest);
            if of_link.iter().all(|(seen, id)| *id != click.id || *seen < second - 10) {
                of_link.push((second, &click.id));
                clicks.push((&record.received, click));
            }
        }
        clicks
    }
}
