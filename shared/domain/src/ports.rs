//! Declares the ports that every use case shares: the time, randomness, and signs of life.

use async_trait::async_trait;

use crate::values::error::StoreError;
use crate::values::timestamp::Timestamp;

/// The time of day.
pub trait Clock: Send + Sync {
    /// Now.
    fn now(&self) -> Timestamp;
}

/// Randomness that cannot be guessed.
pub trait Random: Send + Sync {
    /// Fills `bytes`.
    fn fill(&self, bytes: &mut [u8]);
}

/// Something that a stack is made of.
#[async_trait]
pub trait Probe: Send + Sync {
    /// Asks for a sign of life that costs next to nothing. Whatever answers as it should is well.
    async fn probe(&self) -> Result<(), StoreError>;
}
