//! Which shard a click goes to: by its link, unless that link is hot.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::sync::{Mutex, PoisonError};

use waypost_domain::LinkId;
use waypost_domain::click::Click;

/// How many clicks of one link a process may send in a second before they are spread. A shard takes 1,000 records a second
/// from all processes together, and a busy link is served by many of them, each with some tens of clicks a second.
const HOT: u32 = 20;
/// Over how many keys a hot link is spread: as many shards can share it. More would not help a stream of common size.
const KEYS: u8 = 16;
/// The most of a key that is the link's.
const LINK_KEY_LEN: usize = 250;
/// Counters for links. Two links on the same one are hot together, which does no harm.
const COUNTERS: usize = 1024;

/// Finds partition keys, and counts for it what this process sends. Its size does not depend on the clicks.
///
/// The counting of clicks needs no order between those of a link: every shard is a lane of its own, and lanes are added up
/// when they are read.
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
    /// The key of a click that is sent for the first time: the link's, or one of [`KEYS`] if the link is hot now.
    pub(super) fn key(&self, click: &Click) -> String {
        if self.count(click) > HOT { spread_key(click, 0) } else { link_key(click) }
    }

    fn count(&self, click: &Click) -> u32 {
        let mut counters = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let second = click.time.as_seconds();
        if counters.second != second || counters.clicks.is_empty() {
            counters.second = second;
            counters.clicks.clear();
            counters.clicks.resize(COUNTERS, 0);
        }
        let hash = counters.hasher.hash_one(LinkId { domain: click.domain.clone(), slug: click.slug.clone() });
        let place = usize::try_from(hash % COUNTERS as u64).unwrap_or(0);
        let Some(count) = counters.clicks.get_mut(place) else { return 0 };
        *count = count.saturating_add(1);
        *count
    }
}

/// One of the [`KEYS`] keys of a hot link, by chance (the end of the click's id is random) and by `attempt`: a click that its
/// shard refused is tried on another one.
pub(super) fn spread_key(click: &Click, attempt: u32) -> String {
    let chance = click.id.bytes().rev().take(4).fold(0_u32, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte.into()));
    let number = chance.wrapping_add(attempt) % u32::from(KEYS);
    format!("{}#{number}", link_key(click))
}

/// Domain and slug, cut so that a key with its number has at most the 256 characters that Kinesis takes. Both are ASCII.
fn link_key(click: &Click) -> String {
    let mut key = format!("{}/{}", click.domain, click.slug);
    key.truncate(LINK_KEY_LEN);
    key
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;
    use waypost_domain::choose_target::choose_target;
    use waypost_domain::memory::{SeededRandom, link};
    use waypost_domain::record_click::record_click;
    use waypost_domain::visit::Visit;
    use waypost_domain::{Domain, Timestamp};

    fn clicks(slug: &str, second: i64, count: u64) -> Vec<Click> {
        let link = link("acme", slug, "https://example.com/");
        let (visit, now) = (Visit::default(), Timestamp::from_millis(1000 * second).unwrap());
        let choice = choose_target(&link, &visit, now);
        (0..count).map(|n| record_click(&visit, &link, &choice, now, &SeededRandom::new(n)).click).collect()
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
        click.domain = Domain::parse(&["d".repeat(60).as_str(); 4].join(".")).unwrap();
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
