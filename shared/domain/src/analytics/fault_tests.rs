//! The fold against an event source that does everything the real one may do, and a store that fails in every way it may:
//! seeded schedules, and a plain count over the records as the oracle.
//!
//! `FAULT_SEED=17 cargo test -p waypost-domain fault` runs one schedule again, `FAULT_SCHEDULES=10000` runs more of them.

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::pin::Pin;
use std::sync::Mutex;
use std::task::{Context, Poll, Waker};

use async_trait::async_trait;

use super::aggregate_clicks::{Aggregated, aggregate_clicks};
use super::memory::{MemoryAggregates, MemoryQuarantine, click, received};
use super::ports::{AggregateStore, Quarantine};
use super::user_agent::tests::{AGENTS, CHROME, GOOGLEBOT, IPHONE};
use super::{Aggregate, AggregateKey, Dimension, Received, SequenceNumber, SetAside};
use crate::click::Click;
use crate::{StoreError, StoreErrorKind};

/// Schedules of an ordinary test run.
const SCHEDULES: u64 = 400;

/// What is broken on purpose, to see that it is noticed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mutation {
    Nothing,
    /// The store forgets which records an aggregate holds.
    WatermarkIgnored,
    /// The store writes whatever was written meanwhile.
    ConditionIgnored,
    /// The event source goes on as if nothing had failed.
    FailuresIgnored,
}

/// SplitMix64.
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % end as u64).unwrap()
    }

    fn percent(&mut self, chance: u64) -> bool {
        self.next() % 100 < chance
    }
}

/// Lets the scheduler go on with somebody else, `polls` times.
struct Pause {
    polls: usize,
}

impl Future for Pause {
    type Output = ();
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if self.polls == 0 {
            return Poll::Ready(());
        }
        self.polls -= 1;
        context.waker().wake_by_ref();
        Poll::Pending
    }
}

/// Stores that pause before and after each effect, so that a crash or another invocation fits in between, and fail: before
/// the effect (a throttle), or after it (a lost reply).
struct Faulty {
    aggregates: MemoryAggregates,
    quarantine: MemoryQuarantine,
    chance: Mutex<Chance>,
    faults_left: Mutex<u32>,
    mutation: Mutation,
}

impl Faulty {
    fn new(seed: u64, mutation: Mutation) -> Self {
        Self {
            aggregates: MemoryAggregates::default(),
            quarantine: MemoryQuarantine::default(),
            chance: Mutex::new(Chance(seed ^ 0xFA17)),
            faults_left: Mutex::new(60),
            mutation,
        }
    }

    fn pause(&self) -> Pause {
        let mut chance = self.chance.lock().unwrap();
        // Now and then long enough for others to deliver the same records, and the next ones, meanwhile.
        let longest = if chance.percent(5) { 400 } else { 4 };
        Pause { polls: chance.below(longest) }
    }

    fn fault(&self, operation: &'static str) -> Result<(), StoreError> {
        let mut left = self.faults_left.lock().unwrap();
        if *left == 0 || !self.chance.lock().unwrap().percent(7) {
            return Ok(());
        }
        *left -= 1;
        Err(StoreError::new(operation, StoreErrorKind::Throttled, "injected"))
    }
}

#[async_trait]
impl AggregateStore for Faulty {
    async fn load(&self, keys: &[AggregateKey]) -> Result<Vec<Option<Aggregate>>, StoreError> {
        self.pause().await;
        self.fault("load")?;
        let mut loaded = self.aggregates.load(keys).await?;
        if self.mutation == Mutation::WatermarkIgnored {
            loaded.iter_mut().flatten().for_each(|aggregate| aggregate.seq = SequenceNumber::parse("0").unwrap());
        }
        self.pause().await;
        Ok(loaded)
    }

    async fn put(&self, aggregate: &Aggregate, read: Option<&SequenceNumber>) -> Result<bool, StoreError> {
        self.pause().await;
        self.fault("throttled")?;
        let written = if matches!(self.mutation, Mutation::ConditionIgnored | Mutation::WatermarkIgnored) {
            let stored = self.aggregates.load(std::slice::from_ref(&aggregate.key)).await?.remove(0);
            self.aggregates.put(aggregate, stored.as_ref().map(|stored| &stored.seq)).await?
        } else {
            self.aggregates.put(aggregate, read).await?
        };
        self.pause().await;
        self.fault("reply lost")?;
        Ok(written)
    }
}

#[async_trait]
impl Quarantine for Faulty {
    async fn keep(&self, record: &SetAside) -> Result<(), StoreError> {
        self.pause().await;
        self.fault("throttled")?;
        self.quarantine.keep(record).await?;
        self.pause().await;
        self.fault("reply lost")
    }
}

/// What is in a shard: clicks, and records that nobody can read.
struct Shard {
    records: Vec<(Received, Option<Click>)>,
    /// How many records are done with, as the event source believes.
    done: usize,
    /// Where the batch that is under way, or comes next, ends.
    end: usize,
}

