//! Redelivery and a timer in memory.

use crate::jobs::redelivery::Redelivery;
use crate::jobs::timer::Timer;
use crate::testing::outage::give_way;
use crate::testing::outage::lock;
use crate::values::error::StoreError;
use async_trait::async_trait;
use std::sync::Mutex;

/// What is to come again when.
#[derive(Default)]
pub struct MemoryRedelivery(Mutex<Vec<(String, u32)>>);

impl MemoryRedelivery {
    /// The receipts and the seconds.
    pub fn all(&self) -> Vec<(String, u32)> {
        lock(&self.0).clone()
    }
}

#[async_trait]
impl Redelivery for MemoryRedelivery {
    async fn retry_after(&self, receipt: &str, seconds: u32) -> Result<(), StoreError> {
        lock(&self.0).push((receipt.to_owned(), seconds));
        Ok(())
    }
}

/// A timer that waits for nothing, but counts what it was asked for.
#[derive(Default)]
pub struct MemoryTimer(std::sync::atomic::AtomicU64);

impl MemoryTimer {
    /// How many milliseconds were asked for in all.
    pub fn paused_ms(&self) -> u64 {
        self.0.load(std::sync::atomic::Ordering::SeqCst)
    }
}

#[async_trait]
impl Timer for MemoryTimer {
    async fn pause(&self, millis: u64) {
        self.0.fetch_add(millis, std::sync::atomic::Ordering::SeqCst);
        give_way().await;
    }
}
