//! Counts what happened to the rows of an import.

use serde::{Deserialize, Serialize};

/// What became of the rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "ImportCounts"))]
pub struct Counts {
    /// Rows that are settled: the sum of the others.
    pub read: u64,
    /// Links that this import created.
    pub created: u64,
    /// Links that were there already and that this import changed, because it was told to.
    #[serde(default)]
    pub overwritten: u64,
    /// Rows whose link was there already, with the same target.
    pub unchanged: u64,
    /// Rows that cannot be a link; each is in the report.
    pub invalid: u64,
    /// Rows whose slug leads elsewhere already; each is in the report.
    pub conflicting: u64,
}

impl Counts {
    /// How many lines the report has.
    pub fn reported(self) -> u64 {
        self.invalid + self.conflicting
    }
}

impl std::iter::Sum for Counts {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        all.fold(Self::default(), |sum, counts| Self {
            read: sum.read + counts.read,
            created: sum.created + counts.created,
            overwritten: sum.overwritten + counts.overwritten,
            unchanged: sum.unchanged + counts.unchanged,
            invalid: sum.invalid + counts.invalid,
            conflicting: sum.conflicting + counts.conflicting,
        })
    }
}
