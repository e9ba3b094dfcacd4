//! Declares what the list needs from outside.

use async_trait::async_trait;

use super::entry::BlockedTarget;
use crate::values::block_list::BlockPattern;
use crate::values::error::StoreError;

/// Reads the list.
#[async_trait]
pub trait BlockListReader: Send + Sync {
    /// Returns a number that is another one after each change of the list. Costs next to nothing.
    async fn revision(&self) -> Result<u64, StoreError>;
    /// Returns up to `limit` entries that begin with `prefix` and come after `after`, in the order of their texts. Sees every write
    /// that finished before.
    async fn page(
        &self,
        prefix: &str,
        after: Option<&BlockPattern>,
        limit: usize,
    ) -> Result<Vec<BlockedTarget>, StoreError>;
}

/// Changes the list.
#[async_trait]
pub trait BlockListWriter: Send + Sync {
    /// Writes entries, over those with the same target, and changes the revision after that.
    async fn put(&self, entries: &[BlockedTarget]) -> Result<(), StoreError>;
    /// Deletes the entry, and changes the revision after that. Returns whether there was one.
    async fn remove(&self, target: &BlockPattern) -> Result<bool, StoreError>;
}
