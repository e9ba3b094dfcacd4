//! Divides a file into the parts of an upload.

use serde::{Deserialize, Serialize};

const MIB: u64 = 1024 * 1024;
/// The greatest number of parts that S3 takes ("Amazon S3 multipart upload limits", S3 user guide).
pub const MAX_PARTS: u64 = 10_000;
/// The least size of a part: S3 wants 5 MiB of all but the last.
const LEAST: u64 = 8 * MIB;
/// The size that parts get at most as long as that makes no more than [`MAX_PARTS`]: what was sent of a part is lost if it breaks off.
const COMFORTABLE: u64 = 512 * MIB;
/// How many parts a file has as long as they have a size between the two.
const USUAL_PARTS: u64 = 1000;

/// The parts of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartPlan {
    /// The size of the file in bytes.
    pub bytes: u64,
    /// The size of every part but the last, in bytes.
    pub part_bytes: u64,
}

impl PartPlan {
    /// Divides a file of `bytes`.
    pub fn of(bytes: u64) -> Self {
        let usual = bytes.div_ceil(USUAL_PARTS).clamp(LEAST, COMFORTABLE);
        let part_bytes = usual.max(bytes.div_ceil(MAX_PARTS)).div_ceil(MIB) * MIB;
        Self { bytes, part_bytes }
    }

    /// Returns the number of parts.
    pub fn count(&self) -> u32 {
        u32::try_from(self.bytes.div_ceil(self.part_bytes.max(1))).unwrap_or(u32::MAX).max(1)
    }

    /// Returns where the part `number`, counted from 1, begins in the file, and its size, both in bytes. `None` if there is no such part.
    pub fn part(&self, number: u32) -> Option<(u64, u64)> {
        if !(1..=self.count()).contains(&number) {
            return None;
        }
        let offset = u64::from(number - 1) * self.part_bytes;
        Some((offset, self.part_bytes.min(self.bytes - offset)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const GIB: u64 = 1024 * MIB;

    #[test]
    fn parts_are_neither_small_nor_many() {
        for (bytes, part_bytes, count) in [
            (1, 8 * MIB, 1),
            (8 * MIB, 8 * MIB, 1),
            (8 * MIB + 1, 8 * MIB, 2),
            (50 * GIB, 52 * MIB, 985),
            (5 * 1024 * GIB, 525 * MIB, 9987),
        ] {
            let plan = PartPlan::of(bytes);
            assert_eq!((plan.part_bytes, plan.count()), (part_bytes, count), "{bytes}");
        }
    }

    proptest! {
        #[test]
        fn parts_cover_the_file_and_keep_the_limits_of_s3(bytes in 1..=40 * 1024 * GIB) {
            let plan = PartPlan::of(bytes);
            prop_assert!(u64::from(plan.count()) <= MAX_PARTS);
            prop_assert!((5 * MIB..=5 * GIB).contains(&plan.part_bytes));
            let mut end = 0;
            for number in 1..=plan.count() {
                let (offset, size) = plan.part(number).unwrap();
                prop_assert!(offset == end && size > 0 && (size == plan.part_bytes || number == plan.count()));
                end = offset + size;
            }
            prop_assert_eq!(end, bytes);
            prop_assert_eq!((plan.part(0), plan.part(plan.count() + 1)), (None, None));
        }
    }
}
