//! Declares the port that lets time pass.

use async_trait::async_trait;

/// Lets time go by.
#[async_trait]
pub trait Timer: Send + Sync {
    /// Waits for a random part of `millis` milliseconds.
    async fn pause(&self, millis: u64);
}
