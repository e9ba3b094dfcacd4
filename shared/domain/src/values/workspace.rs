//! Checks the ids of workspaces, the owners of links and keys.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The id of a workspace: 1 to 63 of `a-z`, `0-9` and `-`, not beginning with `-`. A workspace sees nothing of another.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct WorkspaceId(String);

/// The error of a text that is not a [`WorkspaceId`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a workspace has 1 to 63 of a-z, 0-9 and '-', and does not begin with '-'")]
pub struct WorkspaceIdError;

impl WorkspaceId {
    /// Checks `text`.
    pub fn parse(text: impl Into<String>) -> Result<Self, WorkspaceIdError> {
        let text = text.into();
        let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        let valid = (1..=63).contains(&text.len()) && text.bytes().all(allowed) && !text.starts_with('-');
        if valid { Ok(Self(text)) } else { Err(WorkspaceIdError) }
    }

    /// Returns the text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for WorkspaceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for WorkspaceId {
    type Error = WorkspaceIdError;
    fn try_from(text: String) -> Result<Self, WorkspaceIdError> {
        Self::parse(text)
    }
}

impl From<WorkspaceId> for String {
    fn from(id: WorkspaceId) -> Self {
        id.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn key_separators_are_rejected() {
        for text in ["", "a#b", "a/b", "A", "-a", "ä", " "] {
            assert!(WorkspaceId::parse(text).is_err(), "{text:?}");
        }
        assert!(WorkspaceId::parse("team-7").is_ok());
    }

    #[test]
    fn length_is_bounded() {
        for (length, valid) in [(1, true), (63, true), (64, false)] {
            assert_eq!(WorkspaceId::parse("a".repeat(length)).is_ok(), valid, "{length}");
        }
    }

    #[test]
    fn stored_id_is_checked_when_it_is_read() {
        let id: WorkspaceId = serde_json::from_str("\"team-7\"").unwrap();
        assert_eq!((id.as_str(), id.to_string().as_str()), ("team-7", "team-7"));
        assert_eq!(serde_json::to_string(&id).unwrap(), "\"team-7\"");
        assert!(serde_json::from_str::<WorkspaceId>("\"a#b\"").is_err());
    }
}
