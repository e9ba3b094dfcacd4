//! Describes one invocation that works on a job.

use super::lease::Lease;
use crate::values::timestamp::Timestamp;

/// One invocation that works on a job.
#[derive(Debug, Clone)]
pub struct Delivery {
    /// The invocation's id. A retry of an asynchronous invocation has the id of the first try.
    pub request_id: String,
    /// A random number of this try: Lambda may give two invocations that run at once the same id.
    pub attempt: u64,
    /// When Lambda ends the invocation.
    pub deadline: Timestamp,
}

impl Delivery {
    /// Returns the lease of this invocation.
    pub fn lease(&self) -> Lease {
        Lease { owner: self.request_id.clone(), attempt: self.attempt, until: self.deadline }
    }
}
