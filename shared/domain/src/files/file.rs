//! Defines a file of a workspace as it is stored, and its states.

use serde::{Deserialize, Serialize};

use super::checksums::{Crc64Nvme, Sha256Sum};
use super::collections::path::FilePlace;
use super::delivery::{Delivery, shown_type};
use super::detect::Detected;
use super::ending::UPLOAD_SECONDS;
use super::id::FileId;
use super::part_plan::PartPlan;
use super::stored_object::StoredObject;
use super::target::object_key;
use crate::access::key::Caller;
use crate::jobs::open_to::SeenJob;
use crate::values::timestamp::Timestamp;
use crate::values::workspace::WorkspaceId;

/// The status of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub enum FileStatus {
    /// The owner uploads it.
    Uploading,
    /// The bucket has it, and its content is being inspected.
    Inspecting,
    /// The bucket has it, with the size and checksum that were announced, and its content was inspected.
    Ready,
    /// It is not given out, for the reason that it has.
    Blocked,
}

/// An upload in parts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartUpload {
    /// The id that the bucket gave it.
    pub id: String,
    /// The size of every part but the last, in bytes.
    pub part_bytes: u64,
}

/// A file of a workspace.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredFile {
    /// Its id.
    pub id: FileId,
    /// The workspace that it belongs to.
    pub workspace: WorkspaceId,
    /// Its status.
    pub status: FileStatus,
    /// What its owner calls it. Never a part of a key.
    pub name: String,
    /// Its size in bytes: as announced, and once it is ready as it is.
    pub size: u64,
    /// The media type that its owner gave it.
    pub content_type: String,
    /// Its SHA-256, if it was announced.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<Sha256Sum>,
    /// Its CRC-64/NVME, if it was announced or the bucket knows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub crc64nvme: Option<Crc64Nvme>,
    /// Why it is blocked, for a person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub blocked_reason: Option<String>,
    /// What its content is; absent if it was not inspected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detected: Option<Detected>,
    /// The upload in parts; absent if it is uploaded as a whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub upload: Option<PartUpload>,
    /// The key of the object that it was made of. Absent if it has an object of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub adopted: Option<String>,
    /// Its collection, and its path there; absent if it stands alone. Its `name` is the last part of the path.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<FilePlace>,
    /// The id of the caller that made it.
    pub created_by: String,
    /// When it was announced.
    pub created_at: Timestamp,
    /// When it was ready.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub completed_at: Option<Timestamp>,
    /// When it ends: from then on nobody gets it, and it is removed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
    /// Counts the writes. A write succeeds only if the store holds the revision before it.
    pub revision: u64,
}

impl SeenJob for StoredFile {
    type Id = FileId;
    fn id(&self) -> FileId {
        self.id.clone()
    }
    fn is_open_to(&self, caller: &Caller) -> bool {
        self.workspace == caller.workspace && (caller.scope.is_whole() || self.created_by == caller.key_id)
    }
}

impl StoredFile {
    /// Returns the key of its object in the bucket. That of an object of its own has nothing of the name.
    pub fn object_key(&self) -> String {
        self.adopted.clone().unwrap_or_else(|| object_key(&self.workspace, &self.id))
    }

    /// Returns how it is divided, if it is uploaded in parts.
    pub fn plan(&self) -> Option<PartPlan> {
        self.upload.as_ref().map(|upload| PartPlan { bytes: self.size, part_bytes: upload.part_bytes })
    }

    /// Returns how a browser gets it: as the announced type only if the content agrees. The object in the bucket has the headers that were
    /// right when its upload began.
    pub fn delivery(&self) -> Delivery {
        let detected = self.detected.as_ref().map(|detected| detected.content_type.as_str());
        Delivery::of(&self.name, shown_type(&self.content_type, detected))
    }

    /// Tells whether its time is over at `now`. It may exist until it is removed.
    pub fn has_ended(&self, now: Timestamp) -> bool {
        self.expires_at.is_some_and(|end| end <= now)
    }

    /// Returns how long a URL of it that is signed at `now` may work, in seconds: `most`, or until it ends. 0 if it has ended.
    pub(crate) fn url_seconds(&self, most: u32, now: Timestamp) -> u32 {
        let Some(end) = self.expires_at else { return most };
        // A second that has begun counts: the file ends within it.
        let left = (end.as_millis() - now.as_millis()).max(0).unsigned_abs().div_ceil(1000);
        u32::try_from(left).unwrap_or(most).min(most)
    }

    /// Returns when it is to be removed: when it ends, or a day after its announcement if it is not completed. `None` if it stays until its owner
    /// deletes it.
    pub fn due_at(&self) -> Option<Timestamp> {
        match self.status {
            FileStatus::Uploading => {
                let late = self.created_at.plus_seconds(UPLOAD_SECONDS);
                Some(self.expires_at.map_or(late, |end| end.min(late)))
            }
            FileStatus::Inspecting | FileStatus::Ready | FileStatus::Blocked => self.expires_at,
        }
    }

    /// Checks that `object` is what was announced. The bucket keeps not every checksum of an object; one that was announced it has compared
    /// when it took the bytes.
    ///
    /// # Errors
    /// What differs, for a person.
    pub(crate) fn check(&self, object: &StoredObject) -> Result<(), String> {
        if object.size != self.size {
            return Err(format!("the file has {} bytes instead of the {} announced", object.size, self.size));
        }
        let differs = |what: &str| Err(format!("the {what} of the file is not the announced one"));
        if self.sha256.is_some() && object.sha256.is_some() && object.sha256 != self.sha256 {
            return differs("SHA-256");
        }
        if self.crc64nvme.is_some() && object.crc64nvme.is_some() && object.crc64nvme != self.crc64nvme {
            return differs("CRC-64/NVME");
        }
        Ok(())
    }

    /// Returns the file as one to inspect, now that the bucket has `object`.
    pub(crate) fn arrived(&self, object: &StoredObject) -> Self {
        Self {
            status: FileStatus::Inspecting,
            sha256: self.sha256.clone().or_else(|| object.sha256.clone()),
            crc64nvme: self.crc64nvme.clone().or_else(|| object.crc64nvme.clone()),
            upload: None,
            revision: self.revision + 1,
            ..self.clone()
        }
    }

    /// Returns the file as blocked for this `reason`.
    pub(crate) fn blocked(&self, reason: String) -> Self {
        Self {
            status: FileStatus::Blocked,
            blocked_reason: Some(reason),
            upload: None,
            revision: self.revision + 1,
            ..self.clone()
        }
    }
}
