//! Defines a row of data and what a reader returns instead of one.

use std::sync::Arc;

use super::fields::{Fault, Fields};

/// Where a row is in its file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowAddress {
    /// The number of the row, 1 for the first row of data. Headers and blank lines do not count. The numbers continue
    /// from one file of an archive to the next.
    pub row: u64,
    /// The line on which the row begins, 1 for the first line of the file.
    pub line: u64,
    /// The name of the file that has the row, if the row is from an archive.
    pub file: Option<Arc<str>>,
}

/// A row of data.
#[derive(Debug)]
pub struct Row<'a> {
    /// Where the row is.
    pub address: RowAddress,
    /// The fields of the row, or why they cannot be read.
    pub fields: Result<Fields<'a>, Fault>,
}

/// What [`Rows::next_row`](super::Rows::next_row) found.
#[derive(Debug)]
// Nearly every value is a row, and boxing it would cost one allocation per row.
#[allow(clippy::large_enum_variant)]
pub enum Next<'a> {
    /// A row.
    Row(Row<'a>),
    /// More of the file is needed: call [`Rows::feed`](super::Rows::feed) or [`Rows::end`](super::Rows::end).
    More,
    /// No row yet, although much was read: look at the clock, and ask again.
    Pause,
    /// The file is needed from this byte on: drop the current piece, and feed the pieces from this byte to the end of
    /// the file. Only archives and spreadsheets ask for it.
    Seek(u64),
    /// The file is read to its end.
    End,
}
