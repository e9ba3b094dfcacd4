//! Defines what is remembered of a file that was removed, until nothing can arrive for it any more.

use serde::{Deserialize, Serialize};

use super::ending::WHOLE_SECONDS;
use super::file::StoredFile;
use super::id::FileId;
use super::target::object_key;
use crate::values::timestamp::Timestamp;
use crate::values::workspace::WorkspaceId;

/// How long after its removal the bucket is looked at for the last time, in seconds. A request that was signed before begins within
/// [`WHOLE_SECONDS`] and may take its time.
const LAST_LOOK_SECONDS: i64 = 24 * 3600;

/// A file that was removed. Its bytes may still arrive: by a request that was signed before, or a completion that began before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RemovedFile {
    /// Its id.
    pub id: FileId,
    /// The workspace that it belonged to.
    pub workspace: WorkspaceId,
    /// The id of its upload in parts, if it was not complete.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub upload: Option<String>,
    /// When it was removed.
    pub removed_at: Timestamp,
    /// When the bucket is to be looked at again.
    pub look_at: Timestamp,
}

impl RemovedFile {
    /// Remembers `file`, removed at `now`. No signed request can begin when the bucket is looked at again.
    pub(crate) fn of(file: &StoredFile, now: Timestamp) -> Self {
        Self {
            id: file.id.clone(),
            workspace: file.workspace.clone(),
            upload: file.upload.as_ref().map(|upload| upload.id.clone()),
            removed_at: now,
            look_at: now.plus_seconds(WHOLE_SECONDS.into()),
        }
    }

    /// Returns the key of the object that it had. One that was adopted stays: then there is nothing at this key.
    pub fn object_key(&self) -> String {
        object_key(&self.workspace, &self.id)
    }

    /// Returns it as it waits for the next look, after one at `look_at`. `None` if that was the last.
    pub(crate) fn after_look(&self) -> Option<Self> {
        let last = self.removed_at.plus_seconds(LAST_LOOK_SECONDS);
        (self.look_at < last).then(|| Self { look_at: last, ..self.clone() })
    }
}
