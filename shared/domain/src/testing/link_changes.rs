//! Implements the ports of jobs that change links in memory.

use std::collections::HashMap;
use std::sync::Mutex;

use async_trait::async_trait;

use super::outage::lock;
use crate::link_changes::id::LinkChangeId;
use crate::link_changes::job::LinkChange;
use crate::link_changes::ports::{LinkChangeQueue, LinkChangeRequest, LinkChangeStore};
use crate::values::error::StoreError;
use crate::values::workspace::WorkspaceId;

/// A store of jobs.
#[derive(Default)]
pub struct MemoryLinkChanges(Mutex<HashMap<(WorkspaceId, LinkChangeId), LinkChange>>);

#[async_trait]
impl LinkChangeStore for MemoryLinkChanges {
    async fn create(&self, job: &LinkChange) -> Result<bool, StoreError> {
        let mut jobs = lock(&self.0);
        let key = (job.workspace.clone(), job.id.clone());
        let free = !jobs.contains_key(&key);
        if free {
            jobs.insert(key, job.clone());
        }
        Ok(free)
    }

    async fn get(&self, workspace: &WorkspaceId, id: &LinkChangeId) -> Result<Option<LinkChange>, StoreError> {
        Ok(lock(&self.0).get(&(workspace.clone(), id.clone())).cloned())
    }

    async fn newest(
        &self,
        workspace: &WorkspaceId,
        before: Option<&LinkChangeId>,
        limit: usize,
    ) -> Result<Vec<LinkChange>, StoreError> {
        let jobs = lock(&self.0);
        let is_asked = |job: &&LinkChange| job.workspace == *workspace && before.is_none_or(|before| job.id < *before);
        let mut own: Vec<LinkChange> = jobs.values().filter(is_asked).cloned().collect();
        own.sort_by(|a, b| b.id.cmp(&a.id));
        own.truncate(limit);
        Ok(own)
    }

    async fn replace(&self, next: &LinkChange) -> Result<bool, StoreError> {
        let mut jobs = lock(&self.0);
        let Some(stored) = jobs.get_mut(&(next.workspace.clone(), next.id.clone())) else { return Ok(false) };
        if stored.revision + 1 == next.revision {
            *stored = next.clone();
        }
        Ok(stored == next)
    }
}

/// A queue of jobs.
#[derive(Default)]
pub struct MemoryLinkChangeQueue(Mutex<Vec<LinkChangeRequest>>);

impl MemoryLinkChangeQueue {
    /// Takes all messages.
    pub fn take(&self) -> Vec<LinkChangeRequest> {
        std::mem::take(&mut lock(&self.0))
    }
}

#[async_trait]
impl LinkChangeQueue for MemoryLinkChangeQueue {
    async fn send(&self, request: &LinkChangeRequest) -> Result<(), StoreError> {
        lock(&self.0).push(request.clone());
        Ok(())
    }
}
