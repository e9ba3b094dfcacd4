//! Defines how an invocation's work on a part ends.

use crate::imports::job::part::Part;
use crate::values::error::StoreError;

/// How the work on a part ended.
pub(in crate::imports) enum Ended {
    /// The part has ended, or the import must stop.
    Done(Box<Part>),
    /// Time ran out before the end of the part. The part is released.
    OutOfTime(Box<Part>),
    /// Another invocation holds the part.
    TakenOver,
}

/// Why reading stops before the end of the part without an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum EarlyEnd {
    /// Time has run out.
    OutOfTime,
    /// The import must stop.
    Halted,
    /// Too many rows are in the report.
    TooManyRefused,
}

/// Why reading stops before the end of the part with an error.
pub(super) enum Stop {
    /// The file cannot be loaded, for this reason.
    Failed(String),
    /// Another invocation holds the part.
    TakenOver,
    /// A store failed.
    Store(StoreError),
}

impl From<StoreError> for Stop {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}
