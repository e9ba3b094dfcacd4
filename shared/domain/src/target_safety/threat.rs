//! Defines why a target is unsafe.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::values::block_list::BlockReason;

/// What a target is known for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Threat {
    /// It asks people for secrets under a false name, or deceives them otherwise.
    Phishing,
    /// It spreads malicious programs.
    Malware,
    /// It spreads programs that deceive people or change their devices.
    UnwantedSoftware,
}

impl Threat {
    /// Returns its name: what `reason` of a check has after `unsafe_`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Phishing => "phishing",
            Self::Malware => "malware",
            Self::UnwantedSoftware => "unwanted_software",
        }
    }

    /// Returns the threat of this name.
    pub fn of_name(name: &str) -> Option<Self> {
        [Self::Phishing, Self::Malware, Self::UnwantedSoftware].into_iter().find(|threat| threat.name() == name)
    }

    /// Returns why the list of blocked targets has such a target.
    pub fn block_reason(self) -> BlockReason {
        match self {
            Self::Phishing => BlockReason::Phishing,
            Self::Malware | Self::UnwantedSoftware => BlockReason::Malware,
        }
    }
}

/// In words for a person.
impl fmt::Display for Threat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Phishing => "phishing",
            Self::Malware => "malware",
            Self::UnwantedSoftware => "unwanted software",
        })
    }
}
