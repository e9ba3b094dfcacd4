//! Makes the records of a stream: shards that were split and merged, clicks, misses, those that a producer sent twice, and
//! records that cannot be read.

use std::collections::BTreeMap;

use super::random::SplitMix64;
use crate::analytics::ingest::record::Received;
use crate::clicks::event::StreamEvent;
use crate::clicks::miss::Miss;
use crate::testing::analytics::{click, miss, received, received_miss};

const CHROME: &str =
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36";
const IPHONE: &str = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) \
    Version/17.5 Mobile/15E148 Safari/604.1";
pub(super) const GOOGLEBOT: &str = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)";
const TIMES: [&str; 4] =
    ["2026-01-02T03:04:05Z", "2026-01-02T03:59:59Z", "2026-01-02T23:59:59Z", "2026-01-03T00:00:00Z"];
/// 2026-01-02T03:59:40Z: most shards continue into the next hour.
const FIRST_ARRIVAL: i64 = 1_767_326_380_000;

/// A record of the stream.
pub(super) struct Record {
    pub(super) received: Received<'static>,
    /// The click or miss in the record, if the record can be read.
    pub(super) click: Option<StreamEvent>,
}

/// A shard: its records, and how far the event source has got.
pub(super) struct Shard {
    pub(super) records: Vec<Record>,
    /// The shards that were split or merged into this one. The event source delivers all their records first.
    pub(super) parents: Vec<usize>,
    /// How many records the event source takes as done.
    pub(super) done: usize,
    /// The record at which the current or next batch ends.
    pub(super) end: usize,
}

/// Makes a stream of one to three shards, of which it may split one or merge two.
pub(super) fn stream(seed: u64) -> Vec<Shard> {
    let mut random = SplitMix64(seed);
    let first = 1 + random.below(3);
    let mut parents = vec![Vec::new(); first];
    if random.percent(30) {
        let split = random.below(first);
        parents.extend([vec![split], vec![split]]);
    } else if first > 1 && random.percent(40) {
        parents.push(vec![0, 1]);
    }
    let mut sent = Vec::new();
    let shards = parents.into_iter().zip(0..).map(|(parents, number)| {
        let mut shard = Shard { records: Vec::new(), parents, done: 0, end: 0 };
        shard.records = records(number, &mut sent, &mut random);
        shard.advance(&mut random);
        shard
    });
    shards.collect()
}

/// Makes the records of a shard. `sent` has the clicks of the earlier shards, which a producer may send again.
fn records(number: u64, sent: &mut Vec<StreamEvent>, random: &mut SplitMix64) -> Vec<Record> {
    let mut sequence = 495_900 + random.next() % 1000;
    let mut arrived = FIRST_ARRIVAL + i64::from(u32::try_from(random.below(2_000)).unwrap_or(0));
    let mut own: Vec<StreamEvent> = Vec::new();
    let records = (0..5 + random.below(55)).map(|_| {
        sequence += 1 + random.next() % 9;
        arrived += random.one_of(&[0, 3, 40, 900, 2_500, -300, 14_000]);
        let arrive = |record: Received<'static>| Received { arrived_millis: Some(arrived), ..record };
        if random.percent(4) {
            let unreadable = received(number, sequence, &click("a", TIMES[0]));
            let data = random.one_of(&["garbage!", "bm90IGEgY2xpY2s=", "eyJ2ZXJzaW9uIjoyfQ=="]);
            return Record { received: arrive(Received { data: data.into(), ..unreadable }), click: None };
        }
        let repeated = match random.below(100) {
            0..8 if !own.is_empty() => own.get(own.len() - 1 - random.below(own.len().min(6))).cloned(),
            8..10 if !own.is_empty() => own.get(random.below(own.len())).cloned(),
            10..12 if !sent.is_empty() => sent.get(random.below(sent.len())).cloned(),
            _ => None,
        };
        let click = repeated.unwrap_or_else(|| new_click(number, sequence, random));
        own.push(click.clone());
        let received = match &click {
            StreamEvent::Click(click) => received(number, sequence, click),
            StreamEvent::Miss(miss) => received_miss(number, sequence, miss),
        };
        Record { received: arrive(received), click: Some(click) }
    });
    let records = records.collect();
    sent.append(&mut own);
    records
}

fn new_click(number: u64, sequence: u64, random: &mut SplitMix64) -> StreamEvent {
    if random.percent(20) {
        return new_miss(number, sequence, random).into();
    }
    let mut click = click(random.one_of(&["a", "b", "c"]), random.one_of(&TIMES));
    click.id = format!("{number}-{sequence}");
    click.user_agent = Some(random.one_of(&[CHROME, IPHONE, GOOGLEBOT]).to_owned());
    click.country = Some(random.one_of(&["DE", "FR"]).to_owned());
    click.visitor = Some(format!("v{}", random.below(9)));
    click.into()
}

fn new_miss(number: u64, sequence: u64, random: &mut SplitMix64) -> Miss {
    let mut miss = miss(random.one_of(&["/a", "/none"]), random.one_of(&TIMES));
    miss.id = format!("{number}-{sequence}");
    miss.user_agent = Some(random.one_of(&[CHROME, GOOGLEBOT]).to_owned());
    miss.country = Some(random.one_of(&["DE", "FR"]).to_owned());
    miss.visitor = Some(format!("v{}", random.below(9)));
    miss.miss.more = random.one_of(&[0, 0, 3]);
    miss.miss.more_bots = random.one_of(&[0, 0, 5]);
    miss
}

impl Shard {
    pub(super) fn is_done(&self) -> bool {
        self.done >= self.records.len()
    }

    pub(super) fn batch(&self) -> Vec<Received<'static>> {
        self.records[self.done..self.end].iter().map(|record| record.received.clone()).collect()
    }

    /// Goes to the next batch.
    pub(super) fn advance(&mut self, random: &mut SplitMix64) {
        self.done = self.end;
        self.end = (self.done + 1 + random.below(20)).min(self.records.len());
    }

    /// Delivers the same batch again from the record `first`, or half of it.
    pub(super) fn retry(&mut self, first: usize, random: &mut SplitMix64) {
        self.done = first;
        if random.percent(50) {
            self.end = self.done + (self.end - self.done).div_ceil(2);
        }
    }

    /// Returns the records that must count. A repeated click must not count if it first arrived in this shard at most
    /// ten seconds before, and its link had no more than a thousand clicks since.
    pub(super) fn clicks(&self) -> Vec<(&Received<'static>, &StreamEvent)> {
        let mut counted: BTreeMap<String, Vec<(i64, &str)>> = BTreeMap::new();
        let mut clicks = Vec::new();
        for record in &self.records {
            let Some(click) = &record.click else { continue };
            let link_clicks = counted.entry(click.origin()).or_default();
            let latest = link_clicks.last().map_or(i64::MIN, |(second, _)| *second);
            let second = record.received.arrived_millis.unwrap_or(0).div_euclid(1000).max(latest);
            if link_clicks.iter().all(|(seen, id)| *id != click.id() || *seen < second - 10) {
                link_clicks.push((second, click.id()));
                clicks.push((&record.received, click));
            }
        }
        clicks
    }
}
