//! Provides a clock, random bytes and health probes that tests control.

use std::sync::Mutex;

use async_trait::async_trait;
use sha2::{Digest, Sha256};

use super::outage::{lock, outage};
use crate::ports::{Clock, Probe, Random};
use crate::values::error::StoreError;
use crate::values::timestamp::Timestamp;

/// A clock that stands still until a test moves it.
pub struct FixedClock(Mutex<Timestamp>);

impl FixedClock {
    /// Creates a clock that shows `time` (RFC 3339), or the epoch if `time` is not valid.
    pub fn at(time: &str) -> Self {
        Self(Mutex::new(Timestamp::parse(time).unwrap_or_else(|_| epoch())))
    }

    /// Moves the clock forward by `seconds`.
    pub fn advance(&self, seconds: i64) {
        let mut now = lock(&self.0);
        *now = now.plus_seconds(seconds);
    }
}

impl Clock for FixedClock {
    fn now(&self) -> Timestamp {
        *lock(&self.0)
    }
}

/// A source of bytes that are the same for the same seed.
pub struct SeededRandom(Mutex<(u64, u64)>);

impl SeededRandom {
    /// Starts the sequence of `seed`.
    pub fn new(seed: u64) -> Self {
        Self(Mutex::new((seed, 0)))
    }
}

impl Random for SeededRandom {
    fn fill(&self, bytes: &mut [u8]) {
        let mut state = lock(&self.0);
        for chunk in bytes.chunks_mut(32) {
            state.1 += 1;
            let block =
                Sha256::new().chain_update(state.0.to_be_bytes()).chain_update(state.1.to_be_bytes()).finalize();
            chunk.copy_from_slice(&block[..chunk.len()]);
        }
    }
}

/// A health probe with a fixed result.
#[derive(Debug, Clone, Copy)]
pub enum MemoryProbe {
    /// Succeeds.
    Healthy,
    /// Fails.
    Broken,
    /// Never answers.
    Silent,
}

#[async_trait]
impl Probe for MemoryProbe {
    async fn probe(&self) -> Result<(), StoreError> {
        match self {
            Self::Healthy => Ok(()),
            Self::Broken => Err(outage("health.probe")),
            Self::Silent => std::future::pending().await,
        }
    }
}

fn epoch() -> Timestamp {
    Timestamp::from_millis(0).unwrap_or_else(|_| unreachable!("the epoch is a valid timestamp"))
}