impl Shard {
    fn new(number: u64, chance: &mut Chance) -> Self {
        let mut sequence = 495_900 + chance.next() % 1000;
        let records = (0..5 + chance.below(55)).map(|_| {
            sequence += 1 + chance.next() % 9;
            if chance.percent(4) {
                let garbage =
                    Received { data: "garbage!".to_owned(), ..received(number, sequence, &click("a", TIMES[0])) };
                return (garbage, None);
            }
            let mut click = click(["a", "b", "c"][chance.below(3)], TIMES[chance.below(TIMES.len())]);
            click.user_agent = Some([CHROME, IPHONE, GOOGLEBOT][chance.below(3)].to_owned());
            click.country = Some(["DE", "FR"][chance.below(2)].to_owned());
            click.visitor = Some(format!("v{}", chance.below(9)));
            (received(number, sequence, &click), Some(click))
        });
        Self { records: records.collect(), done: 0, end: 0 }
    }

    fn batch(&self) -> Vec<Received> {
        self.records[self.done..self.end].iter().map(|(received, _)| received.clone()).collect()
    }

    /// The batch after this one.
    fn advance(&mut self, chance: &mut Chance) {
        self.done = self.end;
        self.end = (self.done + 1 + chance.below(20)).min(self.records.len());
    }

    /// The same batch again from the record `first`, or half of it.
    fn retry(&mut self, first: usize, chance: &mut Chance) {
        self.done = first;
        if chance.percent(50) {
            self.end = self.done + (self.end - self.done).div_ceil(2);
        }
    }
}

const TIMES: [&str; 4] =
    ["2026-01-02T03:04:05Z", "2026-01-02T03:59:59Z", "2026-01-02T23:59:59Z", "2026-01-03T00:00:00Z"];

type Invocation<'a> = Pin<Box<dyn Future<Output = Aggregated> + Send + 'a>>;

/// An event source: each shard's batches one after the other, with everything that goes wrong.
struct EventSource<'a> {
    store: &'a Faulty,
    chance: Chance,
    shards: Vec<Shard>,
    /// The invocation that the source waits for, by shard.
    active: BTreeMap<usize, Invocation<'a>>,
    /// Invocations that it gave up on, and duplicates that it started for no reason. They go on beside the others.
    zombies: Vec<Invocation<'a>>,
}

impl<'a> EventSource<'a> {
    fn new(seed: u64, store: &'a Faulty) -> Self {
        let mut chance = Chance(seed);
        let mut shards: Vec<Shard> = (0..1 + chance.next() % 3).map(|number| Shard::new(number, &mut chance)).collect();
        shards.iter_mut().for_each(|shard| shard.advance(&mut chance));
        Self { store, chance, shards, active: BTreeMap::new(), zombies: Vec::new() }
    }

    fn invoke(&self, batch: Vec<Received>) -> Invocation<'a> {
        let store = self.store;
        Box::pin(async move { aggregate_clicks(&batch, &AGENTS, store, store).await })
    }

    /// Runs until every record is done with and nobody is at work.
    fn run(&mut self) {
        for step in 0.. {
            assert!(step < 1_000_000, "the schedule does not end");
            for (number, shard) in self.shards.iter().enumerate() {
                if shard.done < shard.records.len() && !self.active.contains_key(&number) {
                    let invocation = self.invoke(shard.batch());
                    self.active.insert(number, invocation);
                }
            }
            let all = self.active.len() + self.zombies.len();
            if all == 0 {
                return;
            }
            let chosen = self.chance.below(all);
            match self.active.keys().nth(chosen).copied() {
                Some(number) => self.step_active(number),
                None => self.step_zombie(chosen - self.active.len()),
            }
        }
    }

    fn step_active(&mut self, number: usize) {
        let Some(mut invocation) = self.active.remove(&number) else { return };
        if let Poll::Ready(result) = poll(&mut invocation) {
            return self.finish(number, &result);
        }
        let shard = &mut self.shards[number];
        match self.chance.below(100) {
            // The process dies: nothing of it goes on.
            0..4 => shard.retry(shard.done, &mut self.chance),
            // The source takes it for dead, and it goes on.
            4..7 => {
                shard.retry(shard.done, &mut self.chance);
                self.zombies.push(invocation);
            }
            _ => {
                self.active.insert(number, invocation);
            }
        }
    }

    fn step_zombie(&mut self, index: usize) {
        let ended = poll(&mut self.zombies[index]).is_ready();
        if ended || self.chance.percent(1) {
            drop(self.zombies.swap_remove(index));
        }
    }

    fn finish(&mut self, number: usize, result: &Aggregated) {
        let batch = self.shards[number].batch();
        let shard = &mut self.shards[number];
        match result.failed.first() {
            Some(failed) if self.store.mutation != Mutation::FailuresIgnored => {
                let index =
                    batch.iter().position(|received| received.sequence == *failed).expect("a record of the batch");
                shard.retry(shard.done + index, &mut self.chance);
            }
            _ => shard.advance(&mut self.chance),
        }
        if self.chance.percent(10) {
            // A duplicate, now or, as a slow one, much later.
            let duplicate = self.invoke(batch);
            self.zombies.push(duplicate);
        }
    }
}

