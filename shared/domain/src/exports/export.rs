//! Defines an export as it is stored, and its states.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::checkpoint::Checkpoint;
use crate::access::key::Caller;
use crate::access::scope::Scope;
use crate::jobs::lease::Lease;
use crate::jobs::open_to::SeenJob;
use crate::ports::{Clock, Random};
use crate::values::id;
use crate::values::timestamp::Timestamp;
use crate::values::workspace::WorkspaceId;

/// An export's id: `exp_` and the 32 lower-case hexadecimal digits of a UUID of version 7.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ExportId(String);

/// The error of a text that is not an [`ExportId`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an export's id is 'exp_' and 32 hexadecimal digits")]
pub struct ExportIdError;

impl ExportId {
    const PREFIX: &'static str = "exp_";

    /// Makes a new id. Later ids sort after earlier ones.
    pub fn generate(clock: &dyn Clock, random: &dyn Random) -> Self {
        Self(id::generate(Self::PREFIX, clock, random))
    }

    /// Checks `text`.
    pub fn parse(text: impl Into<String>) -> Result<Self, ExportIdError> {
        let text = text.into();
        if id::is_valid(Self::PREFIX, &text) { Ok(Self(text)) } else { Err(ExportIdError) }
    }
}

impl fmt::Display for ExportId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for ExportId {
    type Error = ExportIdError;
    fn try_from(text: String) -> Result<Self, ExportIdError> {
        Self::parse(text)
    }
}

impl From<ExportId> for String {
    fn from(id: ExportId) -> Self {
        id.0
    }
}

/// The status of an export.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub enum ExportStatus {
    /// The export is queued.
    Waiting,
    /// Links are being written, or will be again after a failure.
    Running,
    /// The file is complete.
    Succeeded,
    /// There is no file; the export's `error` says why.
    Failed,
}

impl ExportStatus {
    /// Tells whether the status never changes again.
    pub fn is_final(self) -> bool {
        matches!(self, Self::Succeeded | Self::Failed)
    }
}

/// The format of an export's file.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub enum ExportFormat {
    /// Comma-separated values with a header.
    #[default]
    Csv,
    /// A JSON object on each line.
    Jsonl,
}

/// An export as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Export {
    /// Its id.
    pub id: ExportId,
    /// The workspace whose links it has.
    pub workspace: WorkspaceId,
    /// Its status.
    pub status: ExportStatus,
    /// The format of the file.
    pub format: ExportFormat,
    /// Whether the file is compressed with gzip.
    pub gzip: bool,
    /// Whether the file has the hashes of passwords.
    #[serde(default)]
    pub passwords: bool,
    /// The id of the caller that requested it; absent in exports that are older than this field.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_by: Option<String>,
    /// The links that the file has: those that the caller reached.
    #[serde(default, skip_serializing_if = "Scope::is_whole")]
    pub scope: Scope,
    /// How many links have been written so far.
    pub links: u64,
    /// The size of the complete file, in bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
    /// Why it failed, in words for a person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// When it was requested.
    pub created_at: Timestamp,
    /// When it became final.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finished_at: Option<Timestamp>,
    /// The lease of the invocation that writes it.
    #[serde(rename = "claim", default, skip_serializing_if = "Option::is_none")]
    pub lease: Option<Lease>,
    /// How far the file is. The next invocation goes on here.
    #[serde(default)]
    pub checkpoint: Checkpoint,
    /// The number of the message that writes the export. Each handover sends the next; earlier ones have no effect.
    #[serde(default)]
    pub turn: u32,
    /// How often writing began anew because the bucket had lost the upload.
    #[serde(default)]
    pub restarts: u32,
    /// Counts the writes. A write succeeds only if the store holds the revision before it.
    pub revision: u64,
}

