//! Recognises a click that comes again, by the last clicks of its link in a lane.
//!
//! A producer that got no answer sends its click again, and the stream has two records with one id. The fold recognises the
//! second by this window, which the link's total of the lane holds. Its answer for a record depends only on the records
//! before it, so it is the same however the records are delivered.

use std::collections::VecDeque;
use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// For how many seconds a click is recognised, counted from its arrival in the stream.
const WINDOW_SECONDS: i64 = 10;
/// The greatest number of clicks of a link in the window: 6 KB of its total.
const MAX_CLICKS: usize = 1_024;
/// How many bytes of an id's hash are kept: with 1,024 clicks in the window, one click of 10^11 is taken for another.
const HASH_BYTES: usize = 6;

/// The hash of the id of a click.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClickHash(u64);

impl ClickHash {
    /// Hashes `id` by FNV-1a with the finaliser of SplitMix64. Never change it: hashes are stored. It need not be strong,
    /// because ids are random.
    pub fn of(id: &str) -> Self {
        let fnv = id
            .bytes()
            .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
        let mixed = (fnv ^ (fnv >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        Self((mixed ^ (mixed >> 31)) >> (64 - 8 * HASH_BYTES))
    }
}

/// The window of recent clicks, by the second of their arrival.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RecentClicks {
    /// The number of clicks of each second, the oldest first. A click that arrives before its predecessor counts as
    /// arriving with it.
    seconds: VecDeque<(i64, usize)>,
    /// Their hashes, in the same order. They are apart from the seconds, because a click is compared with all of them.
    hashes: VecDeque<ClickHash>,
}

impl RecentClicks {
    /// Tells whether a click that arrived at `millis` (since the Unix epoch) is new, and remembers a new one.
    pub fn is_new(&mut self, click: ClickHash, millis: i64) -> bool {
        let second = self.second(millis);
        let oldest = second - WINDOW_SECONDS;
        let old: usize = self.seconds.iter().take_while(|(seen, _)| *seen < oldest).map(|(_, clicks)| *clicks).sum();
        // No early exit, so that the compiler compares several at a time.
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

    /// Forgets the `count` oldest clicks.
    fn forget(&mut self, mut count: usize) {
        self.hashes.drain(..count);
        while let Some((_, clicks)) = self.seconds.front_mut().filter(|_| count > 0) {
            let forgotten = count.min(*clicks);
            count -= forgotten;
            *clicks -= forgotten;
            if *clicks == 0 {
                self.seconds.pop_front();
            }
        }
    }

    /// Tells whether the window has no click.
    pub fn is_empty(&self) -> bool {
        self.hashes.is_empty()
    }

    /// Writes the window: the latest second in 8 bytes; then for each second, the oldest first, how much earlier it is in
    /// one byte, the number of its clicks in two bytes, and their hashes in six bytes each. Big-endian.
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

    /// Reads what [`RecentClicks::to_bytes`] wrote. `None` if `bytes` are anything else.
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
                RecentClicks::from_bytes(bytes).ok_or_else(|| E::custom("not a window of recent clicks"))
            }
        }
        deserializer.deserialize_bytes(Bytes)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn is_new(recent: &mut RecentClicks, id: &str, millis: i64) -> bool {
        recent.is_new(ClickHash::of(id), millis)
    }

    #[test]
    fn stored_window_is_read_back_and_other_bytes_are_refused() {
        use serde::de::value::{BytesDeserializer, Error};
        let read = |bytes: &[u8]| RecentClicks::deserialize(BytesDeserializer::<Error>::new(bytes));
        let mut recent = RecentClicks::default();
        assert!(recent.is_empty() && is_new(&mut recent, "a", 1_000) && !recent.is_empty());
        assert_eq!(read(&recent.to_bytes()), Ok(recent));
        assert!(read(&[1, 2, 3]).is_err());
    }

