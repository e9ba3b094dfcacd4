//! Declares the ports of exports.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::export::{Export, ExportId};
use crate::values::error::StoreError;
use crate::values::workspace::WorkspaceId;

/// Keeps exports.
#[async_trait]
pub trait ExportStore: Send + Sync {
    /// Writes `export` if its id is free; returns whether it was.
    async fn create(&self, export: &Export) -> Result<bool, StoreError>;
    /// Returns the export as it was last written.
    async fn get(&self, workspace: &WorkspaceId, id: &ExportId) -> Result<Option<Export>, StoreError>;
    /// Lists the `limit` newest exports of the workspace that are older than `before`, the newest first.
    async fn newest(
        &self,
        workspace: &WorkspaceId,
        before: Option<&ExportId>,
        limit: usize,
    ) -> Result<Vec<Export>, StoreError>;
    /// Writes `next` in place of the revision before it; returns `false` if the stored one is another. Returns `true` if the
    /// store holds `next` already: the answer to an earlier call may have been lost.
    async fn replace(&self, next: &Export) -> Result<bool, StoreError>;
}

/// The message that asks for an export to be written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExportRequest {
    /// The workspace.
    pub workspace: WorkspaceId,
    /// The export.
    pub export: ExportId,
    /// The export's turn, [`Export::turn`], for which it was sent.
    #[serde(default)]
    pub turn: u32,
}

impl ExportRequest {
    /// Makes the first message of a new export.
    pub fn first(export: &Export) -> Self {
        Self { workspace: export.workspace.clone(), export: export.id.clone(), turn: export.turn }
    }

    /// Makes the message by which `export`, that this message wrote, goes on.
    pub fn next(export: &Export) -> Self {
        Self { turn: export.turn + 1, ..Self::first(export) }
    }
}

/// Queues exports to be written.
#[async_trait]
pub trait ExportQueue: Send + Sync {
    /// Queues `request`, which is delivered at least once.
    async fn send(&self, request: &ExportRequest) -> Result<(), StoreError>;
}
