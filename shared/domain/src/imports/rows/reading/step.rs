//! Defines what a step of reading comes to.

use crate::imports::rows::reader::Found;

/// What to do next.
pub(super) enum Step {
    /// Look for a row again.
    Again,
    /// Wait for more bytes.
    More,
    /// Go to this byte of the file.
    Seek(u64),
    End,
}

/// What looking for a row came to.
pub(super) enum Advance {
    /// A row was found.
    Row(Found),
    /// No row yet, although much was read.
    Pause,
    /// More bytes are needed.
    More,
    /// The bytes from this one on are needed.
    Seek(u64),
    End,
}
