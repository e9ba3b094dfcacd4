//! Estimates the number of different visitors in little memory.

use std::fmt;

use datasketches::error::Error;
use datasketches::hash::value::raw_bytes;
use datasketches::hll::{Coupon, HllSketch, HllType, HllUnion};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// The binary logarithm of the number of registers. 16,384 of them give a standard error of 0.8 % after a merge; see
/// `docs/adr/0016-reading-statistics.md`.
const LG_K: u8 = 14;

/// A HyperLogLog sketch of visitors, in the format of Apache DataSketches (HLL_4, hashed as its Java and C++ versions hash
/// strings, so that they read it). Exact in effect up to some 1,500 visitors, and small there: 4 bytes a visitor, then 8 KB.
#[derive(Clone, PartialEq)]
pub struct VisitorSketch(HllSketch);

impl Default for VisitorSketch {
    fn default() -> Self {
        Self(HllSketch::new(LG_K, HllType::Hll4).unwrap_or_else(|_| unreachable!("14 is a valid size")))
    }
}

/// The hash of a visitor, which is made once for all sketches.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Visitor(Coupon);

impl Visitor {
    /// Hashes the visitor `text`. `None` if it is empty.
    pub(crate) fn of(text: &str) -> Option<Self> {
        (!text.is_empty()).then(|| Self(Coupon::from_value(raw_bytes::from_str(text))))
    }
}

impl VisitorSketch {
    /// Adds a visitor. A second call with the same visitor changes nothing.
    pub fn add(&mut self, visitor: &str) {
        Visitor::of(visitor).into_iter().for_each(|visitor| self.add_hashed(visitor));
    }

    pub(crate) fn add_hashed(&mut self, Visitor(coupon): Visitor) {
        self.0.update_with_coupon(coupon);
    }

    /// Tells whether the sketch has no visitor.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the estimated number of visitors.
    pub fn estimate(&self) -> u64 {
        round(self.0.estimate())
    }

    /// Writes the sketch in the format of Apache DataSketches.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.0.serialize()
    }

    /// Reads what [`VisitorSketch::to_bytes`] wrote.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        HllSketch::deserialize(bytes).map(Self)
    }
}

/// Estimates the visitors of several sketches together, each counted once. The order of the sketches does not matter.
pub struct VisitorUnion(HllUnion);

impl Default for VisitorUnion {
    fn default() -> Self {
        Self(HllUnion::new(LG_K).unwrap_or_else(|_| unreachable!("14 is a valid size")))
    }
}

impl VisitorUnion {
    /// Adds the visitors of a sketch.
    pub fn add(&mut self, visitors: &VisitorSketch) {
        self.0.update(&visitors.0);
    }

    /// Adds the visitors of another union.
    pub fn add_union(&mut self, visitors: &Self) {
        self.0.update(&visitors.0.to_sketch(HllType::Hll8));
    }

    /// Returns the estimated number of visitors. It reads the registers alone: the library's other estimate depends on the
    /// order of the sketches.
    pub fn estimate(&self) -> u64 {
        round(self.0.composite_estimate())
    }
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a float becomes the nearest u64")]
fn round(estimate: f64) -> u64 {
    estimate.round() as u64
}

impl fmt::Debug for VisitorSketch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VisitorSketch(~{})", self.estimate())
    }
}

impl Serialize for VisitorSketch {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&self.to_bytes())
    }
}

