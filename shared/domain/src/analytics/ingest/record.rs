//! One record of the stream.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::analytics::model::lane::Lane;
use crate::analytics::model::sequence::SequenceNumber;
use crate::values::hex::hex;

/// A record as it was received. Nothing in it is checked.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Received<'a> {
    /// The shard, such as `shardId-000000000006`.
    pub shard: Cow<'a, str>,
    /// The sequence number.
    pub sequence: Cow<'a, str>,
    /// When the stream took it, in milliseconds since the Unix epoch, as near as Kinesis says.
    pub arrived_millis: Option<i64>,
    /// The data, in base64.
    pub data: Cow<'a, str>,
}

/// Why a record cannot be counted, now or ever.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Malformed {
    #[error("{0}")]
    Lane(#[from] crate::analytics::model::lane::LaneError),
    #[error("{0}")]
    Sequence(#[from] crate::analytics::model::sequence::SequenceNumberError),
    #[error("the data is not base64: {0}")]
    Base64(#[from] base64::DecodeError),
    #[error("the data is no click: {0}")]
    Click(#[from] serde_json::Error),
    #[error("the data is no click: the time {0}")]
    Time(String),
    #[error("the data is no click: the {0} {1}")]
    Field(&'static str, String),
    #[error("version {0} of the click is not known here")]
    Version(u64),
}

/// A record that is kept for a person to look at, since it cannot be counted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuarantinedRecord {
    /// The shard that it came through.
    pub shard: String,
    /// Its sequence number.
    pub sequence: String,
    /// Why it cannot be counted.
    pub reason: String,
    /// The data as it came, in base64 if the stream delivered it as it should.
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

    /// `quarantine/clicks/{shard}/{sequence number}.json`: the same for the same record, so that a retry rewrites the
    /// object. A record without a valid place in the stream is named by its data.
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
    fn a_record_keeps_its_name_in_the_quarantine_and_cannot_choose_a_folder() {
        let good = received(6, 17, &click("a", "2026-01-02T03:04:05Z"));
        let aside = |received: &Received<'_>| QuarantinedRecord::new(received, "is no click").object_key();
        assert_eq!(aside(&good), format!("quarantine/clicks/shardId-000000000006/{:0>56}.json", 17));
        let bad = Received { shard: "../..".into(), sequence: "../x".into(), arrived_millis: None, data: "?".into() };
        assert!(aside(&bad).starts_with("quarantine/clicks/unknown/sha256-"));
        assert_eq!(aside(&bad), aside(&bad.clone()));
    }
}
