//! Declares the port that keeps collections.

use async_trait::async_trait;

use super::collection::Collection;
use super::id::CollectionId;
use crate::files::file::StoredFile;
use crate::values::error::StoreError;
use crate::values::timestamp::Timestamp;
use crate::values::workspace::WorkspaceId;

/// A part of a collection's files.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FilesPart {
    /// The files, in the order of the keys of their paths. Those that were removed while it was read are left out.
    pub files: Vec<StoredFile>,
    /// The key of the last path that was read, if others follow.
    pub next: Option<String>,
}

/// Keeps collections. Files come and go through [`StoredFiles`](crate::files::store_ports::StoredFiles), which counts them.
#[async_trait]
pub trait StoredCollections: Send + Sync {
    /// Adds `collection`; returns `false` if its id is taken by another.
    async fn add(&self, collection: &Collection) -> Result<bool, StoreError>;
    /// Returns the collection as it was last written.
    async fn get(&self, workspace: &WorkspaceId, id: &CollectionId) -> Result<Option<Collection>, StoreError>;
    /// Lists the `limit` newest collections of the workspace that are older than `before`, the newest first.
    async fn newest(
        &self,
        workspace: &WorkspaceId,
        before: Option<&CollectionId>,
        limit: usize,
    ) -> Result<Vec<Collection>, StoreError>;
    /// Lists files whose paths have greater keys than `after`: those of `limit` paths. Sees every write that finished before.
    async fn files(
        &self,
        workspace: &WorkspaceId,
        id: &CollectionId,
        after: Option<&str>,
        limit: usize,
    ) -> Result<FilesPart, StoreError>;
    /// Notes that the collection is deleted at `now`, unless it was before: from then on no file can be added. Returns it as it is then, or `None`
    /// if there is none.
    async fn mark_deleted(
        &self,
        workspace: &WorkspaceId,
        id: &CollectionId,
        now: Timestamp,
    ) -> Result<Option<Collection>, StoreError>;
    /// Removes a collection that is deleted and has no files. Returns whether there is none then.
    async fn forget(&self, workspace: &WorkspaceId, id: &CollectionId) -> Result<bool, StoreError>;
}
