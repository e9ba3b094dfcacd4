//! Declares the port that makes a queue deliver a message again.

use async_trait::async_trait;

use crate::values::error::StoreError;

/// Makes a queue deliver messages again.
#[async_trait]
pub trait Redelivery: Send + Sync {
    /// Makes the queue deliver the message of `receipt` again after `seconds`, rather than after its visibility timeout. On
    /// an error the queue still delivers it again, only later.
    async fn retry_after(&self, receipt: &str, seconds: u32) -> Result<(), StoreError>;
}
