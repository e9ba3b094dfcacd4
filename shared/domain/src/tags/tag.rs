//! Defines what a workspace says of a tag.

use serde::{Deserialize, Serialize};

use super::color::TagColor;
use crate::links::link::check_tags;
use crate::values::timestamp::Timestamp;
use crate::values::workspace::WorkspaceId;

/// What a workspace says of a tag, as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TagDefinition {
    /// The workspace.
    pub workspace: WorkspaceId,
    /// The tag, as links have it.
    pub tag: String,
    /// Its colour.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub color: Option<TagColor>,
    /// What it stands for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// When it was first defined.
    pub created_at: Timestamp,
    /// Counts the changes. A write succeeds only if the store holds the revision before it.
    #[serde(default)]
    pub revision: u64,
}

impl TagDefinition {
    /// The greatest length of a description, in characters.
    pub const MAX_DESCRIPTION_CHARS: usize = 300;
    /// The greatest number of definitions of a workspace.
    pub const MAX_DEFINED: usize = 1000;
}

/// Checks the name of a tag as those of links are checked. Returns it without surrounding white space.
///
/// # Errors
/// What is wrong, for a person.
pub fn check_tag(text: &str) -> Result<String, String> {
    let checked = check_tags([text]).map_err(|(_, detail)| detail)?;
    checked.into_iter().next().ok_or_else(|| "is missing".to_owned())
}
