//! Implements the ports of the catalogue in memory.

use std::collections::{BTreeMap, HashMap};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;

use super::outage::{lock, outage, yield_once};
use crate::catalog::head::CatalogHead;
use crate::catalog::patch::{LaneClicks, LinkBits};
use crate::catalog::ports::{CatalogStore, LinkTotals, LogItem, Newest};
use crate::links::link::Link;
use crate::values::error::StoreError;
use crate::values::workspace::WorkspaceId;

/// Logs and heads of catalogues. Every so many calls fail, if a test wants that.
#[derive(Default)]
pub struct MemoryCatalogStore {
    logs: Mutex<HashMap<WorkspaceId, BTreeMap<u64, LogItem>>>,
    heads: Mutex<HashMap<WorkspaceId, CatalogHead>>,
    calls: AtomicUsize,
    fail_every: AtomicUsize,
}

impl MemoryCatalogStore {
    /// Makes every `count`th call fail, the half of them after it has done its work. 0 lets all work.
    pub fn fail_every(&self, count: usize) {
        self.fail_every.store(count, Ordering::SeqCst);
    }

    /// Returns the numbers of the items of a log.
    pub fn numbers(&self, workspace: &WorkspaceId) -> Vec<u64> {
        lock(&self.logs).get(workspace).map(|log| log.keys().copied().collect()).unwrap_or_default()
    }

    /// Counts a call. Returns whether it fails before and after its work.
    async fn call(&self) -> Result<bool, StoreError> {
        yield_once().await;
        let call = self.calls.fetch_add(1, Ordering::SeqCst);
        match self.fail_every.load(Ordering::SeqCst) {
            0 => Ok(false),
            every if !call.is_multiple_of(every) => Ok(false),
            every if (call / every).is_multiple_of(2) => Err(outage("catalog.memory")),
            _ => Ok(true),
        }
    }
}

fn lost<T>(answer: T, is_lost: bool) -> Result<T, StoreError> {
    if is_lost { Err(outage("catalog.memory")) } else { Ok(answer) }
}

#[async_trait]
impl CatalogStore for MemoryCatalogStore {
    async fn newest(&self, workspace: &WorkspaceId) -> Result<Newest, StoreError> {
        let is_lost = self.call().await?;
        let newest = lock(&self.logs).get(workspace).and_then(|log| {
            let item = log.last_key_value()?.1;
            Some(Newest { number: item.number, total: item.total })
        });
        lost(newest.unwrap_or_default(), is_lost)
    }

    async fn append(&self, workspace: &WorkspaceId, item: &LogItem) -> Result<bool, StoreError> {
        let is_lost = self.call().await?;
        let mut logs = lock(&self.logs);
        let log = logs.entry(workspace.clone()).or_default();
        if log.contains_key(&item.number) {
            return lost(false, is_lost);
        }
        log.insert(item.number, item.clone());
        lost(true, is_lost)
    }

    async fn read_from(&self, workspace: &WorkspaceId, number: u64) -> Result<Vec<LogItem>, StoreError> {
        let is_lost = self.call().await?;
        let logs = lock(&self.logs);
        let items = logs.get(workspace).map(|log| log.range(number..).map(|(_, item)| item.clone()).collect());
        lost(items.unwrap_or_default(), is_lost)
    }

    async fn delete(&self, workspace: &WorkspaceId, numbers: &[u64]) -> Result<(), StoreError> {
        let is_lost = self.call().await?;
        if let Some(log) = lock(&self.logs).get_mut(workspace) {
            log.retain(|number, _| !numbers.contains(number));
        }
        lost((), is_lost)
    }

    async fn head(&self, workspace: &WorkspaceId) -> Result<Option<CatalogHead>, StoreError> {
        let is_lost = self.call().await?;
        lost(lock(&self.heads).get(workspace).cloned(), is_lost)
    }

    async fn put_head(&self, workspace: &WorkspaceId, head: &CatalogHead) -> Result<bool, StoreError> {
        let is_lost = self.call().await?;
        let mut heads = lock(&self.heads);
        let expected = heads.get(workspace).map_or(0, |stored| stored.revision + 1);
        if head.revision != expected {
            return lost(false, is_lost);
        }
        heads.insert(workspace.clone(), head.clone());
        lost(true, is_lost)
    }
}

/// Totals of clicks.
#[derive(Default)]
pub struct MemoryTotals(Mutex<HashMap<LinkBits, Vec<LaneClicks>>>);

impl MemoryTotals {
    /// Sets the clicks of a link in a lane.
    pub fn set(&self, link: LinkBits, clicks: LaneClicks) {
        let mut all = lock(&self.0);
        let lanes = all.entry(link).or_default();
        lanes.retain(|lane| lane.lane != clicks.lane);
        lanes.push(clicks);
    }
}

#[async_trait]
impl LinkTotals for MemoryTotals {
    async fn of(&self, link: &Link) -> Result<Vec<LaneClicks>, StoreError> {
        yield_once().await;
        Ok(lock(&self.0).get(&link.id().bits()).cloned().unwrap_or_default())
    }
}
