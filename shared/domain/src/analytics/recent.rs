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

/// A window of ids, by the second of their arrival.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RecentClicks {
    /// The oldest first. The seconds ascend: a click that arrives before its predecessor counts as arriving with it.
    clicks: VecDeque<(i64, u64)>,
}

impl RecentClicks {
    /// Whether the click `id`, which arrived at `millis` (since the Unix epoch), is a new one; then it is remembered.
    pub fn is_new(&mut self, id: &str, millis: i64) -> bool {
        let (second, hash) = (self.second(millis), hash(id));
        let oldest = second - SECONDS;
        if self.clicks.iter().any(|(seen, known)| *known == hash && *seen >= oldest) {
            return false;
        }
        while self.clicks.len() >= MAX_CLICKS || self.clicks.front().is_some_and(|(seen, _)| *seen < oldest) {
            self.clicks.pop_front();
        }
        self.clicks.push_back((second, hash));
        true
    }

    fn second(&self, millis: i64) -> i64 {
        let second = millis.div_euclid(1000);
        self.clicks.back().map_or(second, |(latest, _)| second.max(*latest))
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.clicks.is_empty()
    }

    /// The latest second in 8 bytes; then for each second, the oldest first, how much earlier it is in one byte, the
    /// number of its clicks in two, and their hashes in six each. Big-endian.
    pub fn to_bytes(&self) -> Vec<u8> {
        let Some((latest, _)) = self.clicks.back() else { return Vec::new() };
        let mut bytes = latest.to_be_bytes().to_vec();
        let mut clicks = self.clicks.iter().peekable();
        while let Some((second, _)) = clicks.peek().copied() {
            bytes.push(u8::try_from(latest - second).unwrap_or(u8::MAX));
            let length = bytes.len();
            bytes.extend([0, 0]);
            let mut count = 0_u16;
            while let Some((_, hash)) = clicks.next_if(|(other, _)| other == second) {
                bytes.extend(&hash.to_be_bytes()[8 - HASH_BYTES..]);
                count += 1;
            }
            bytes[length..length + 2].copy_from_slice(&count.to_be_bytes());
        }
        bytes
    }

    /// Reads what [`RecentClicks::to_bytes`] wrote; `None` if it is something else.
    pub fn from_bytes(mut bytes: &[u8]) -> Option<Self> {
        let mut clicks = VecDeque::new();
        if bytes.is_empty() {
            return Some(Self { clicks });
        }
        let latest = i64::from_be_bytes(*bytes.split_off(..8)?.first_chunk()?);
        while !bytes.is_empty() {
            let [age, high, low] = *bytes.split_off(..3)?.first_chunk()?;
            for _ in 0..u16::from_be_bytes([high, low]) {
                let mut hash = [0; 8];
                hash[8 - HASH_BYTES..].copy_from_slice(bytes.split_off(..HASH_BYTES)?);
                clicks.push_back((latest.checked_sub(age.into())?, u64::from_be_bytes(hash)));
            }
        }
        Some(Self { clicks })
    }
}

/// FNV-1a, stirred as in SplitMix64. It is stored, so it must never change; ids are random, so it need not be strong.
fn hash(id: &str) -> u64 {
    let fnv = id
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    let stirred = (fnv ^ (fnv >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let stirred = (stirred ^ (stirred >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    (stirred ^ (stirred >> 31)) >> (64 - 8 * HASH_BYTES)
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

    #[test]
    fn a_click_is_recognised_for_ten_seconds_and_a_thousand_clicks() {
        let mut recent = RecentClicks::default();
        assert!(recent.is_new("a", 1_000) && !recent.is_new("a", 1_000) && !recent.is_new("a", 11_999));
        assert!(recent.is_new("b", 500), "what arrives earlier counts as arriving with the last one");
        assert!(recent.is_new("a", 12_000), "eleven seconds later it is another one");
        assert!((0..MAX_CLICKS - 1).all(|n| recent.is_new(&n.to_string(), 12_000)));
        assert!(!recent.is_new("a", 12_000));
        assert!(recent.is_new("one more", 12_000) && recent.is_new("a", 12_000));
        assert!(recent.to_bytes().len() < 6_200);
    }

    #[test]
    fn a_window_is_small_and_something_else_is_no_window() {
        let mut recent = RecentClicks::default();
        assert_eq!((recent.to_bytes().len(), RecentClicks::from_bytes(&[])), (0, Some(RecentClicks::default())));
        // Ten a second, as many as a shard brings of each of a hundred links.
        (0..1_000).for_each(|n| assert!(recent.is_new(&n.to_string(), n * 100)));
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
                prop_assert_eq!(whole.is_new(&id, *millis), stored.is_new(&id, *millis));
            }
            prop_assert_eq!(RecentClicks::from_bytes(&whole.to_bytes()), Some(whole));
        }
    }
}
