//! Tables that take so many writes a second and no more, in simulated time.

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use waypost_domain::links::ports::{Inserted, LinkBatch, Occupant, Relocation};
use waypost_domain::{Link, LinkAddress, StoreError, Timestamp};

use super::time::SimulatedTime;

/// How long a request takes beyond the time of its writes, in microseconds.
const REQUEST_US: u64 = 10_000;

/// What a table does with a batch: how many of its links it takes, and when it answers.
pub(super) trait Pace: Send + Sync {
    /// Takes links of a batch of `links` that arrives at `now_us`.
    fn take(&self, links: u64, now_us: u64) -> (u64, u64);
}

/// Makes a batch wait until the table has done all writes before it.
pub(super) struct Queueing {
    /// Writes a second.
    pub(super) writes: u64,
    free_us: Mutex<u64>,
}

impl Queueing {
    /// Makes a table of so many writes a second.
    pub(super) fn new(writes: u64) -> Self {
        Self { writes, free_us: Mutex::new(0) }
    }
}

impl Pace for Queueing {
    fn take(&self, links: u64, now_us: u64) -> (u64, u64) {
        let mut free_us = self.free_us.lock().unwrap_or_else(PoisonError::into_inner);
        *free_us = now_us.max(*free_us) + links * 1_000_000 / self.writes;
        (links, *free_us + REQUEST_US)
    }
}

/// Refuses what goes beyond its limit, as DynamoDB does: a bucket of tokens, one for each write, that fills at the limit's pace and
/// holds those of a second.
pub(super) struct Throttling {
    /// Writes a second.
    writes: u64,
    bucket: Mutex<Bucket>,
}

/// The tokens, in millionths, when they were counted last.
struct Bucket {
    millionths: u64,
    at_us: u64,
}

impl Throttling {
    /// Makes a table of so many writes a second, whose bucket is full.
    pub(super) fn new(writes: u64) -> Self {
        Self { writes, bucket: Mutex::new(Bucket { millionths: writes * 1_000_000, at_us: 0 }) }
    }

    /// Returns how long `rows` writes take at the least, in seconds.
    #[allow(clippy::cast_precision_loss, reason = "far below 2^52")]
    pub(super) fn least_seconds(&self, rows: u64) -> f64 {
        (rows - self.writes) as f64 / self.writes as f64
    }
}

impl Pace for Throttling {
    fn take(&self, links: u64, now_us: u64) -> (u64, u64) {
        let mut bucket = self.bucket.lock().unwrap_or_else(PoisonError::into_inner);
        let more = (now_us - bucket.at_us) * self.writes;
        bucket.millionths = (bucket.millionths + more).min(self.writes * 1_000_000);
        bucket.at_us = now_us;
        let taken = links.min(bucket.millionths / 1_000_000);
        bucket.millionths -= taken * 1_000_000;
        (taken, now_us + REQUEST_US)
    }
}

/// A table of links at a pace.
pub(super) struct PacedTable<P> {
    pub(super) time: Arc<SimulatedTime>,
    pub(super) pace: Arc<P>,
}

#[async_trait]
impl<P: Pace> LinkBatch for PacedTable<P> {
    async fn insert_all(&self, links: &[Link]) -> Result<Vec<Inserted>, StoreError> {
        let (taken, answer_us) = self.pace.take(links.len() as u64, self.time.now_us());
        self.time.until(answer_us).await;
        let answer = |index| if index < taken { Inserted::Written } else { Inserted::Busy };
        Ok((0..links.len() as u64).map(answer).collect())
    }
    async fn insert_one(&self, _: &Link) -> Result<bool, StoreError> {
        Ok(true)
    }
    async fn get_all(&self, addresses: &[LinkAddress]) -> Result<Vec<Occupant>, StoreError> {
        Ok(vec![Occupant::Nobody; addresses.len()])
    }
    async fn replace(&self, _: &Link, _: &Link) -> Result<bool, StoreError> {
        Ok(true)
    }
    async fn relocate(&self, _: &Link, _: &Link, _: Timestamp) -> Result<Relocation, StoreError> {
        Ok(Relocation::Done)
    }
}
