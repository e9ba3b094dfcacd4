//! Defines a record of the stream, and one that cannot be counted.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::analytics::model::lane::{Lane, LaneError};
use crate::analytics::model::sequence::{SequenceNumber, SequenceNumberError};
use crate::values::hex::hex;

/// A record as the stream delivers it, unchecked.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Received<'a> {
    /// The shard, such as `shardId-000000000006`.
    pub shard: Cow<'a, str>,
    /// The sequence number.
    pub sequence: Cow<'a, str>,
    /// When the stream took it, in milliseconds since the Unix epoch, as exactly as Kinesis tells.
    pub arrived_millis: Option<i64>,
    /// The data, in base64.
    pub data: Cow<'a, str>,
}

/// Why a record cannot be counted, now or ever.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Malformed {
    #[error("{0}")]
    Lane(#[from] LaneError),
    #[error("{0}")]
    Sequence(#[from] SequenceNumberError),
    #[error("the data is not base64: {0}")]
    Base64(#[from] base64::DecodeError),
    #[error("the data is not a click: {0}")]
    Click(#[from] serde_json::Error),
    #[error("the data is not a click: the time {0}")]
    Time(String),
    #[error("the data is not a click: the {0} {1}")]
    Field(&'static str, String),
    #[error("version {0} of the click is not known here")]
    Version(u64),
}

/// A record that cannot be counted. The quarantine keeps it for a person to look at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuarantinedRecord {
    /// Its shard.
    pub shard: String,
    /// Its sequence number.
    pub sequence: String,
    /// Why it cannot be counted.
    pub reason: String,
    /// Its data as received: base64, unless the stream delivered something else.
    pub data: String,
}

impl QuarantinedRecord {
    pub(crate) fn new(received: &Received<'_>, reason: &str) -> Self {
        Self {
            shard: received.shard.clone().into_owned(),
            sequence: received.sequence.clone().into_owned(),
            reason: reason.to_owned(),
            data: received.data.clone().into_owned(),
        }
    }

    /// Returns `quarantine/clicks/{shard}/{sequence number}.json`: the same for the same record, so that a retry rewrites the
    /// object. The key of a record without a valid sequence number has a hash of its data instead.
    pub fn object_key(&self) -> String {
        let shard = if Lane::of_shard(&self.shard).is_ok() { self.shard.as_str() } else { "unknown" };
        let name = match SequenceNumber::parse(&self.sequence) {
            Ok(sequence) => sequence.to_string(),
            Err(_) => format!("sha256-{}", hex(&Sha256::digest(self.data.as_bytes()))),
        };
        format!("quarantine/clicks/{shard}/{name}.json")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::analytics::{click, received};

    #[test]
    fn object_key_is_stable_and_stays_in_its_folder() {
        let good = received(6, 17, &click("a", "2026-01-02T03:04:05Z"));
        let key = |received: &Received<'_>| QuarantinedRecord::new(received, "not a click").object_key();
        assert_eq!(key(&good), format!("quarantine/clicks/shardId-000000000006/{:0>56}.json", 17));
        let bad = Received { shard: "../..".into(), sequence: "../x".into(), arrived_millis: None, data: "?".into() };
        assert!(key(&bad).starts_with("quarantine/clicks/unknown/sha256-"));
        assert_eq!(key(&bad), key(&bad.clone()));
    }
}
