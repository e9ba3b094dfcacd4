//! Chooses the shard of a click: by its link, unless the link is hot. Visits to no link of a domain are like clicks of one link.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::sync::{Mutex, PoisonError};

use waypost_domain::clicks::event::StreamEvent;

/// How many clicks of one link a process sends in a second before it spreads them. A shard takes 1,000 records a second from
/// all processes together; many processes serve a busy link, each with some tens of clicks a second.
const HOT: u32 = 20;
/// The number of keys of a hot link: so many shards can share it. More would not help a stream of common size.
const KEYS: u8 = 16;
/// The longest part of a key that names the link.
const LINK_KEY_LEN: usize = 250;
/// The number of counters. Two links that share a counter are hot together, which does no harm.
const COUNTERS: usize = 1024;

/// Finds partition keys, and counts the clicks that this process sends to do so. Its size does not depend on the clicks.
///
/// The clicks of a link need no order: every shard is a lane of its own, and a reader adds up the lanes.
#[derive(Debug, Default)]
pub(super) struct Partition(Mutex<Counters>);

#[derive(Debug)]
struct Counters {
    second: i64,
    clicks: Vec<u32>,
    hasher: RandomState,
}

impl Default for Counters {
    fn default() -> Self {
        Self { second: 0, clicks: Vec::new(), hasher: RandomState::new() }
    }
}

impl Partition {
    /// Gives the key of a click that is sent for the first time: the link's, or one of [`KEYS`] if the link is hot now.
    pub(super) fn key(&self, click: &StreamEvent) -> String {
        if self.count(click) > HOT { spread_key(click, 0) } else { link_key(click) }
    }

    fn count(&self, click: &StreamEvent) -> u32 {
        let mut counters = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let second = click.time().as_seconds();
        if counters.second != second || counters.clicks.is_empty() {
            counters.second = second;
            counters.clicks.clear();
            counters.clicks.resize(COUNTERS, 0);
        }
        let hash = counters.hasher.hash_one(click.origin());
        let place = usize::try_from(hash % COUNTERS as u64).unwrap_or(0);
        let Some(count) = counters.clicks.get_mut(place) else { return 0 };
        *count = count.saturating_add(1);
        *count
    }
}

/// Chooses one of the [`KEYS`] keys of a hot link, by chance (the end of the click's id is random) and by `attempt`: a click
/// that a shard refused is tried on another.
pub(super) fn spread_key(click: &StreamEvent, attempt: u32) -> String {
    let chance =
        click.id().bytes().rev().take(4).fold(0_u32, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte.into()));
    let number = chance.wrapping_add(attempt) % u32::from(KEYS);
    format!("{}#{number}", link_key(click))
}

/// Makes a key of the event's origin, cut so that with a number it has at most the 256 characters that Kinesis allows. Both are
/// ASCII.
fn link_key(click: &StreamEvent) -> String {
    let mut key = click.origin();
    key.truncate(LINK_KEY_LEN);
    key
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;
    use waypost_domain::redirect::choose_target::choose_target;
    use waypost_domain::redirect::record_click::record_click;
    use waypost_domain::redirect::visit::Visit;
    use waypost_domain::testing::samples::link;
    use waypost_domain::testing::system::SeededRandom;
    use waypost_domain::{Domain, Timestamp};

    fn clicks(slug: &str, second: i64, count: u64) -> Vec<StreamEvent> {
        let link = link("acme", slug, "https://example.com/");
        let (visit, now) = (Visit::default(), Timestamp::from_millis(1000 * second).unwrap());
        let choice = choose_target(&link, &visit, now);
        (0..count).map(|n| record_click(&visit, &link, &choice, now, &SeededRandom::new(n)).click.into()).collect()
    }

    #[test]
    fn a_hot_link_is_spread_and_others_and_later_seconds_are_not() {
        let partition = Partition::default();
        let keys: Vec<String> = clicks("hot", 100, 220).iter().map(|click| partition.key(click)).collect();
        assert!(keys[..20].iter().all(|key| key == "go.example.com/hot"));
        assert!(keys[20..].iter().all(|key| key.starts_with("go.example.com/hot#")));
        assert_eq!(keys[20..].iter().collect::<HashSet<_>>().len(), usize::from(KEYS));
        assert_eq!(partition.key(&clicks("cold", 100, 1)[0]), "go.example.com/cold");
        assert_eq!(partition.key(&clicks("hot", 101, 1)[0]), "go.example.com/hot");
    }

    #[test]
    fn keys_are_as_long_as_kinesis_takes() {
        let mut click = clicks(&"s".repeat(128), 100, 1).remove(0);
        let StreamEvent::Click(inner) = &mut click else { panic!() };
        inner.domain = Domain::parse(&["d".repeat(60).as_str(); 4].join(".")).unwrap();
        assert!(Partition::default().key(&click).len() <= 256 && spread_key(&click, 15).len() <= 256);
    }

    #[test]
    fn each_attempt_has_another_key() {
        let click = &clicks("hot", 100, 1)[0];
        let keys: HashSet<String> = (0..3).map(|attempt| spread_key(click, attempt)).collect();
        assert_eq!(keys.len(), 3);
        assert_eq!(spread_key(click, 1), spread_key(click, 1));
    }
}
