//! Implements the ports of the settings of workspaces in memory.

use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use async_trait::async_trait;

use super::outage::{lock, outage};
use crate::values::error::StoreError;
use crate::values::workspace::WorkspaceId;
use crate::workspaces::ports::{SettingsReader, SettingsWriter};
use crate::workspaces::settings::WorkspaceSettings;

/// A store of settings, which can fail.
#[derive(Default)]
pub struct MemoryWorkspaces {
    settings: Mutex<HashMap<WorkspaceId, WorkspaceSettings>>,
    failing: AtomicBool,
    writes: AtomicUsize,
    to_lose: AtomicUsize,
}

impl MemoryWorkspaces {
    /// Makes every later call fail, or work again.
    pub fn fail(&self, failing: bool) {
        self.failing.store(failing, Ordering::SeqCst);
    }

    /// Replaces the settings of a workspace.
    pub fn set(&self, workspace: &WorkspaceId, settings: WorkspaceSettings) {
        lock(&self.settings).insert(workspace.clone(), settings);
    }

    /// Returns how many writes succeeded.
    pub fn writes(&self) -> usize {
        self.writes.load(Ordering::SeqCst)
    }

    /// Lets another change come before each of the next `writes`.
    pub fn lose_next(&self, writes: usize) {
        self.to_lose.store(writes, Ordering::SeqCst);
    }

    fn check(&self, operation: &'static str) -> Result<(), StoreError> {
        if self.failing.load(Ordering::SeqCst) { Err(outage(operation)) } else { Ok(()) }
    }
}

#[async_trait]
impl SettingsReader for MemoryWorkspaces {
    async fn get(&self, workspace: &WorkspaceId) -> Result<WorkspaceSettings, StoreError> {
        self.check("settings.get")?;
        Ok(lock(&self.settings).get(workspace).cloned().unwrap_or_default())
    }
}

#[async_trait]
impl SettingsWriter for MemoryWorkspaces {
    async fn replace(&self, workspace: &WorkspaceId, next: &WorkspaceSettings) -> Result<bool, StoreError> {
        self.check("settings.replace")?;
        let mut settings = lock(&self.settings);
        let stored = settings.entry(workspace.clone()).or_default();
        let loses = self.to_lose.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
        if loses.is_ok() {
            stored.revision += 1;
        }
        if stored.revision + 1 != next.revision {
            return Ok(false);
        }
        *stored = next.clone();
        self.writes.fetch_add(1, Ordering::SeqCst);
        Ok(true)
    }
}
