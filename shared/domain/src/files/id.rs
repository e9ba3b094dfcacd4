//! Defines the id of a file.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::ports::{Clock, Random};
use crate::values::id;

/// A file's id: `fil_` and the 32 lower-case hexadecimal digits of a UUID of version 7.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct FileId(String);

/// The error of a text that is not a [`FileId`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a file's id is 'fil_' and 32 hexadecimal digits")]
pub struct FileIdError;

impl FileId {
    const PREFIX: &'static str = "fil_";

    /// Makes a new id. Later ids sort after earlier ones.
    pub fn generate(clock: &dyn Clock, random: &dyn Random) -> Self {
        Self(id::generate(Self::PREFIX, clock, random))
    }

    /// Checks `text`.
    pub fn parse(text: impl Into<String>) -> Result<Self, FileIdError> {
        let text = text.into();
        if id::is_valid(Self::PREFIX, &text) { Ok(Self(text)) } else { Err(FileIdError) }
    }

    /// Returns the id as a text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for FileId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for FileId {
    type Error = FileIdError;
    fn try_from(text: String) -> Result<Self, FileIdError> {
        Self::parse(text)
    }
}

impl From<FileId> for String {
    fn from(id: FileId) -> Self {
        id.0
    }
}

#[cfg(feature = "openapi")]
crate::values::schema::schema!(FileId, "FileId", {
    "type": "string",
    "pattern": "^fil_[0-9a-f]{32}$",
    "examples": ["fil_0199b0c67e4570008000000000000005"],
});
