//! The clicks of a link that a lane brought lately, to recognise one that comes again.
//!
//! A producer that got no answer sends its click again, and the stream has two records with one id. The fold recognises the
//! second by this window, which is kept in the link's total of the lane: what it says of a record depends on nothing but
//! the records before it, so however they are delivered the answer is the same.

use std::collections::VecDeque;
use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// For how many seconds a click is recognised, counted from its arrival in the stream.
const SECONDS: i64 = 10;
/// How many clicks of a link are remembered at most: 6 KB of its total.
const MAX_CLICKS: usize = 1_024;
/// How much of an id's hash is kept: with 1,024 clicks in the window, one of 10^11 is taken for another by mistake.
const HASH_BYTES: usize = 6;

/// What is remembered of the id of a click.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClickHash(u64);

impl ClickHash {
    /// FNV-1a, stirred as in SplitMix64. It is stored, so it must never change; ids are random, so it need not be strong.
    pub fn of(id: &str) -> Self {
        let fnv = id
            .bytes()
            .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
        let stirred = (fnv ^ (fnv >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let stirred = (stirred ^ (stirred >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        Self((stirred ^ (stirred >> 31)) >> (64 - 8 * HASH_BYTES))
    }
}

/// A window of ids, by the second of their arrival.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RecentClicks {
    /// How many clicks each second has, the oldest first: a click that arrives before its predecessor counts as arriving
    /// with it.
    seconds: VecDeque<(i64, usize)>,
    /// Their hashes, in the same order and apart from the seconds: a click is compared with all of them.
    hashes: VecDeque<ClickHash>,
}

impl RecentClicks {
    /// Whether a click, which arrived at `millis` (since the Unix epoch), is a new one; then it is remembered.
    pub fn is_new(&mut self, click: ClickHash, millis: i64) -> bool {
        let second = self.second(millis);
        let oldest = second - SECONDS;
        let old: usize = self.seconds.iter().take_while(|(seen, _)| *seen < oldest).map(|(_, clicks)| *clicks).sum();
        // Without a way out in the middle, several are compared at a time.
        if self.hashes.range(old..).fold(false, |found, known| found | (*known == click)) {
            return false;
        }
        self.forget(old.max((self.hashes.len() + 1).saturating_sub(MAX_CLICKS)));
        self.remember(second, click);
        true
    }

    fn second(&self, millis: i64) -> i64 {
        let second = millis.div_euclid(1000);
        self.seconds.back().map_or(second, |(latest, _)| second.max(*latest))
    }

    fn remember(&mut self, second: i64, click: ClickHash) {
        match self.seconds.back_mut().filter(|(latest, _)| *latest == second) {
            Some((_, clicks)) => *clicks += 1,
            None => self.seconds.push_back((second, 1)),
        }
        self.hashes.push_back(click);
    }

    /// Forgets as many of the oldest clicks.
    fn forget(&mut self, mut count: usize) {
        self.hashes.drain(..count);
        while let Some((_, clicks)) = self.seconds.front_mut().filter(|_| count > 0) {
            let gone = count.min(*clicks);
            count -= gone;
            *clicks -= gone;
            if *clicks == 0 {
                self.seconds.pop_front();
            }
        }
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.hashes.is_empty()
    }

    /// The latest second in 8 bytes; then for each second, the oldest first, how much earlier it is in one byte, the
    /// number of its clicks in two, and their hashes in six each. Big-endian.
    pub fn to_bytes(&self) -> Vec<u8> {
        let Some((latest, _)) = self.seconds.back() else { return Vec::new() };
        let mut bytes = latest.to_be_bytes().to_vec();
        let mut hashes = self.hashes.iter();
        for (second, clicks) in &self.seconds {
            bytes.push(u8::try_from(latest - second).unwrap_or(u8::MAX));
            bytes.extend(u16::try_from(*clicks).unwrap_or(u16::MAX).to_be_bytes());
            let of_second = hashes.by_ref().take(*clicks);
            of_second.for_each(|ClickHash(hash)| bytes.extend(&hash.to_be_bytes()[8 - HASH_BYTES..]));
        }
        bytes
    }

    /// Reads what [`RecentClicks::to_bytes`] wrote; `None` if it is something else.
    pub fn from_bytes(mut bytes: &[u8]) -> Option<Self> {
        let mut recent = Self::default();
        if bytes.is_empty() {
            return Some(recent);
        }
        let latest = i64::from_be_bytes(*bytes.split_off(..8)?.first_chunk()?);
        while !bytes.is_empty() {
            let [age, high, low] = *bytes.split_off(..3)?.first_chunk()?;
            let second = latest.checked_sub(age.into())?;
            for _ in 0..u16::from_be_bytes([high, low]) {
                let mut hash = [0; 8];
                hash[8 - HASH_BYTES..].copy_from_slice(bytes.split_off(..HASH_BYTES)?);
                recent.remember(second, ClickHash(u64::from_be_bytes(hash)));
            }
        }
        Some(recent)
    }
}

impl Serialize for RecentClicks {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&self.to_bytes())
    }
}

impl<'de> Deserialize<'de> for RecentClicks {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Bytes;
        impl de::Visitor<'_> for Bytes {
            type Value = RecentClicks;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a window of recent clicks")
            }
            fn visit_bytes<E: de::Error>(self, bytes: &[u8]) -> Result<RecentClicks, E> {
                RecentClicks::from_bytes(bytes).ok_or_else(|| E::custom("this is no window of recent clicks"))
            }
        }
        deserializer.deserialize_bytes(Bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn is_new(recent: &mut RecentClicks, id: &str, millis: i64) -> bool {
        recent.is_new(ClickHash::of(id), millis)
    }

    #[test]
    fn a_click_is_recognised_for_ten_seconds_and_a_thousand_clicks() {
        let mut recent = RecentClicks::default();
        assert!(
            is_new(&mut recent, "a", 1_000) && !is_new(&mut recent, "a", 1_000) && !is_new(&mut recent, "a", 11_999)
        );
        assert!(is_new(&mut recent, "b", 500), "what arrives earlier counts as arriving with the last one");
        assert!(is_new(&mut recent, "a", 12_000), "eleven seconds later it is another one");
        assert!((0..MAX_CLICKS - 1).all(|n| is_new(&mut recent, &n.to_string(), 12_000)));
        assert!(!is_new(&mut recent, "a", 12_000));
        assert!(is_new(&mut recent, "one more", 12_000) && is_new(&mut recent, "a", 12_000));
        assert!(recent.to_bytes().len() < 6_200);
    }

    #[test]
    fn a_window_is_small_and_something_else_is_no_window() {
        let mut recent = RecentClicks::default();
        assert_eq!((recent.to_bytes().len(), RecentClicks::from_bytes(&[])), (0, Some(RecentClicks::default())));
        // Ten a second, as many as a shard brings of each of a hundred links.
        (0..1_000).for_each(|n| assert!(is_new(&mut recent, &n.to_string(), n * 100)));
        assert_eq!(recent.to_bytes().len(), 8 + 11 * 3 + 110 * HASH_BYTES);
        for bytes in [&[1][..], &[0; 9], &[0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 1, 7], &[255; 40]] {
            assert_eq!(RecentClicks::from_bytes(bytes), None, "{bytes:?}");
        }
    }

    proptest! {
        #[test]
        fn a_window_goes_on_where_it_was_stored(clicks in prop::collection::vec((0_u8..40, 0_i64..30_000), 0..60), split in 0_usize..60) {
            let mut whole = RecentClicks::default();
            let mut stored = RecentClicks::default();
            for (n, (id, millis)) in clicks.iter().enumerate() {
                if n == split {
                    stored = RecentClicks::from_bytes(&stored.to_bytes()).unwrap();
                }
                let id = id.to_string();
                prop_assert_eq!(is_new(&mut whole, &id, *millis), is_new(&mut stored, &id, *millis));
            }
            prop_assert_eq!(RecentClicks::from_bytes(&whole.to_bytes()), Some(whole));
        }
    }
}
