//! Declares the port that makes a queue deliver a message again.

use async_trait::async_trait;

use crate::values::error::StoreError;

/// Makes a queue deliver messages again.
#[async_trait]
pub trait Redelivery: Send + Sync {
    /// Makes the queue deliver the message of `receipt` again after `seconds`, rather than after its visibility timeout. On
    /// an error the queue still delivers it again, only later.
    async fn retry_after(&self, receipt: &str, seconds: u32) -> Result<(), StoreError>;

    /// Makes the queue deliver the message of `receipt` again after `seconds` if the work on it, which begins now, ends without a
    /// word: the visibility timeout is longer, so that messages also survive the time in which no invocation can start.
    async fn hold(&self, receipt: &str, seconds: u32) -> Result<(), StoreError> {
        self.retry_after(receipt, seconds).await
    }
}
