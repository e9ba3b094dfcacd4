//! Implements the ports of queued jobs in memory.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;

use super::outage::{lock, yield_once};
use crate::jobs::delivery::Delivery;
use crate::jobs::redelivery::Redelivery;
use crate::jobs::timer::Timer;
use crate::values::error::StoreError;
use crate::values::timestamp::Timestamp;

/// Makes an invocation for the request `request_id` that ends at `deadline`. Each is another try.
pub fn delivery(request_id: impl Into<String>, deadline: Timestamp) -> Delivery {
    static TRIES: AtomicU64 = AtomicU64::new(0);
    Delivery { request_id: request_id.into(), attempt: TRIES.fetch_add(1, Ordering::SeqCst), deadline }
}

/// A list of the redeliveries that were asked for.
#[derive(Default)]
pub struct MemoryRedelivery(Mutex<Vec<(String, u32)>>);

impl MemoryRedelivery {
    /// Returns the receipt of each message and its delay in seconds.
    pub fn all(&self) -> Vec<(String, u32)> {
        lock(&self.0).clone()
    }
}

#[async_trait]
impl Redelivery for MemoryRedelivery {
    /// Keeps no record of it: the message is about to be worked on.
    async fn hold(&self, _: &str, _: u32) -> Result<(), StoreError> {
        Ok(())
    }

    async fn retry_after(&self, receipt: &str, seconds: u32) -> Result<(), StoreError> {
        lock(&self.0).push((receipt.to_owned(), seconds));
        Ok(())
    }
}

/// A timer that does not wait, but adds up the pauses.
#[derive(Default)]
pub struct MemoryTimer(AtomicU64);

impl MemoryTimer {
    /// Returns the sum of all pauses, in milliseconds.
    pub fn paused_ms(&self) -> u64 {
        self.0.load(Ordering::SeqCst)
    }
}

#[async_trait]
impl Timer for MemoryTimer {
    async fn pause(&self, millis: u64) {
        self.0.fetch_add(millis, Ordering::SeqCst);
        yield_once().await;
    }
}
