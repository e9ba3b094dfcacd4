//! Declares the port by which a redirect reads collections.

use std::sync::Arc;

use async_trait::async_trait;

use super::collection::Collection;
use super::id::CollectionId;
use super::ports::FilesPart;
use crate::values::error::StoreError;
use crate::values::workspace::WorkspaceId;

/// Names a collection. As with files, an id alone leads nowhere.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct CollectionAddress {
    /// The workspace that it belongs to.
    pub workspace: WorkspaceId,
    /// Its id.
    pub id: CollectionId,
}

/// A collection and a part of its files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CollectionPart {
    /// The collection.
    pub collection: Collection,
    /// The files.
    pub part: FilesPart,
}

/// Reads collections. What it answers may lag behind the last write by less than a second.
#[async_trait]
pub trait CollectionReader: Send + Sync {
    /// Returns the collection at the address.
    async fn collection(&self, address: &CollectionAddress) -> Result<Option<Arc<Collection>>, StoreError>;
    /// Returns the collection with those of its files whose paths have greater keys than `after`, as many as a page shows.
    async fn part(
        &self,
        address: &CollectionAddress,
        after: Option<&str>,
    ) -> Result<Option<Arc<CollectionPart>>, StoreError>;
}

/// How many files a page shows.
pub const FILES_ON_A_PAGE: usize = 1000;
