//! Implements the token buckets of rate limits in memory.

use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use async_trait::async_trait;

use super::outage::{lock, outage};
use crate::access::rate_limit::{Bucket, Micros, RateLimit, Taken, TokenBuckets};
use crate::values::error::StoreError;

/// A store of token buckets, which can fail.
#[derive(Default)]
pub struct MemoryBuckets {
    buckets: Mutex<HashMap<String, Bucket>>,
    calls: AtomicUsize,
    failing: AtomicBool,
}

impl MemoryBuckets {
    /// Makes every later call fail.
    pub fn fail(&self) {
        self.failing.store(true, Ordering::SeqCst);
    }

    /// Returns how many calls there were.
    pub fn calls(&self) -> usize {
        self.calls.load(Ordering::SeqCst)
    }
}

#[async_trait]
impl TokenBuckets for MemoryBuckets {
    async fn take(&self, key_id: &str, limit: RateLimit, wanted: u32, now: Micros) -> Result<Taken, StoreError> {
        self.calls.fetch_add(1, Ordering::SeqCst);
        if self.failing.load(Ordering::SeqCst) {
            return Err(outage("limits.take"));
        }
        let mut buckets = lock(&self.buckets);
        let bucket = buckets.entry(key_id.to_owned()).or_insert(Bucket { full_at: now });
        let tokens = wanted.min(bucket.available(limit, now));
        if tokens > 0 {
            *bucket = bucket.without(limit, tokens, now);
        }
        Ok(Taken { tokens, bucket: *bucket })
    }
}
