//! Defines the id of a link, which stays the same wherever the link moves.

use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::address::LinkAddress;
use crate::ports::{Clock, Random};
use crate::values::id;
use crate::values::timestamp::Timestamp;
use crate::values::workspace::WorkspaceId;

const PREFIX: &str = "lnk_";

/// The id of a link: `lnk_` and a UUID. Statistics hang on it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct LinkId(String);

/// The error of a text that is not a [`LinkId`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is not the id of a link, such as lnk_0193a5d2c5f07d1e8c3f6f0b6a3d9e21")]
pub struct LinkIdError;

impl LinkId {
    /// The length of an id, in bytes.
    pub const LEN: usize = PREFIX.len() + 32;

    /// Makes the id of a new link.
    pub fn generate(clock: &dyn Clock, random: &dyn Random) -> Self {
        Self(id::generate(PREFIX, clock, random))
    }

    /// Derives the id of a link that something made at `time` that may be tried again, such as the row of an import: the same
    /// time and seed always give the same id.
    pub fn derive(time: Timestamp, seed: &str) -> Self {
        Self(id::derive(PREFIX, time, seed))
    }

    /// Derives the id of a link that was written before links had ids: its workspace and its address of that time tell it from
    /// others (UUID version 8). A new link has version 7, so a link that is made again at the address has another id.
    pub fn of_address(workspace: &WorkspaceId, address: &LinkAddress) -> Self {
        let digest = Sha256::digest(format!("{workspace}#{}#{}", address.domain, address.slug));
        let mut bytes = [0_u8; 16];
        bytes.copy_from_slice(&digest[..16]);
        Self(id::from_bytes(PREFIX, bytes))
    }

    /// Returns the bits of the id, which no other id has.
    pub fn bits(&self) -> [u8; 16] {
        id::bits(PREFIX, &self.0)
    }

    /// Checks `text`.
    pub fn parse(text: impl Into<String>) -> Result<Self, LinkIdError> {
        let text = text.into();
        if id::is_valid(PREFIX, &text) { Ok(Self(text)) } else { Err(LinkIdError) }
    }

    /// Returns the text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for LinkId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for LinkId {
    type Error = LinkIdError;
    fn try_from(text: String) -> Result<Self, LinkIdError> {
        Self::parse(text)
    }
}

impl From<LinkId> for String {
    fn from(id: LinkId) -> Self {
        id.0
    }
}

#[cfg(feature = "openapi")]
crate::values::schema::schema!(LinkId, "LinkId", {
    "type": "string",
    "pattern": "^lnk_[0-9a-f]{32}$",
    "description": "The id of a link. It stays the same when the link moves to another address, and a link that is deleted and made again has another one.",
    "examples": ["lnk_0193a5d2c5f07d1e8c3f6f0b6a3d9e21"],
});

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::samples::link;
    use crate::testing::system::{FixedClock, SeededRandom};

    #[test]
    fn id_of_an_address_depends_on_workspace_and_address_and_is_stored() {
        let id = |workspace: &str, slug: &str| {
            let link = link(workspace, slug, "https://example.com/");
            LinkId::of_address(&link.workspace, &link.address)
        };
        assert_eq!(id("acme", "docs"), id("acme", "docs"));
        assert_ne!(id("acme", "docs"), id("acme", "Docs"));
        assert_ne!(id("acme", "docs"), id("other", "docs"));
        assert_eq!(&id("acme", "docs").as_str()[16..17], "8", "the version tells it from the id of a new link");
    }

    #[test]
    fn new_id_has_version_7_and_the_documented_length() {
        let (clock, random) = (FixedClock::at("2026-01-02T03:04:05Z"), SeededRandom::new(1));
        let id = LinkId::generate(&clock, &random);
        assert_eq!((&id.as_str()[16..17], id.as_str().len()), ("7", LinkId::LEN));
        let time = Timestamp::parse("2026-01-02T03:04:05Z").unwrap();
        assert_eq!(&LinkId::derive(time, "imp_1#7").as_str()[16..17], "7");
        assert_eq!(LinkId::derive(time, "imp_1#7"), LinkId::derive(time, "imp_1#7"));
        assert_ne!(LinkId::derive(time, "imp_1#7"), LinkId::derive(time, "imp_1#8"));
        assert_eq!(LinkId::parse(id.to_string()), Ok(id));
        for text in ["", "lnk_", "imp_0193a5d2c5f07d1e8c3f6f0b6a3d9e21", "lnk_0193A5d2c5f07d1e8c3f6f0b6a3d9e21"] {
            assert_eq!(LinkId::parse(text), Err(LinkIdError), "{text}");
        }
    }
}
