//! Defines the outcomes of rows, and how far into the file they go.

use super::report::{ReportLine, Reported};
use super::row::Candidate;
use crate::imports::job::counts::Counts;
use crate::imports::rows::RowPlace;
use crate::links::link::Link;

/// The most rows of a part whose warnings the report lists. A warning must not stop an import, as too many invalid rows do.
pub(crate) const MAX_WARNED_ROWS: u64 = 10_000;

/// The outcome of one row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outcome {
    Created,
    Overwritten,
    Unchanged,
    Reported(ReportLine),
    /// A later row of the import has the address. This row must take it over.
    Contested(Box<ContestedRow>),
}

/// A row, and the link that a later row has written at its address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ContestedRow {
    pub(crate) candidate: Candidate,
    pub(crate) existing: Link,
}

/// The outcome of a row of a batch.
#[derive(Debug)]
pub(crate) struct SettledRow {
    pub(crate) outcome: Outcome,
    /// What its link lacks, if the row became one.
    pub(crate) warnings: Vec<ReportLine>,
}

/// The outcomes of the rows of one batch.
#[derive(Debug)]
pub(crate) struct SettledBatch {
    pub(crate) rows: Vec<SettledRow>,
    /// Whether a conflict ended the import. Then the rows after it have no outcome.
    pub(crate) halted: bool,
    /// The position after these rows.
    pub(crate) position: FilePosition,
}

/// A position in the file, after a row.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FilePosition {
    /// Where the next row begins.
    pub(crate) place: RowPlace,
    /// How many bytes of the object have been read.
    pub(crate) bytes_read: u64,
}

impl Counts {
    /// Counts a row with `outcome`.
    pub(crate) fn add(&mut self, outcome: &Outcome) {
        self.read += 1;
        *match outcome {
            Outcome::Created => &mut self.created,
            Outcome::Overwritten => &mut self.overwritten,
            Outcome::Unchanged => &mut self.unchanged,
            Outcome::Reported(ReportLine { outcome: Reported::Invalid, .. }) => &mut self.invalid,
            Outcome::Reported(_) | Outcome::Contested(_) => &mut self.conflicting,
        } += 1;
    }

    /// Returns the lines that the report has of a row with `outcome`, and counts its warnings. A row that did not become a link lacks
    /// nothing. Beyond [`MAX_WARNED_ROWS`] rows of a part, warnings are only counted.
    pub(crate) fn report(&mut self, outcome: &Outcome, warnings: Vec<ReportLine>) -> Vec<ReportLine> {
        match outcome {
            Outcome::Reported(line) => vec![line.clone()],
            Outcome::Created | Outcome::Overwritten if !warnings.is_empty() => {
                self.warned += 1;
                if self.warned > MAX_WARNED_ROWS { Vec::new() } else { warnings }
            }
            _ => Vec::new(),
        }
    }
}
