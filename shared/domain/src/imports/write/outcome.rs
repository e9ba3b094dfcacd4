//! Defines the outcomes of rows, and how far into the file they go.

use super::report::{ReportLine, Reported};
use super::row::Candidate;
use crate::imports::job::counts::Counts;
use crate::imports::rows::RowPlace;
use crate::links::link::Link;

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

/// The outcomes of the rows of one batch.
#[derive(Debug)]
pub(crate) struct SettledBatch {
    pub(crate) outcomes: Vec<Outcome>,
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
}
