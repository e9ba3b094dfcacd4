//! Describes one invocation that works on a job.

use crate::values::timestamp::Timestamp;

/// One invocation that loads imports.
#[derive(Debug, Clone)]
pub struct Delivery {
    /// The invocation's id. A retry of the same asynchronous invocation has the same one.
    pub request_id: String,
    /// When the invocation is cut off.
    pub deadline: Timestamp,
}
