//! `/v1/tags`.

use schemars::JsonSchema;
use serde::Serialize;
use waypost_domain::tags::color::TagColor;
use waypost_domain::tags::list::ListedTag;
use waypost_domain::tags::tag::TagDefinition;

/// A tag.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "Tag")]
pub struct TagView {
    /// The tag, as links have it.
    tag: String,
    /// How many links that are not archived have it.
    links: u64,
    /// How many archived links have it.
    archived_links: u64,
    /// Whether the workspace has given it a colour or a description, or may have.
    defined: bool,
    /// Its colour.
    color: Option<TagColor>,
    /// What it stands for.
    description: Option<String>,
}

impl From<ListedTag> for TagView {
    fn from(listed: ListedTag) -> Self {
        Self {
            tag: listed.tag,
            links: listed.used.links,
            archived_links: listed.used.archived_links,
            defined: listed.defined,
            color: listed.color,
            description: listed.description,
        }
    }
}

/// What a workspace says of a tag.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "DefinedTag")]
pub struct DefinedTagView {
    /// The tag, as links have it.
    tag: String,
    /// Its colour.
    color: Option<TagColor>,
    /// What it stands for.
    description: Option<String>,
}

impl From<TagDefinition> for DefinedTagView {
    fn from(definition: TagDefinition) -> Self {
        Self { tag: definition.tag, color: definition.color, description: definition.description }
    }
}
