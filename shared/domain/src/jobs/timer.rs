//! Declares the port that waits.

use async_trait::async_trait;

/// Waits for some time.
#[async_trait]
pub trait Timer: Send + Sync {
    /// Waits for a random part of `millis` milliseconds.
    async fn pause(&self, millis: u64);
}
