//! Lets one invocation at a time work on a job.

use serde::{Deserialize, Serialize};

use crate::values::timestamp::Timestamp;

/// The right of one invocation to work on a job, until a given time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lease {
    /// The invocation's request id. Lambda keeps it when it retries an asynchronous invocation.
    pub owner: String,
    /// A random number of the try that holds it. Without it, the leases of two tries of a request that run at once would be equal,
    /// and a store takes an equal write for a repetition of the first.
    #[serde(default)]
    pub attempt: u64,
    /// When that invocation ends at the latest.
    pub until: Timestamp,
}

impl Lease {
    /// Returns until when the lease keeps `owner` away, if it does so at `now`. It never keeps its own owner away.
    pub fn held_until(&self, owner: &str, now: Timestamp) -> Option<Timestamp> {
        (self.owner != owner && self.until > now).then_some(self.until)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lease_keeps_others_away_until_it_ends() {
        let end = Timestamp::parse("2026-01-02T03:04:05Z").unwrap();
        let lease = Lease { owner: "r1".to_owned(), attempt: 1, until: end };
        assert_eq!(lease.held_until("r2", end.plus_seconds(-1)), Some(end));
        assert_eq!(lease.held_until("r2", end), None, "the lease has ended");
        assert_eq!(lease.held_until("r1", end.plus_seconds(-1)), None, "its owner may go on");
    }
}