fn poll(invocation: &mut Invocation<'_>) -> Poll<Aggregated> {
    invocation.as_mut().poll(&mut Context::from_waker(Waker::noop()))
}

/// What an aggregate must say.
#[derive(Debug, Default, PartialEq)]
struct Expected {
    seq: u64,
    clicks: u64,
    bots: u64,
    hours: BTreeMap<u8, u64>,
    minutes: BTreeMap<u8, u64>,
    countries: BTreeMap<String, u64>,
    visitors: u64,
}

/// The oracle: looks at every record once and counts.
fn count(shards: &[Shard]) -> BTreeMap<(String, String), Expected> {
    let mut expected: BTreeMap<(String, String), Expected> = BTreeMap::new();
    let mut visitors: BTreeMap<(String, String), BTreeSet<String>> = BTreeMap::new();
    for (received, click) in shards.iter().flat_map(|shard| &shard.records) {
        let Some(click) = click else { continue };
        let lane = received.shard.trim_start_matches("shardId-");
        let (link, date, hour) = (format!("{}#{}", click.domain, click.slug), click.time.date(), click.time.hour());
        let human = click.user_agent.as_deref() != Some(GOOGLEBOT);
        for (pk, sk) in [
            (link.clone(), format!("DAY#{date}#{lane}")),
            (link.clone(), format!("HOUR#{date}T{hour:02}#{lane}")),
            (link.clone(), format!("TOTAL#{lane}")),
            ("WS#acme".to_owned(), format!("DAY#{date}#{lane}")),
        ] {
            let key = (pk, sk);
            let of_day = key.1.starts_with("DAY#");
            let of_hour = key.1.starts_with("HOUR#");
            let entry = expected.entry(key.clone()).or_default();
            entry.seq = received.sequence.parse().unwrap();
            if !human {
                entry.bots += 1;
                continue;
            }
            entry.clicks += 1;
            if of_day {
                *entry.hours.entry(hour).or_default() += 1;
                *entry.countries.entry(click.country.clone().unwrap()).or_default() += 1;
                let seen = visitors.entry(key).or_default();
                seen.insert(click.visitor.clone().unwrap());
                entry.visitors = seen.len() as u64;
            } else if of_hour {
                *entry.minutes.entry(click.time.minute()).or_default() += 1;
            }
        }
    }
    expected
}

fn found(store: &MemoryAggregates) -> BTreeMap<(String, String), Expected> {
    let items = store.all().into_iter().map(|item| {
        let tally = item.tally;
        let countries = tally
            .dimensions
            .get(&Dimension::Country)
            .map(|counts| counts.iter().map(|(value, clicks)| (value.to_owned(), clicks)).collect());
        let expected = Expected {
            seq: item.seq.as_str().parse().unwrap(),
            clicks: tally.clicks,
            bots: tally.bots,
            hours: tally.hours,
            minutes: tally.minutes,
            countries: countries.unwrap_or_default(),
            visitors: tally.visitors.estimate(),
        };
        ((item.key.pk, item.key.sk), expected)
    });
    items.collect()
}

/// Runs one schedule; says what drifted.
fn run(seed: u64, mutation: Mutation) -> Result<(), String> {
    let store = Faulty::new(seed, mutation);
    let mut source = EventSource::new(seed, &store);
    source.run();
    let (expected, found) = (count(&source.shards), found(&store.aggregates));
    for key in expected.keys().chain(found.keys()) {
        if expected.get(key) != found.get(key) {
            let (expected, found) = (expected.get(key), found.get(key));
            return Err(format!("seed {seed}: {key:?} should be {expected:?} and is {found:?}"));
        }
    }
    let unreadable = source.shards.iter().flat_map(|shard| &shard.records).filter(|(_, click)| click.is_none()).count();
    let kept = store.quarantine.kept().len();
    if kept == unreadable {
        Ok(())
    } else {
        Err(format!("seed {seed}: {kept} of {unreadable} records are in quarantine"))
    }
}

fn from_environment(name: &str) -> Option<u64> {
    std::env::var(name).ok().and_then(|text| text.parse().ok())
}

#[test]
fn no_schedule_of_faults_changes_the_numbers() {
    let schedules = from_environment("FAULT_SCHEDULES").unwrap_or(SCHEDULES);
    let seeds = from_environment("FAULT_SEED").map_or(0..schedules, |seed| seed..seed + 1);
    let drifted: Vec<String> = seeds.filter_map(|seed| run(seed, Mutation::Nothing).err()).collect();
    assert!(drifted.is_empty(), "{} schedules drifted, the first: {}", drifted.len(), drifted[0]);
}

#[test]
fn a_broken_fold_is_noticed() {
    for mutation in [Mutation::WatermarkIgnored, Mutation::ConditionIgnored, Mutation::FailuresIgnored] {
        let drifted = (0..60).filter(|&seed| run(seed, mutation).is_err()).count();
        println!("{mutation:?} is noticed in {drifted} of 60 schedules");
        assert!(drifted > 0, "{mutation:?} is not noticed in 60 schedules");
    }
}