    #[test]
    fn click_is_recognised_within_the_window() {
        let mut recent = RecentClicks::default();
        assert!(
            is_new(&mut recent, "a", 1_000) && !is_new(&mut recent, "a", 1_000) && !is_new(&mut recent, "a", 11_999)
        );
        assert!(is_new(&mut recent, "b", 500), "an earlier arrival counts as arriving with the last one");
        assert!(is_new(&mut recent, "a", 12_000), "after eleven seconds it counts as new");
        assert!((0..MAX_CLICKS - 1).all(|n| is_new(&mut recent, &n.to_string(), 12_000)));
        assert!(!is_new(&mut recent, "a", 12_000));
        assert!(is_new(&mut recent, "one more", 12_000) && is_new(&mut recent, "a", 12_000));
        assert!(recent.to_bytes().len() < 6_200);
    }

    #[test]
    fn window_is_small_and_other_bytes_are_refused() {
        let mut recent = RecentClicks::default();
        assert_eq!((recent.to_bytes().len(), RecentClicks::from_bytes(&[])), (0, Some(RecentClicks::default())));
        // Ten a second: the share of each of a hundred links in the 1,000 records that a shard takes.
        (0..1_000).for_each(|n| assert!(is_new(&mut recent, &n.to_string(), n * 100)));
        assert_eq!(recent.to_bytes().len(), 8 + 11 * 3 + 110 * HASH_BYTES);
        for bytes in [&[1][..], &[0; 9], &[0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 1, 7], &[255; 40]] {
            assert_eq!(RecentClicks::from_bytes(bytes), None, "{bytes:?}");
        }
    }

    #[test]
    fn hash_never_changes_because_stores_keep_it() {
        for (id, hash) in [
            ("", 0xf52a_15e9_a9b5),
            ("a", 0x02c0_bdbf_4814),
            ("0198f3c2-7d4e-7a10-9c53-2f1e8b6d4a70", 0xecb1_4918_4a6e),
        ] {
            assert_eq!(ClickHash::of(id), ClickHash(hash), "{id}");
        }
    }

    #[test]
    fn stored_form_never_changes() {
        let mut recent = RecentClicks::default();
        assert!(recent.is_empty());
        for (hash, millis) in [(1, 7_000), (2, 7_999), (0x0102_0304_0506, 9_000)] {
            assert!(recent.is_new(ClickHash(hash), millis));
        }
        assert!(!recent.is_empty());
        let bytes: Vec<u8> = [
            &[0, 0, 0, 0, 0, 0, 0, 9][..],
            &[2, 0, 2],
            &[0, 0, 0, 0, 0, 1],
            &[0, 0, 0, 0, 0, 2],
            &[0, 0, 1],
            &[1, 2, 3, 4, 5, 6],
        ]
        .concat();
        assert_eq!(recent.to_bytes(), bytes);
        assert_eq!(RecentClicks::from_bytes(&bytes), Some(recent));
    }

    #[test]
    fn forgetting_goes_through_seconds_and_parts_of_them() {
        let filled = || {
            let mut recent = RecentClicks::default();
            (0..6_u64).for_each(|n| assert!(recent.is_new(ClickHash(n), n.cast_signed() / 2 * 1000)));
            recent
        };
        for count in 0..=6 {
            let mut recent = filled();
            recent.forget(count);
            let left: Vec<u64> = recent.hashes.iter().map(|hash| hash.0).collect();
            assert_eq!(left, (count as u64..6).collect::<Vec<_>>());
            let by_second: Vec<(i64, usize)> =
                (0..3_i64).zip([0, 2, 4]).map(|(s, n)| (s, (n + 2_usize).saturating_sub(count.max(n)))).collect();
            let expected: Vec<_> = by_second.into_iter().filter(|(_, clicks)| *clicks > 0).collect();
            assert_eq!(Vec::from(recent.seconds), expected, "{count} forgotten");
        }
    }

    proptest! {
        #[test]
        fn stored_window_goes_on(clicks in prop::collection::vec((0_u8..40, 0_i64..30_000), 0..60), split in 0_usize..60) {
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
