//! Implements the ports of imports in memory. Calls yield once, so that concurrent calls interleave.

use std::collections::{BTreeMap, HashMap};
use std::sync::Mutex;

use async_trait::async_trait;

use super::outage::{lock, yield_once};
use crate::imports::job::id::ImportId;
use crate::imports::job::import::Import;
use crate::imports::job::part::{Part, PartId};
use crate::imports::job::ports::{ImportIndex, ImportStore, PartQueue, PartStore};
use crate::values::error::StoreError;
use crate::values::workspace::WorkspaceId;

/// A store of imports.
#[derive(Default)]
pub struct MemoryImports(Mutex<HashMap<(WorkspaceId, ImportId), Import>>);

impl MemoryImports {
    /// Returns all imports in the order of creation.
    pub fn all(&self) -> Vec<Import> {
        let mut all: Vec<Import> = lock(&self.0).values().cloned().collect();
        all.sort_by_key(Import::list_key);
        all
    }
}

#[async_trait]
impl ImportStore for MemoryImports {
    async fn create(&self, import: &Import) -> Result<bool, StoreError> {
        yield_once().await;
        let mut imports = lock(&self.0);
        let key = (import.workspace.clone(), import.id.clone());
        let free = !imports.contains_key(&key);
        if free {
            imports.insert(key, import.clone());
        }
        Ok(free)
    }

    async fn get(&self, workspace: &WorkspaceId, id: &ImportId) -> Result<Option<Import>, StoreError> {
        yield_once().await;
        Ok(lock(&self.0).get(&(workspace.clone(), id.clone())).cloned())
    }

    async fn replace(&self, next: &Import) -> Result<bool, StoreError> {
        yield_once().await;
        let mut imports = lock(&self.0);
        let Some(stored) = imports.get_mut(&(next.workspace.clone(), next.id.clone())) else { return Ok(false) };
        if stored.revision + 1 == next.revision {
            *stored = next.clone();
        }
        Ok(stored == next)
    }
}

#[async_trait]
impl ImportIndex for MemoryImports {
    async fn newest(
        &self,
        workspace: &WorkspaceId,
        before: Option<&str>,
        limit: usize,
    ) -> Result<Vec<Import>, StoreError> {
        let all = self.all().into_iter().rev().filter(|import| import.workspace == *workspace);
        Ok(all.filter(|import| before.is_none_or(|before| import.list_key().as_str() < before)).take(limit).collect())
    }
}

/// A store of the parts of imports.
#[derive(Default)]
pub struct MemoryParts(Mutex<BTreeMap<(ImportId, u64, u32), Part>>);

#[async_trait]
impl PartStore for MemoryParts {
    async fn create(&self, part: &Part) -> Result<bool, StoreError> {
        yield_once().await;
        let mut parts = lock(&self.0);
        let key = (part.import.clone(), part.plan, part.number);
        let free = !parts.contains_key(&key);
        if free {
            parts.insert(key, part.clone());
        }
        Ok(free)
    }

    async fn get(&self, id: &PartId) -> Result<Option<Part>, StoreError> {
        yield_once().await;
        Ok(lock(&self.0).get(&(id.import.clone(), id.plan, id.part)).cloned())
    }

    async fn all(&self, import: &ImportId, plan: u64) -> Result<Vec<Part>, StoreError> {
        yield_once().await;
        let range = (import.clone(), plan, 0)..=(import.clone(), plan, u32::MAX);
        Ok(lock(&self.0).range(range).map(|(_, part)| part.clone()).collect())
    }

    async fn replace(&self, next: &Part) -> Result<bool, StoreError> {
        yield_once().await;
        let mut parts = lock(&self.0);
        let Some(stored) = parts.get_mut(&(next.import.clone(), next.plan, next.number)) else { return Ok(false) };
        if stored.revision + 1 == next.revision {
            *stored = next.clone();
        }
        Ok(stored == next)
    }
}

/// A queue of messages that ask to load a part.
#[derive(Default)]
pub struct MemoryPartQueue(Mutex<Vec<PartId>>);

impl MemoryPartQueue {
    /// Takes all messages.
    pub fn take(&self) -> Vec<PartId> {
        std::mem::take(&mut lock(&self.0))
    }
}

#[async_trait]
impl PartQueue for MemoryPartQueue {
    async fn send(&self, parts: &[PartId]) -> Result<(), StoreError> {
        yield_once().await;
        lock(&self.0).extend_from_slice(parts);
        Ok(())
    }
}
