//! What exports need from outside.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::export::{Export, ExportId};
use crate::values::error::StoreError;
use crate::values::workspace::WorkspaceId;

/// Keeps exports.
#[async_trait]
pub trait ExportStore: Send + Sync {
    /// Writes `export` if there is none with its id; says whether it did.
    async fn create(&self, export: &Export) -> Result<bool, StoreError>;
    /// The export as it was last written.
    async fn get(&self, workspace: &WorkspaceId, id: &ExportId) -> Result<Option<Export>, StoreError>;
    /// Writes `next` in place of the revision before it; `false` if that is no longer the last one. Writing the same
    /// `next` twice is not an error: an answer may have been lost.
    async fn replace(&self, next: &Export) -> Result<bool, StoreError>;
}

/// Names an export: what is sent to whoever writes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExportRequest {
    /// The workspace.
    pub workspace: WorkspaceId,
    /// The export.
    pub export: ExportId,
}

/// Has exports written.
#[async_trait]
pub trait ExportQueue: Send + Sync {
    /// Has the export written, once or more often, soon.
    async fn send(&self, request: &ExportRequest) -> Result<(), StoreError>;
}
