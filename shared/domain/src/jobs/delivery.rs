//! Describes one invocation that works on a job.

use crate::values::timestamp::Timestamp;

/// One invocation that works on a job.
#[derive(Debug, Clone)]
pub struct Delivery {
    /// The invocation's id. A retry of an asynchronous invocation has the id of the first try.
    pub request_id: String,
    /// When Lambda ends the invocation.
    pub deadline: Timestamp,
}
