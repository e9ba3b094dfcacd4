//! Declares the ports of imports.

use async_trait::async_trait;

use super::id::ImportId;
use super::import::Import;
use super::part::{Part, PartId};
use crate::values::error::StoreError;
use crate::values::workspace::WorkspaceId;

/// Keeps imports.
#[async_trait]
pub trait ImportStore: Send + Sync {
    /// Writes `import` if its id is free; returns whether it was.
    async fn create(&self, import: &Import) -> Result<bool, StoreError>;
    /// Returns the import as it was last written.
    async fn get(&self, workspace: &WorkspaceId, id: &ImportId) -> Result<Option<Import>, StoreError>;
    /// Writes `next` in place of the revision before it; returns `false` if the stored one is another. Returns `true` if the
    /// store holds `next` already: the answer to an earlier call may have been lost.
    async fn replace(&self, next: &Import) -> Result<bool, StoreError>;
}

/// Lists a workspace's imports.
#[async_trait]
pub trait ImportIndex: Send + Sync {
    /// Returns up to `limit` imports of `workspace`, the newest first, whose [`Import::list_key`] is less than `before`.
    async fn newest(
        &self,
        workspace: &WorkspaceId,
        before: Option<&str>,
        limit: usize,
    ) -> Result<Vec<Import>, StoreError>;
}

/// Keeps the parts of imports.
#[async_trait]
pub trait PartStore: Send + Sync {
    /// Writes `part` if there is none with its number in its plan; returns whether it did. After a lost answer it may return
    /// `false` for the part that it has written.
    async fn create(&self, part: &Part) -> Result<bool, StoreError>;
    /// Returns the part as it was last written.
    async fn get(&self, id: &PartId) -> Result<Option<Part>, StoreError>;
    /// Returns all parts of a plan, in their order. It sees every write that finished before.
    async fn all(&self, import: &ImportId, plan: u64) -> Result<Vec<Part>, StoreError>;
    /// Writes `next` in place of the revision before it; returns `false` if the stored one is another. Returns `true` if the
    /// store holds `next` already: the answer to an earlier call may have been lost.
    async fn replace(&self, next: &Part) -> Result<bool, StoreError>;
}

/// Queues parts to be loaded.
#[async_trait]
pub trait PartQueue: Send + Sync {
    /// Queues `parts`. Each is delivered at least once, in any order.
    async fn send(&self, parts: &[PartId]) -> Result<(), StoreError>;
}
