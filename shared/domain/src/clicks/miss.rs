//! Defines the event of a visit to an address that is no link. It has no address of the visitor, no query and no full referrer.

use serde::{Deserialize, Serialize};

use super::missed_path::MissedPath;
use crate::values::domains::Domain;
use crate::values::timestamp::Timestamp;
use crate::values::workspace::WorkspaceId;

/// Version 1 of the event of a miss. A Kinesis record holds it as JSON. Readers tell it from a [`Click`](super::click::Click) by `miss`;
/// one that knows no misses finds no `slug`, and so counts no click.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Miss {
    /// Always [`Miss::VERSION`].
    pub version: u8,
    /// A UUID of version 7.
    pub id: String,
    /// When the visit was answered.
    pub time: Timestamp,
    /// The domain that was visited.
    pub domain: Domain,
    /// The workspace that the domain belonged to; absent if it belonged to the stack.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workspace: Option<WorkspaceId>,
    /// The visitor's country, as in a click.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
    /// A salted daily hash of address and user agent, as in a click.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub visitor: Option<String>,
    /// The user agent, as in a click.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_agent: Option<String>,
    /// The platform that a client hint names, as in a click.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub platform: Option<String>,
    /// What a client hint says about a phone, as in a click.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mobile: Option<bool>,
    /// The referrer's host.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub referrer: Option<String>,
    /// The visitor's first language.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// What was missed.
    pub miss: MissDetails,
}

/// What was missed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MissDetails {
    /// The path.
    pub path: MissedPath,
    /// How many more misses of people the process has answered on the domain since its last event. Nothing else is known of them.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub more: u32,
    /// How many more misses of bots, likewise.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub more_bots: u32,
}

fn is_zero(number: &u32) -> bool {
    *number == 0
}

impl Miss {
    /// The version of the event that this type describes.
    pub const VERSION: u8 = 1;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_held_back_misses_are_written_only_if_there_are_some() {
        let path = MissedPath::cleaned("/none");
        for (more, more_bots, json) in [
            (0, 0, serde_json::json!({"path": "/none"})),
            (1, 2, serde_json::json!({"path": "/none", "more": 1, "more_bots": 2})),
        ] {
            let details = MissDetails { path: path.clone(), more, more_bots };
            assert_eq!(serde_json::to_value(&details).unwrap(), json);
            assert_eq!(serde_json::from_value::<MissDetails>(json).unwrap(), details);
        }
    }
}
