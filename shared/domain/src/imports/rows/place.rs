//! A boundary between two rows, from which reading can begin.

use serde::{Deserialize, Serialize};

/// Where in a splittable file a row may begin; see [`super::Layout::is_splittable`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct RowPlace {
    /// How many bytes of the file are before it.
    pub byte: u64,
    /// The number of the next row of data.
    pub row: u64,
    /// The line that `byte` is on, 1 for the first.
    pub line: u64,
}

impl RowPlace {
    /// The beginning of a file. A header, which is no row, comes after it.
    pub const START: Self = Self { byte: 0, row: 1, line: 1 };
}
