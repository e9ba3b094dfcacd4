//! What imports need from outside.

use async_trait::async_trait;

use super::id::ImportId;
use super::import::Import;
use super::part::{Part, PartId};
use crate::values::error::StoreError;
use crate::values::workspace::WorkspaceId;

/// Keeps imports.
#[async_trait]
pub trait ImportStore: Send + Sync {
    /// Writes `import` if there is none with its id; says whether it did.
    async fn create(&self, import: &Import) -> Result<bool, StoreError>;
    /// The import as it was last written.
    async fn get(&self, workspace: &WorkspaceId, id: &ImportId) -> Result<Option<Import>, StoreError>;
    /// Writes `next` in place of the revision before it; `false` if that is no longer the last one. Writing the same
    /// `next` twice is not an error: an answer may have been lost.
    async fn replace(&self, next: &Import) -> Result<bool, StoreError>;
}

/// Lists a workspace's imports.
#[async_trait]
pub trait ImportIndex: Send + Sync {
    /// Up to `limit` imports of `workspace`, the newest first, whose [`Import::list_key`] is less than `before`.
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
    /// Writes `parts`, which nobody knows of yet.
    async fn put_all(&self, parts: &[Part]) -> Result<(), StoreError>;
    /// The part as it was last written.
    async fn get(&self, id: &PartId) -> Result<Option<Part>, StoreError>;
    /// All parts of a plan, in their order. Sees every write that was finished before.
    async fn all(&self, import: &ImportId, plan: u64) -> Result<Vec<Part>, StoreError>;
    /// Writes `next` in place of the revision before it; `false` if that is no longer the last one. Writing the same
    /// `next` twice is not an error: an answer may have been lost.
    async fn replace(&self, next: &Part) -> Result<bool, StoreError>;
}

/// Has parts loaded.
#[async_trait]
pub trait PartQueue: Send + Sync {
    /// Has each of `parts` loaded, once or more often, soon, in any order.
    async fn send(&self, parts: &[PartId]) -> Result<(), StoreError>;
}
