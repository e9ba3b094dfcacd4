//! Bounds what a workspace keeps.

use serde::{Deserialize, Serialize};

/// How much a workspace may keep, in files that are ready or being uploaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FileQuota {
    /// How many files.
    pub files: u64,
    /// How many bytes in all of them.
    pub bytes: u64,
}

/// How much a workspace keeps.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileUsage {
    /// How many files.
    pub files: u64,
    /// How many bytes in all of them, as announced.
    pub bytes: u64,
}

impl FileQuota {
    /// Returns how many bytes may be in use before a file of `size` is added. `None` if there is never room for it.
    pub fn room_for(&self, size: u64) -> Option<u64> {
        self.bytes.checked_sub(size).filter(|_| self.files > 0)
    }

    /// Says for a person why a file of `size` has no room beside `usage`.
    pub(crate) fn explain(&self, usage: FileUsage, size: u64) -> String {
        format!(
            "the workspace has no room for a file of {size} bytes: it keeps {} of {} bytes in {} of {} files; delete some",
            usage.bytes, self.bytes, usage.files, self.files
        )
    }
}
