//! Declares the port by which a redirect reads a file's record.

use std::sync::Arc;

use async_trait::async_trait;

use super::file::StoredFile;
use super::id::FileId;
use crate::values::error::StoreError;
use crate::values::workspace::WorkspaceId;

/// Names a file: an id alone leads nowhere, so that no link reaches a file of another workspace.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct FileAddress {
    /// The workspace that it belongs to.
    pub workspace: WorkspaceId,
    /// Its id.
    pub id: FileId,
}

/// Reads records of files.
#[async_trait]
pub trait FileReader: Send + Sync {
    /// Returns the file at the address, as it was last written.
    async fn file(&self, address: &FileAddress) -> Result<Option<Arc<StoredFile>>, StoreError>;
}
