//! Implements the port of tags in memory.

use std::collections::BTreeMap;
use std::sync::Mutex;

use async_trait::async_trait;

use super::outage::lock;
use crate::tags::ports::TagStore;
use crate::tags::tag::TagDefinition;
use crate::values::error::StoreError;
use crate::values::workspace::WorkspaceId;

/// A store of definitions.
#[derive(Default)]
pub struct MemoryTags(Mutex<BTreeMap<(String, String), TagDefinition>>);

fn key(workspace: &WorkspaceId, tag: &str) -> (String, String) {
    (workspace.to_string(), tag.to_owned())
}

#[async_trait]
impl TagStore for MemoryTags {
    async fn get(&self, workspace: &WorkspaceId, tag: &str) -> Result<Option<TagDefinition>, StoreError> {
        Ok(lock(&self.0).get(&key(workspace, tag)).cloned())
    }

    async fn all(&self, workspace: &WorkspaceId) -> Result<Vec<TagDefinition>, StoreError> {
        let all = lock(&self.0);
        Ok(all.values().filter(|definition| definition.workspace == *workspace).cloned().collect())
    }

    async fn put(&self, next: &TagDefinition) -> Result<bool, StoreError> {
        let mut all = lock(&self.0);
        let key = key(&next.workspace, &next.tag);
        let expected = all.get(&key).map_or(0, |stored| stored.revision + 1);
        if next.revision == expected {
            all.insert(key.clone(), next.clone());
        }
        Ok(all.get(&key) == Some(next))
    }

    async fn delete(&self, workspace: &WorkspaceId, tag: &str) -> Result<(), StoreError> {
        lock(&self.0).remove(&key(workspace, tag));
        Ok(())
    }
}
