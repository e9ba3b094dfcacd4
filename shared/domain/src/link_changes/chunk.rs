//! Defines what a chunk's file has of each link: what was selected, its state before the job, its result.

use bytes::Bytes;
use futures::stream::StreamExt;
use serde::{Deserialize, Serialize};

use super::id::LinkChangeId;
use crate::files::ports::FileStore;
use crate::links::address::LinkAddress;
use crate::links::id::LinkId;
use crate::links::link::Link;
use crate::values::error::{FieldError, StoreError, StoreErrorKind};

/// The most links in a chunk: what one crash repeats at most, and what results lag behind.
pub const MAX_ENTRIES: usize = 500;
/// The most bytes of links in a chunk, so that it fits into memory several times.
pub const MAX_BYTES: usize = 4 << 20;

/// What became of a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub enum LinkResult {
    /// The link was changed, or restored by an undo; in a dry run it would be.
    Changed,
    /// The link was deleted; in a dry run it would be.
    Deleted,
    /// The link was as the job wants it already.
    Unchanged,
    /// Someone else changed the link at the wrong time. The job left it alone.
    Conflict,
    /// The link could not be changed: `detail` and `errors` say why.
    Failed,
    /// The job ended while it worked on the link. It may have changed it.
    Unknown,
}

/// A result and its reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settled {
    /// What became of the link.
    pub result: LinkResult,
    /// Why, for a person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// The fields that would be wrong.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldError>,
}

impl Settled {
    /// A result that needs no words.
    pub fn plain(result: LinkResult) -> Self {
        Self { result, detail: None, errors: Vec::new() }
    }

    /// A result and its reason.
    pub fn because(result: LinkResult, detail: impl Into<String>) -> Self {
        Self { detail: Some(detail.into()), ..Self::plain(result) }
    }
}

/// What an undo brings back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Restoring {
    /// The job that changed or deleted the link.
    pub of: LinkChangeId,
    /// The link before that job.
    pub link: Link,
    /// Where the job moved it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub moved_to: Option<LinkAddress>,
    /// Whether the job deleted it.
    #[serde(default)]
    pub deleted: bool,
    /// Whether it is known that the job did so. Else it may have ended before.
    #[serde(default)]
    pub certain: bool,
}

/// A link that a job works on.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// The address at which it was selected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<LinkAddress>,
    /// Its id, once it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<LinkId>,
    /// What to bring back, if the job is an undo.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restoring: Option<Box<Restoring>>,
    /// The link before the job changed it. Has the hash of its password: never show it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<Box<Link>>,
    /// Where the job moves it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub moved_to: Option<LinkAddress>,
    /// Whether the job changes it: it has a state before, or is missing and will be restored.
    #[serde(default)]
    pub planned: bool,
    /// What became of it; `None` as long as that is open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settled: Option<Settled>,
}

impl Entry {
    /// A link that is known by its address only.
    pub fn at(address: LinkAddress) -> Self {
        Self { address: Some(address), ..Self::default() }
    }

    /// A link that was found.
    pub fn of(link: &Link) -> Self {
        Self { address: Some(link.address.clone()), id: Some(link.id()), ..Self::default() }
    }

    /// A link that does not exist.
    pub fn missing(id: LinkId) -> Self {
        let settled = Settled::because(LinkResult::Failed, "link not found");
        Self { id: Some(id), settled: Some(settled), ..Self::default() }
    }

    /// Forgets what was planned: the link has changed since.
    pub fn replan(&mut self) {
        (self.before, self.moved_to, self.planned) = (None, None, false);
    }
}

/// Writes the entries of a chunk.
///
/// # Errors
/// None in practice: an entry has only texts, numbers and lists of them.
pub fn encode(entries: &[Entry]) -> Result<Vec<u8>, StoreError> {
    let mut text = Vec::new();
    for entry in entries {
        serde_json::to_writer(&mut text, entry).map_err(|error| broken("chunk.encode", error))?;
        text.push(b'\n');
    }
    Ok(text)
}

/// Reads the entries of the chunk in the file `key`.
///
/// # Errors
/// Those of the store, and [`StoreErrorKind::Broken`] if the file is not a chunk.
pub async fn read_chunk(files: &dyn FileStore, key: &str) -> Result<Vec<Entry>, StoreError> {
    let bytes = read_file(files, key).await?;
    let lines = bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    lines.map(|line| serde_json::from_slice(line).map_err(|error| broken("chunk.read", error))).collect()
}

/// Reads a file that this stack wrote.
pub(crate) async fn read_file(files: &dyn FileStore, key: &str) -> Result<Bytes, StoreError> {
    let (mut all, mut body) = (Vec::new(), files.read(key).await?);
    while let Some(piece) = body.next().await {
        all.extend_from_slice(&piece?);
    }
    Ok(all.into())
}

fn broken(operation: &'static str, error: serde_json::Error) -> StoreError {
    StoreError::new(operation, StoreErrorKind::Broken, error)
}
