//! Counts what happened to the rows of an import.

use serde::{Deserialize, Serialize};

/// How many rows of an import had which outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "ImportCounts"))]
pub struct Counts {
    /// Rows that are done: the sum of `created`, `overwritten`, `unchanged`, `invalid` and `conflicting`.
    pub read: u64,
    /// Links that this import created.
    pub created: u64,
    /// Existing links that this import overwrote, as its options say.
    #[serde(default)]
    pub overwritten: u64,
    /// Rows whose link existed already, with the same target.
    pub unchanged: u64,
    /// Rows that cannot become a link; each is in the report.
    pub invalid: u64,
    /// Rows whose slug already leads to another target; each is in the report.
    pub conflicting: u64,
    /// Created and overwritten links that lack something of their row, or have something else; the report says what.
    #[serde(default)]
    pub warned: u64,
}

impl Counts {
    /// Returns how many rows did not become links.
    pub fn refused(self) -> u64 {
        self.invalid + self.conflicting
    }

    /// Returns how many rows are in the report, apart from warnings that were too many.
    pub fn reported(self) -> u64 {
        self.refused() + self.warned
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
            warned: sum.warned + counts.warned,
        })
    }
}
