//! Declares the port that keeps what workspaces say of tags.

use async_trait::async_trait;

use super::tag::TagDefinition;
use crate::values::error::StoreError;
use crate::values::workspace::WorkspaceId;

/// Keeps definitions of tags. Every read sees every write that finished before.
#[async_trait]
pub trait TagStore: Send + Sync {
    /// Returns what the workspace says of `tag`.
    async fn get(&self, workspace: &WorkspaceId, tag: &str) -> Result<Option<TagDefinition>, StoreError>;
    /// Returns all definitions of the workspace, in the order of the tags' bytes.
    async fn all(&self, workspace: &WorkspaceId) -> Result<Vec<TagDefinition>, StoreError>;
    /// Writes `next` in place of the revision before it, or if its revision is 0 and there is none. Returns whether it did, or the store
    /// holds `next` already.
    async fn put(&self, next: &TagDefinition) -> Result<bool, StoreError>;
    /// Deletes what the workspace says of `tag`, if anything.
    async fn delete(&self, workspace: &WorkspaceId, tag: &str) -> Result<(), StoreError>;
}
