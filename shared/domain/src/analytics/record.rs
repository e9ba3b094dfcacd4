//! One record of the stream.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::user_agent::Agent;
use super::{Lane, SequenceNumber, UserAgents};
use crate::click::Click;
use crate::key::hex;

/// A record as it was received. Nothing in it is checked.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Received {
    /// The shard, such as `shardId-000000000006`.
    pub shard: String,
    /// The sequence number.
    pub sequence: String,
    /// The data, in base64.
    pub data: String,
}

/// Why a record cannot be counted, now or ever.
#[derive(Debug, thiserror::Error)]
pub(super) enum Malformed {
    #[error("{0}")]
    Lane(#[from] super::lane::LaneError),
    #[error("{0}")]
    Sequence(#[from] super::sequence::SequenceNumberError),
    #[error("the data is not base64: {0}")]
    Base64(#[from] base64::DecodeError),
    #[error("the data is no click: {0}")]
    Click(#[from] serde_json::Error),
    #[error("version {0} of the click is not known here")]
    Version(u64),
}

/// A record that can be counted.
#[derive(Debug, Clone)]
pub(super) struct Record {
    pub(super) lane: Lane,
    pub(super) sequence: SequenceNumber,
    pub(super) click: Click,
    pub(super) agent: Arc<Agent>,
}

impl Received {
    pub(super) fn read(&self, agents: &UserAgents) -> Result<Record, Malformed> {
        let lane = Lane::of_shard(&self.shard)?;
        let sequence = SequenceNumber::parse(&self.sequence)?;
        let click = read_click(&STANDARD.decode(&self.data)?)?;
        let agent = agents.read(click.user_agent.as_deref().unwrap_or_default());
        Ok(Record { lane, sequence, click, agent })
    }
}

/// A click of a later version may look altogether different; then its version is what is wrong with it.
fn read_click(data: &[u8]) -> Result<Click, Malformed> {
    #[derive(Deserialize)]
    struct Versioned {
        version: u64,
    }
    let error = match serde_json::from_slice::<Click>(data) {
        Ok(click) if click.version == Click::VERSION => return Ok(click),
        Ok(click) => return Err(Malformed::Version(click.version.into())),
        Err(error) => error,
    };
    match serde_json::from_slice::<Versioned>(data) {
        Ok(Versioned { version }) if version != u64::from(Click::VERSION) => Err(Malformed::Version(version)),
        _ => Err(Malformed::Click(error)),
    }
}

/// A record that is kept for a person to look at, since it cannot be counted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetAside {
    /// The shard that it came through.
    pub shard: String,
    /// Its sequence number.
    pub sequence: String,
    /// Why it cannot be counted.
    pub reason: String,
    /// The data as it came, in base64 if the stream delivered it as it should.
    pub data: String,
}

impl SetAside {
    pub(super) fn new(received: &Received, reason: &Malformed) -> Self {
        Self {
            shard: received.shard.clone(),
            sequence: received.sequence.clone(),
            reason: reason.to_string(),
            data: received.data.clone(),
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
    use crate::analytics::memory::{click, received};
    use crate::analytics::user_agent::tests::AGENTS;

    fn reason(data: &[u8]) -> String {
        let received = Received { data: STANDARD.encode(data), ..received(6, 1, &click("a", "2026-01-02T03:04:05Z")) };
        received.read(&AGENTS).unwrap_err().to_string()
    }

    #[test]
    fn a_click_is_read() {
        let click = click("a", "2026-01-02T03:04:05Z");
        let record = received(6, 17, &click).read(&AGENTS).unwrap();
        assert_eq!((record.click, record.lane.as_str()), (click, "000000000006"));
        assert_eq!(record.sequence, SequenceNumber::parse("17").unwrap());
        assert!(record.agent.bot.is_some(), "no user agent is a bot");
    }

    #[test]
    fn what_is_wrong_with_a_record_is_said() {
        assert!(reason(b"").contains("no click"));
        assert!(reason(b"{}").contains("version"));
        assert!(reason(br#"{"version":1}"#).contains("missing field"));
        assert_eq!(reason(br#"{"version":2,"anything":[]}"#), "version 2 of the click is not known here");
        let mut later = click("a", "2026-01-02T03:04:05Z");
        later.version = 3;
        assert!(reason(&serde_json::to_vec(&later).unwrap()).starts_with("version 3"));
    }

    #[test]
    fn a_record_keeps_its_name_in_the_quarantine_and_cannot_choose_a_folder() {
        let good = received(6, 17, &click("a", "2026-01-02T03:04:05Z"));
        let aside = |received: &Received| SetAside::new(received, &Malformed::Version(2)).object_key();
        assert_eq!(aside(&good), format!("quarantine/clicks/shardId-000000000006/{:0>56}.json", 17));
        let bad = Received { shard: "../..".into(), sequence: "../x".into(), data: "?".into() };
        assert!(aside(&bad).starts_with("quarantine/clicks/unknown/sha256-"));
        assert_eq!(aside(&bad), aside(&bad.clone()));
    }
}
