//! Declares the ports that all use cases share: the time, randomness, and health checks.

use async_trait::async_trait;

use crate::values::error::StoreError;
use crate::values::timestamp::Timestamp;

/// The time of day.
pub trait Clock: Send + Sync {
    /// Returns the current time.
    fn now(&self) -> Timestamp;
}

/// A source of unpredictable random bytes.
pub trait Random: Send + Sync {
    /// Fills `bytes` with random bytes.
    fn fill(&self, bytes: &mut [u8]);
}

/// A resource of the stack whose health can be checked.
#[async_trait]
pub trait Probe: Send + Sync {
    /// Sends a request that costs next to nothing. Any expected answer means that the resource is healthy.
    async fn probe(&self) -> Result<(), StoreError>;
}
