//! Defines what becomes of a job whose message was given up.

use crate::values::timestamp::Timestamp;

/// The result of giving up a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GivenUp<Job> {
    /// The job has ended as failed.
    Failed(Box<Job>),
    /// An invocation still works on it. Try again later: that invocation may end the job, or crash.
    Busy {
        /// When that invocation ends at the latest.
        until: Timestamp,
    },
    /// There is nothing to do: the job does not exist, has ended, or another message goes on with it.
    Gone,
}
