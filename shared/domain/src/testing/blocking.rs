//! Implements the ports of the list of blocked targets in memory.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use async_trait::async_trait;

use super::outage::{lock, outage};
use crate::blocking::entry::BlockedTarget;
use crate::blocking::ports::{BlockListReader, BlockListWriter};
use crate::values::block_list::{BlockPattern, BlockReason};
use crate::values::error::StoreError;
use crate::values::timestamp::Timestamp;

/// A list, which can fail.
#[derive(Default)]
pub struct MemoryBlockList {
    entries: Mutex<(BTreeMap<BlockPattern, BlockedTarget>, u64)>,
    failing: AtomicBool,
    reads: AtomicUsize,
}

impl MemoryBlockList {
    /// Makes every later call fail, or work again.
    pub fn fail(&self, failing: bool) {
        self.failing.store(failing, Ordering::SeqCst);
    }

    /// Returns how many pages were read.
    pub fn reads(&self) -> usize {
        self.reads.load(Ordering::SeqCst)
    }

    /// Blocks a target as malware. Panics if it is not one.
    #[allow(clippy::expect_used, reason = "only tests call it")]
    pub async fn block(&self, target: &str) {
        let entry = BlockedTarget {
            target: BlockPattern::parse(target).expect("a valid pattern"),
            reason: BlockReason::Malware,
            note: None,
            added_at: Timestamp::parse("2026-01-01T00:00:00Z").expect("a valid time"),
            added_by: "key_test".to_owned(),
        };
        self.put(&[entry]).await.expect("the list works");
    }

    fn check(&self) -> Result<(), StoreError> {
        if self.failing.load(Ordering::SeqCst) { Err(outage("block_list")) } else { Ok(()) }
    }
}

#[async_trait]
impl BlockListReader for MemoryBlockList {
    async fn revision(&self) -> Result<u64, StoreError> {
        self.check()?;
        Ok(lock(&self.entries).1)
    }

    async fn page(
        &self,
        prefix: &str,
        after: Option<&BlockPattern>,
        limit: usize,
    ) -> Result<Vec<BlockedTarget>, StoreError> {
        self.check()?;
        self.reads.fetch_add(1, Ordering::SeqCst);
        let entries = lock(&self.entries);
        let selected = entries.0.values().filter(|entry| {
            entry.target.as_str().starts_with(prefix) && after.is_none_or(|after| entry.target > *after)
        });
        Ok(selected.take(limit).cloned().collect())
    }
}

#[async_trait]
impl BlockListWriter for MemoryBlockList {
    async fn put(&self, new: &[BlockedTarget]) -> Result<(), StoreError> {
        self.check()?;
        let mut entries = lock(&self.entries);
        entries.0.extend(new.iter().map(|entry| (entry.target.clone(), entry.clone())));
        entries.1 += 1;
        Ok(())
    }

    async fn remove(&self, target: &BlockPattern) -> Result<bool, StoreError> {
        self.check()?;
        let mut entries = lock(&self.entries);
        entries.1 += 1;
        Ok(entries.0.remove(target).is_some())
    }
}