impl<'de> Deserialize<'de> for VisitorSketch {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Bytes;
        impl de::Visitor<'_> for Bytes {
            type Value = VisitorSketch;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a sketch as Apache DataSketches write it")
            }
            fn visit_bytes<E: de::Error>(self, bytes: &[u8]) -> Result<VisitorSketch, E> {
                VisitorSketch::from_bytes(bytes).map_err(E::custom)
            }
        }
        deserializer.deserialize_bytes(Bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn sketch(visitors: impl Iterator<Item = u64>) -> VisitorSketch {
        let mut sketch = VisitorSketch::default();
        visitors.for_each(|visitor| sketch.add(&format!("visitor-{visitor}")));
        sketch
    }

    #[test]
    fn estimate_is_near_at_every_size() {
        for count in [0, 1, 10, 100, 300, 1_000, 10_000, 100_000] {
            let estimate = sketch(0..count).estimate();
            let error = estimate.abs_diff(count) as f64 / count.max(1) as f64;
            assert!(error <= 0.03, "{count} visitors estimated as {estimate}");
            assert!(count > 1_000 || error == 0.0, "{count} visitors estimated as {estimate}");
        }
    }

    #[test]
    fn sketch_is_small() {
        assert!(sketch(0..10).to_bytes().len() < 100);
        assert!(sketch(0..100_000).to_bytes().len() < 8_400);
    }

    #[test]
    fn apaches_sketches_are_read_and_others_refused() {
        // Apache's header for an empty sketch: 2 ints, version 1, family 7, lg k 12, lg size 3, empty, none, list of HLL_4.
        let empty = VisitorSketch::from_bytes(&[2, 1, 7, 12, 3, 4, 0, 0]).unwrap();
        assert!(empty.is_empty());
        for bytes in [&[][..], &[1, 2, 3], &[255; 40]] {
            assert!(VisitorSketch::from_bytes(bytes).is_err());
        }
    }

    #[test]
    fn stored_sketch_is_read_back() {
        use serde::de::value::{BytesDeserializer, Error};
        let read = |bytes: &[u8]| VisitorSketch::deserialize(BytesDeserializer::<Error>::new(bytes));
        let stored = sketch(0..10);
        assert_eq!(read(&stored.to_bytes()).map(|sketch| sketch.estimate()), Ok(10));
        assert!(read(&[1, 2, 3]).is_err());
    }

    #[test]
    fn days_merge_to_the_visitors_of_all_of_them() {
        let mut union = VisitorUnion::default();
        for day in 0..30 {
            union.add(&sketch(day * 500..day * 500 + 1_000));
        }
        let error = union.estimate().abs_diff(15_500) as f64 / 15_500.0;
        assert!(error <= 0.03, "estimated as {}", union.estimate());
    }

    #[test]
    fn few_visitors_are_counted_exactly() {
        let mut union = VisitorUnion::default();
        for count in 1..=1_536 {
            union.add(&sketch(count - 1..count));
            assert_eq!(union.estimate(), count);
            assert_eq!(sketch(0..count).estimate(), count);
        }
        union.add(&sketch(1_536..1_600));
        assert!(union.estimate().abs_diff(1_600) < 48, "{}", union.estimate());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn order_of_sketches_does_not_change_the_estimate(
            sizes in prop::collection::vec(prop_oneof![0_u64..20, 0_u64..900, 0_u64..4_000], 1..8), shared in 0_u64..500,
        ) {
            let sketches: Vec<_> = sizes.iter().zip(0_u64..).map(|(size, n)| {
                sketch((0..shared.min(*size)).chain(10_000 * (n + 1)..10_000 * (n + 1) + size))
            }).collect();
            let (mut forth, mut back, mut of_unions) = Default::default();
            for sketch in &sketches {
                VisitorUnion::add(&mut forth, sketch);
                let mut one = VisitorUnion::default();
                one.add(sketch);
                VisitorUnion::add_union(&mut of_unions, &one);
            }
            sketches.iter().rev().for_each(|sketch| VisitorUnion::add(&mut back, sketch));
            prop_assert_eq!((back.estimate(), of_unions.estimate()), (forth.estimate(), forth.estimate()));
        }

        #[test]
        fn stored_sketch_counts_on(before in 0_u64..2_000, after in 0_u64..2_000) {
            let mut stored = VisitorSketch::from_bytes(&sketch(0..before).to_bytes()).unwrap();
            (before..before + after).for_each(|visitor| stored.add(&format!("visitor-{visitor}")));
            prop_assert_eq!(stored.estimate(), sketch(0..before + after).estimate());
        }
    }
}
