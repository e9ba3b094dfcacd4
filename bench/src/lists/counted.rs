//! Counts what a store of catalogues costs: calls, and units as DynamoDB counts them.

use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use waypost_aws::dynamo::catalog::DynamoCatalogs;
use waypost_domain::catalog::head::CatalogHead;
use waypost_domain::catalog::ports::{CatalogStore, LogBody, LogItem, Newest};
use waypost_domain::{StoreError, WorkspaceId};

/// What the calls cost.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Cost {
    pub(crate) calls: f64,
    pub(crate) read_units: f64,
    pub(crate) write_units: f64,
}

/// A store that counts.
pub(crate) struct Counted {
    store: DynamoCatalogs,
    cost: Mutex<Cost>,
}

/// The keys and numbers of an item, in bytes.
const KEYS: usize = 60;

fn item_bytes(item: &LogItem) -> usize {
    KEYS + match &item.body {
        LogBody::Block(block) => block.len(),
        LogBody::Object(key) => key.len(),
    }
}

fn head_bytes(head: &CatalogHead) -> usize {
    // JSON has quotes where an item has a byte of the type.
    KEYS + serde_json::to_string(head).map_or(0, |json| json.len())
}

/// Units of a strongly consistent read: 4 KB each.
fn read_units(bytes: usize) -> f64 {
    bytes.div_ceil(4096).max(1) as f64
}

/// Units of a write: 1 KB each.
fn write_units(bytes: usize) -> f64 {
    bytes.div_ceil(1024).max(1) as f64
}

impl Counted {
    pub(crate) fn new(store: DynamoCatalogs) -> Self {
        Self { store, cost: Mutex::default() }
    }

    /// Returns the cost so far, and begins anew.
    pub(crate) fn take(&self) -> Cost {
        std::mem::take(&mut self.cost.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn add(&self, calls: f64, read_units: f64, write_units: f64) {
        let mut cost = self.cost.lock().unwrap_or_else(PoisonError::into_inner);
        cost.calls += calls;
        cost.read_units += read_units;
        cost.write_units += write_units;
    }
}

#[async_trait]
impl CatalogStore for Counted {
    async fn newest(&self, workspace: &WorkspaceId) -> Result<Newest, StoreError> {
        // A query reads whole items, whatever it returns of them.
        let newest = self.store.newest(workspace).await?;
        let bytes = self.store.read_from(workspace, newest.number).await?.first().map_or(0, item_bytes);
        self.add(1.0, read_units(bytes), 0.0);
        Ok(newest)
    }

    async fn append(&self, workspace: &WorkspaceId, item: &LogItem) -> Result<bool, StoreError> {
        self.add(1.0, 0.0, write_units(item_bytes(item)));
        self.store.append(workspace, item).await
    }

    async fn read_from(&self, workspace: &WorkspaceId, number: u64) -> Result<Vec<LogItem>, StoreError> {
        let items = self.store.read_from(workspace, number).await?;
        let bytes: usize = items.iter().map(item_bytes).sum();
        self.add(bytes.div_ceil(1 << 20).max(1) as f64, read_units(bytes), 0.0);
        Ok(items)
    }

    async fn delete(&self, workspace: &WorkspaceId, numbers: &[u64]) -> Result<(), StoreError> {
        let (first, last) = (numbers.first().copied().unwrap_or(1), numbers.last().copied().unwrap_or(0));
        let items = if numbers.is_empty() { Vec::new() } else { self.store.read_from(workspace, first).await? };
        let deleted = items.iter().filter(|item| item.number <= last);
        let units = deleted.map(|item| write_units(item_bytes(item))).sum();
        self.add(numbers.len().div_ceil(25) as f64, 0.0, units);
        self.store.delete(workspace, numbers).await
    }

    async fn head(&self, workspace: &WorkspaceId) -> Result<Option<CatalogHead>, StoreError> {
        let head = self.store.head(workspace).await?;
        self.add(1.0, read_units(head.as_ref().map_or(0, head_bytes)), 0.0);
        Ok(head)
    }

    async fn put_head(&self, workspace: &WorkspaceId, head: &CatalogHead) -> Result<bool, StoreError> {
        self.add(1.0, 0.0, write_units(head_bytes(head)));
        self.store.put_head(workspace, head).await
    }
}
