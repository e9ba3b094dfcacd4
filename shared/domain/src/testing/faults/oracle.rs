//! Computes the aggregates that the records of a stream must lead to, and compares them with those in the store.

use std::collections::{BTreeMap, BTreeSet};

use super::records::{GOOGLEBOT, Shard};
use crate::analytics::model::aggregate::{Aggregate, AggregateKey};
use crate::analytics::model::dimension::Dimension;
use crate::analytics::ports::{AggregateStore, MAX_LOAD};
use crate::clicks::event::StreamEvent;

type Counts<K> = BTreeMap<K, u64>;

/// The partition and sort key of an aggregate.
type Key = (String, String);

/// The numbers of an aggregate.
#[derive(Debug, Default, PartialEq)]
struct Expected {
    seq: u64,
    clicks: u64,
    bots: u64,
    hours: Counts<u8>,
    minutes: Counts<u8>,
    countries: Counts<String>,
    bot_names: Counts<String>,
    visitors: u64,
}

/// Compares the aggregates in the store with those that the records of `shards` lead to.
pub(super) async fn compare(shards: &[Shard], aggregates: &dyn AggregateStore) -> Result<(), String> {
    let expected: Vec<_> = count(shards).into_iter().collect();
    for group in expected.chunks(MAX_LOAD) {
        let key = |((pk, sk), _): &(Key, _)| AggregateKey { pk: pk.as_str().into(), sk: sk.as_str().into() };
        let keys: Vec<_> = group.iter().map(key).collect();
        let found = aggregates.load(&keys).await.map_err(|error| error.to_string())?;
        for ((key, expected), found) in group.iter().zip(found) {
            let found = found.map(Expected::of);
            if found.as_ref() != Some(expected) {
                return Err(format!("{key:?} should be {expected:?} and is {found:?}"));
            }
        }
    }
    Ok(())
}

fn count(shards: &[Shard]) -> BTreeMap<Key, Expected> {
    let mut expected: BTreeMap<Key, Expected> = BTreeMap::new();
    let mut visitors: BTreeMap<Key, BTreeSet<&str>> = BTreeMap::new();
    for (received, click) in shards.iter().flat_map(Shard::clicks) {
        let lane = received.shard.trim_start_matches("shardId-");
        for key in aggregate_keys(click, lane) {
            let entry = expected.entry(key.clone()).or_default();
            entry.seq = received.sequence.parse().unwrap_or(0);
            entry.add(click, &key.1);
            if key.1.starts_with("DAY#") && !is_bot(click) {
                let seen = visitors.entry(key).or_default();
                seen.extend(visitor(click));
                entry.visitors = seen.len() as u64;
            }
        }
    }
    expected
}

fn aggregate_keys(event: &StreamEvent, lane: &str) -> Vec<Key> {
    let (date, hour) = (event.time().date(), event.time().hour());
    let click = match event {
        StreamEvent::Click(click) => click,
        StreamEvent::Miss(miss) => {
            let pk = format!("MISSES#{}", miss.domain);
            return vec![(pk.clone(), format!("DAY#{date}#{lane}")), (pk, format!("TOTAL#{lane}"))];
        }
    };
    let link = format!("WS#{}#{}#{}", click.workspace, click.domain, click.slug);
    vec![
        (link.clone(), format!("DAY#{date}#{lane}")),
        (link.clone(), format!("HOUR#{date}T{hour:02}#{lane}")),
        (link, format!("TOTAL#{lane}")),
        (format!("WS#{}", click.workspace), format!("DAY#{date}#{lane}")),
    ]
}

fn is_bot(event: &StreamEvent) -> bool {
    event.user_agent() == Some(GOOGLEBOT)
}

fn visitor(event: &StreamEvent) -> Option<&str> {
    match event {
        StreamEvent::Click(click) => click.visitor.as_deref(),
        StreamEvent::Miss(miss) => miss.visitor.as_deref(),
    }
}

fn country(event: &StreamEvent) -> String {
    match event {
        StreamEvent::Click(click) => click.country.clone(),
        StreamEvent::Miss(miss) => miss.country.clone(),
    }
    .unwrap_or_default()
}

impl Expected {
    fn add(&mut self, click: &StreamEvent, sk: &str) {
        let is_day = sk.starts_with("DAY#");
        if let StreamEvent::Miss(miss) = click {
            self.clicks += u64::from(miss.miss.more);
            self.bots += u64::from(miss.miss.more_bots);
            if is_day && miss.miss.more > 0 {
                *self.hours.entry(click.time().hour()).or_default() += u64::from(miss.miss.more);
            }
        }
        if is_bot(click) {
            self.bots += 1;
            if is_day {
                *self.bot_names.entry("Googlebot".to_owned()).or_default() += 1;
            }
            return;
        }
        self.clicks += 1;
        if is_day {
            *self.hours.entry(click.time().hour()).or_default() += 1;
            *self.countries.entry(country(click)).or_default() += 1;
        } else if sk.starts_with("HOUR#") {
            *self.minutes.entry(click.time().minute()).or_default() += 1;
        }
    }

    fn of(item: Aggregate) -> Self {
        let tally = item.tally;
        let numbers = |dimension| {
            let counts = tally.dimensions.get(&dimension).into_iter().flat_map(|counts| counts.iter());
            counts.map(|(value, clicks)| (value.to_owned(), clicks)).collect()
        };
        Self {
            seq: item.seq.as_str().parse().unwrap_or(0),
            clicks: tally.clicks,
            bots: tally.bots,
            countries: numbers(Dimension::Country),
            bot_names: numbers(Dimension::Bot),
            hours: tally.hours,
            minutes: tally.minutes,
            visitors: tally.visitors.estimate(),
        }
    }
}