impl SeenJob for Export {
    type Id = ExportId;
    fn id(&self) -> ExportId {
        self.id.clone()
    }
    fn is_open_to(&self, caller: &Caller) -> bool {
        self.workspace == caller.workspace
            && (caller.scope.is_whole() || self.created_by.as_ref() == Some(&caller.key_id))
    }
}

impl Export {
    /// How much longer than the file the record is kept, in seconds: it tells that the file is gone.
    pub const KEPT_SECONDS: i64 = 30 * 24 * 3600;

    /// Makes a new export, without passwords.
    pub fn waiting(id: ExportId, workspace: WorkspaceId, format: ExportFormat, gzip: bool, now: Timestamp) -> Self {
        Self {
            id,
            workspace,
            status: ExportStatus::Waiting,
            format,
            gzip,
            passwords: false,
            created_by: None,
            scope: Scope::default(),
            links: 0,
            bytes: None,
            error: None,
            created_at: now,
            finished_at: None,
            lease: None,
            checkpoint: Checkpoint::default(),
            turn: 0,
            restarts: 0,
            revision: 0,
        }
    }

    /// Returns the key of its file in the bucket.
    pub fn object_key(&self) -> String {
        let extension = match self.format {
            ExportFormat::Csv => "csv",
            ExportFormat::Jsonl => "jsonl",
        };
        let gzip = if self.gzip { ".gz" } else { "" };
        format!("exports/{}/{}.{extension}{gzip}", self.workspace, self.id)
    }

    /// Returns until when another invocation than `owner` holds the export, if one does at `now`.
    pub fn held_until(&self, owner: &str, now: Timestamp) -> Option<Timestamp> {
        self.lease.as_ref().and_then(|lease| lease.held_until(owner, now))
    }

    /// Returns the key of the small file that keeps what a checkpoint has beyond the parts of the upload.
    pub fn rest_key(&self) -> String {
        format!("exports/{}/{}.rest-{}", self.workspace, self.id, self.revision)
    }

    /// Returns the export under `lease`, to be written on from its checkpoint in the turn `turn`.
    pub fn leased(&self, lease: Lease, turn: u32) -> Self {
        let links = self.checkpoint.links;
        Self { status: ExportStatus::Running, lease: Some(lease), links, turn, ..self.next() }
    }

    /// Returns the export with `links` written.
    pub fn progressed(&self, links: u64) -> Self {
        Self { links, ..self.next() }
    }

    /// Returns the export with a new checkpoint.
    pub fn checkpointed(&self, checkpoint: Checkpoint) -> Self {
        Self { links: checkpoint.links, checkpoint, ..self.next() }
    }

    /// Returns the export to be written from the beginning, without its lease: its upload is gone.
    pub fn restarted(&self) -> Self {
        let checkpoint = Checkpoint::default();
        Self { links: 0, checkpoint, restarts: self.restarts + 1, ..self.released() }
    }

    /// Returns the export with a complete file of `bytes`.
    pub fn succeeded(&self, links: u64, bytes: u64, now: Timestamp) -> Self {
        Self { status: ExportStatus::Succeeded, links, bytes: Some(bytes), ..self.ended(now) }
    }

    /// Returns the export as failed, for the reason `error`.
    pub fn failed(&self, error: String, now: Timestamp) -> Self {
        Self { status: ExportStatus::Failed, error: Some(error), ..self.ended(now) }
    }

    /// Returns the export without its lease: another invocation may go on at once.
    pub fn released(&self) -> Self {
        Self { lease: None, ..self.next() }
    }

    fn ended(&self, now: Timestamp) -> Self {
        Self { finished_at: Some(now), lease: None, checkpoint: Checkpoint::default(), ..self.next() }
    }

    fn next(&self) -> Self {
        Self { revision: self.revision + 1, ..self.clone() }
    }
}

#[cfg(feature = "openapi")]
crate::values::schema::schema!(ExportId, "ExportId", {
    "type": "string",
    "pattern": "^exp_[0-9a-f]{32}$",
    "examples": ["exp_0199b0c67e4570008000000000000005"],
});
