//! Defines the id of a job that changes links.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::ports::{Clock, Random};
use crate::values::id;

/// A job's id: `chg_` and the 32 lower-case hexadecimal digits of a UUID of version 7.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct LinkChangeId(String);

/// The error of a text that is not a [`LinkChangeId`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the id of a change of links is 'chg_' and 32 hexadecimal digits")]
pub struct LinkChangeIdError;

impl LinkChangeId {
    const PREFIX: &'static str = "chg_";

    /// Makes a new id. Later ids sort after earlier ones.
    pub fn generate(clock: &dyn Clock, random: &dyn Random) -> Self {
        Self(id::generate(Self::PREFIX, clock, random))
    }

    /// Checks `text`.
    pub fn parse(text: impl Into<String>) -> Result<Self, LinkChangeIdError> {
        let text = text.into();
        if id::is_valid(Self::PREFIX, &text) { Ok(Self(text)) } else { Err(LinkChangeIdError) }
    }

    /// Returns the text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for LinkChangeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for LinkChangeId {
    type Error = LinkChangeIdError;
    fn try_from(text: String) -> Result<Self, LinkChangeIdError> {
        Self::parse(text)
    }
}

impl From<LinkChangeId> for String {
    fn from(id: LinkChangeId) -> Self {
        id.0
    }
}

#[cfg(feature = "openapi")]
crate::values::schema::schema!(LinkChangeId, "LinkChangeId", {
    "type": "string",
    "pattern": "^chg_[0-9a-f]{32}$",
    "examples": ["chg_0199b0c67e4570008000000000000005"],
});
