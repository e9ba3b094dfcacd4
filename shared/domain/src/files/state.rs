//! Says whether visitors get a file now.

use super::file::{FileStatus, StoredFile};
use crate::values::timestamp::Timestamp;

/// Whether visitors get a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileState {
    /// They get it.
    Ready,
    /// They will, if they come again.
    Waits(Wait),
    /// Never: it would harm them, or is not what was announced.
    Blocked,
    /// No more: its time is over.
    Ended,
}

/// What visitors of a file wait for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wait {
    /// Its owner uploads it.
    Upload,
    /// It is looked at before anybody gets it.
    Inspection,
}

impl StoredFile {
    /// Returns whether visitors get the file at `now`.
    pub fn state(&self, now: Timestamp) -> FileState {
        if self.has_ended(now) {
            return FileState::Ended;
        }
        match self.status {
            FileStatus::Uploading => FileState::Waits(Wait::Upload),
            FileStatus::Inspecting => FileState::Waits(Wait::Inspection),
            FileStatus::Ready => FileState::Ready,
            FileStatus::Blocked => FileState::Blocked,
        }
    }

    /// Tells whether the file has the state for which its visitors wait, or will never have it.
    pub(crate) fn is_settled(&self) -> bool {
        match self.status {
            FileStatus::Uploading | FileStatus::Inspecting => false,
            FileStatus::Ready | FileStatus::Blocked => true,
        }
    }
}
