//! An export as it is stored.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::jobs::lease::Lease;
use crate::ports::{Clock, Random};
use crate::values::id;
use crate::values::timestamp::Timestamp;
use crate::values::workspace::WorkspaceId;

/// `exp_` and the 32 lower-case hexadecimal digits of a UUID of version 7.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ExportId(String);

/// A text that is no [`ExportId`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an export's id is 'exp_' and 32 hexadecimal digits")]
pub struct ExportIdError;

impl ExportId {
    const PREFIX: &'static str = "exp_";

    /// A new id; later ones sort after earlier ones.
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

/// How far an export is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub enum ExportStatus {
    /// Nobody has begun.
    Waiting,
    /// Links are being written, or will be again after a failure.
    Running,
    /// The file is there.
    Succeeded,
    /// There will be no file; the export's `error` says why.
    Failed,
}

impl ExportStatus {
    /// Whether nothing will change any more.
    pub fn is_final(self) -> bool {
        matches!(self, Self::Succeeded | Self::Failed)
    }
}

/// What the file is.
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
    /// What identifies it.
    pub id: ExportId,
    /// Whose links it has.
    pub workspace: WorkspaceId,
    /// How far it is.
    pub status: ExportStatus,
    /// What the file is.
    pub format: ExportFormat,
    /// Whether the file is compressed with gzip.
    pub gzip: bool,
    /// How many links are written so far.
    pub links: u64,
    /// The size of the file in bytes, once it is there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
    /// Why it failed, for a person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// When it was asked for.
    pub created_at: Timestamp,
    /// When it became final.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finished_at: Option<Timestamp>,
    /// Who writes it.
    #[serde(rename = "claim", default, skip_serializing_if = "Option::is_none")]
    pub lease: Option<Lease>,
    /// Counts the writes: each is made on the condition that the one before it is the last.
    pub revision: u64,
}

impl Export {
    /// For how long the record is kept, in seconds. The file is kept as the bucket's rules say.
    pub const KEPT_SECONDS: i64 = 30 * 24 * 3600;

    /// An export that nobody has begun.
    pub fn waiting(id: ExportId, workspace: WorkspaceId, format: ExportFormat, gzip: bool, now: Timestamp) -> Self {
        Self {
            id,
            workspace,
            status: ExportStatus::Waiting,
            format,
            gzip,
            links: 0,
            bytes: None,
            error: None,
            created_at: now,
            finished_at: None,
            lease: None,
            revision: 0,
        }
    }

    /// Where its file is in the bucket.
    pub fn object_key(&self) -> String {
        let extension = match self.format {
            ExportFormat::Csv => "csv",
            ExportFormat::Jsonl => "jsonl",
        };
        let gzip = if self.gzip { ".gz" } else { "" };
        format!("exports/{}/{}.{extension}{gzip}", self.workspace, self.id)
    }

    /// Until when somebody else than `owner` has it.
    pub fn held_until(&self, owner: &str, now: Timestamp) -> Option<Timestamp> {
        self.lease.as_ref().and_then(|lease| lease.held_until(owner, now))
    }

    /// The export as `claim` takes it over, from its beginning.
    pub fn leased(&self, lease: Lease) -> Self {
        Self { status: ExportStatus::Running, lease: Some(lease), links: 0, ..self.next() }
    }

    /// The export with more links written.
    pub fn progressed(&self, links: u64) -> Self {
        Self { links, ..self.next() }
    }

    /// The export with its file of `bytes` in its place.
    pub fn succeeded(&self, links: u64, bytes: u64, now: Timestamp) -> Self {
        let finished_at = Some(now);
        Self { status: ExportStatus::Succeeded, links, bytes: Some(bytes), finished_at, lease: None, ..self.next() }
    }

    /// The export that will have no file, for this reason.
    pub fn failed(&self, error: String, now: Timestamp) -> Self {
        let finished_at = Some(now);
        Self { status: ExportStatus::Failed, error: Some(error), finished_at, lease: None, ..self.next() }
    }

    /// The export given up by its owner: anybody may begin anew at once.
    pub fn released(&self) -> Self {
        Self { lease: None, ..self.next() }
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
