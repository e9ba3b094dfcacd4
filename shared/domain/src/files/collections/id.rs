//! Defines the id of a collection.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::ports::{Clock, Random};
use crate::values::id;

/// A collection's id: `col_` and the 32 lower-case hexadecimal digits of a UUID of version 7.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CollectionId(String);

/// The error of a text that is not a [`CollectionId`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a collection's id is 'col_' and 32 hexadecimal digits")]
pub struct CollectionIdError;

impl CollectionId {
    const PREFIX: &'static str = "col_";

    /// Makes a new id. Later ids sort after earlier ones.
    pub fn generate(clock: &dyn Clock, random: &dyn Random) -> Self {
        Self(id::generate(Self::PREFIX, clock, random))
    }

    /// Checks `text`.
    pub fn parse(text: impl Into<String>) -> Result<Self, CollectionIdError> {
        let text = text.into();
        if id::is_valid(Self::PREFIX, &text) { Ok(Self(text)) } else { Err(CollectionIdError) }
    }

    /// Returns the id as a text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for CollectionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for CollectionId {
    type Error = CollectionIdError;
    fn try_from(text: String) -> Result<Self, CollectionIdError> {
        Self::parse(text)
    }
}

impl From<CollectionId> for String {
    fn from(id: CollectionId) -> Self {
        id.0
    }
}

#[cfg(feature = "openapi")]
crate::values::schema::schema!(CollectionId, "CollectionId", {
    "type": "string",
    "pattern": "^col_[0-9a-f]{32}$",
    "examples": ["col_0199b0c67e4570008000000000000005"],
});
