//! Implements the ports of exports in memory.

use std::collections::HashMap;
use std::sync::Mutex;

use async_trait::async_trait;

use super::outage::lock;
use crate::exports::export::{Export, ExportId};
use crate::exports::ports::{ExportQueue, ExportRequest, ExportStore};
use crate::values::error::StoreError;
use crate::values::workspace::WorkspaceId;

/// A store of exports.
#[derive(Default)]
pub struct MemoryExports(Mutex<HashMap<(WorkspaceId, ExportId), Export>>);

#[async_trait]
impl ExportStore for MemoryExports {
    async fn create(&self, export: &Export) -> Result<bool, StoreError> {
        let mut exports = lock(&self.0);
        let key = (export.workspace.clone(), export.id.clone());
        let free = !exports.contains_key(&key);
        if free {
            exports.insert(key, export.clone());
        }
        Ok(free)
    }

    async fn get(&self, workspace: &WorkspaceId, id: &ExportId) -> Result<Option<Export>, StoreError> {
        Ok(lock(&self.0).get(&(workspace.clone(), id.clone())).cloned())
    }

    async fn newest(
        &self,
        workspace: &WorkspaceId,
        before: Option<&ExportId>,
        limit: usize,
    ) -> Result<Vec<Export>, StoreError> {
        let exports = lock(&self.0);
        let is_asked =
            |export: &&Export| export.workspace == *workspace && before.is_none_or(|before| export.id < *before);
        let mut own: Vec<Export> = exports.values().filter(is_asked).cloned().collect();
        own.sort_by(|a, b| b.id.cmp(&a.id));
        own.truncate(limit);
        Ok(own)
    }

    async fn replace(&self, next: &Export) -> Result<bool, StoreError> {
        let mut exports = lock(&self.0);
        let Some(stored) = exports.get_mut(&(next.workspace.clone(), next.id.clone())) else { return Ok(false) };
        if stored.revision + 1 == next.revision {
            *stored = next.clone();
        }
        Ok(stored == next)
    }
}

/// A queue of export requests.
#[derive(Default)]
pub struct MemoryExportQueue(Mutex<Vec<ExportRequest>>);

impl MemoryExportQueue {
    /// Takes all requests.
    pub fn take(&self) -> Vec<ExportRequest> {
        std::mem::take(&mut lock(&self.0))
    }
}

#[async_trait]
impl ExportQueue for MemoryExportQueue {
    async fn send(&self, request: &ExportRequest) -> Result<(), StoreError> {
        lock(&self.0).push(request.clone());
        Ok(())
    }
}
