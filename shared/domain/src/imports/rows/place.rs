//! Defines a boundary between two rows, from which reading can begin.

use serde::{Deserialize, Serialize};

/// A place in a splittable file where a row may begin; see [`super::Layout::is_splittable`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct RowPlace {
    /// How many bytes of the file precede it.
    pub byte: u64,
    /// The number of the next row of data.
    pub row: u64,
    /// The line that has `byte`, 1 for the first.
    pub line: u64,
}

impl RowPlace {
    /// The beginning of a file. A header, which does not count as a row, comes after it.
    pub const START: Self = Self { byte: 0, row: 1, line: 1 };
}
