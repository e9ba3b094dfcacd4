//! A clock, randomness and signs of life that tests decide.

use crate::ports::Clock;
use crate::ports::Probe;
use crate::ports::Random;
use crate::testing::outage::lock;
use crate::testing::outage::outage;
use crate::values::error::StoreError;
use crate::values::timestamp::Timestamp;
use async_trait::async_trait;
use sha2::Digest;
use sha2::Sha256;
use std::sync::Mutex;

/// A clock that stands still until it is set.
pub struct FixedClock(Mutex<Timestamp>);

impl FixedClock {
    /// A clock that shows `time` (RFC 3339; the epoch where it is none).
    pub fn at(time: &str) -> Self {
        Self(Mutex::new(Timestamp::parse(time).unwrap_or_else(|_| epoch())))
    }

    /// Moves the clock by `seconds`.
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

/// Bytes that are the same for the same seed.
pub struct SeededRandom(Mutex<(u64, u64)>);

impl SeededRandom {
    /// The sequence of `seed`.
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

/// A part of a stack that is well, broken, or does not answer at all.
#[derive(Debug, Clone, Copy)]
pub enum MemoryProbe {
    /// It answers.
    Well,
    /// It fails.
    Broken,
    /// It never answers.
    Silent,
}

#[async_trait]
impl Probe for MemoryProbe {
    async fn probe(&self) -> Result<(), StoreError> {
        match self {
            Self::Well => Ok(()),
            Self::Broken => Err(outage("health.probe")),
            Self::Silent => std::future::pending().await,
        }
    }
}

fn epoch() -> Timestamp {
    Timestamp::from_millis(0).unwrap_or_else(|_| unreachable!("the epoch is a time"))
}
