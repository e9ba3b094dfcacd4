//! Declares what the settings of workspaces need from outside.

use async_trait::async_trait;

use super::settings::WorkspaceSettings;
use crate::values::error::StoreError;
use crate::values::workspace::WorkspaceId;

/// Reads the settings of workspaces.
#[async_trait]
pub trait SettingsReader: Send + Sync {
    /// Returns the settings, the default ones if the workspace has never set any. Sees every write that finished before.
    async fn get(&self, workspace: &WorkspaceId) -> Result<WorkspaceSettings, StoreError>;
}

/// Writes the settings of workspaces.
#[async_trait]
pub trait SettingsWriter: Send + Sync {
    /// Writes `next` if the stored revision is the one before that of `next`. Returns whether it was.
    async fn replace(&self, workspace: &WorkspaceId, next: &WorkspaceSettings) -> Result<bool, StoreError>;
}
