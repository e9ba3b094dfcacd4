//! Lets one invocation at a time work on a job.

use serde::{Deserialize, Serialize};

use crate::values::timestamp::Timestamp;

/// Who works on a job, and until when nobody else may.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lease {
    /// The invocation's request id, which Lambda keeps when it tries an asynchronous invocation again.
    pub owner: String,
    /// When that invocation is over at the latest.
    pub until: Timestamp,
}

impl Lease {
    /// Until when the lease keeps `owner` away at `now`. Its own owner may always go on, and a lease that has ended keeps
    /// nobody away.
    pub fn held_until(&self, owner: &str, now: Timestamp) -> Option<Timestamp> {
        (self.owner != owner && self.until > now).then_some(self.until)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lease_keeps_others_away_until_it_ends() {
        let end = Timestamp::parse("2026-01-02T03:04:05Z").unwrap();
        let lease = Lease { owner: "r1".to_owned(), until: end };
        assert_eq!(lease.held_until("r2", end.plus_seconds(-1)), Some(end));
        assert_eq!(lease.held_until("r2", end), None, "it ends then");
        assert_eq!(lease.held_until("r1", end.plus_seconds(-1)), None, "its owner goes on");
    }
}
