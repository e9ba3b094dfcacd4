//! Declares the port that has a queue deliver a message again.

use async_trait::async_trait;

use crate::values::error::StoreError;

/// Has messages come again.
#[async_trait]
pub trait Redelivery: Send + Sync {
    /// Has the message whose delivery `receipt` names come again after `seconds`, instead of when its time in flight is
    /// over. On an error it comes again all the same, only later.
    async fn retry_after(&self, receipt: &str, seconds: u32) -> Result<(), StoreError>;
}
