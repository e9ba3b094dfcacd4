//! Renames a tag in all links that have it, or merges it into another.

use serde::Deserialize;
use serde_json::json;

use super::tag::check_tag;
use crate::access::key::{Caller, Role};
use crate::link_changes::job::{LinkChange, TagEnd};
use crate::link_changes::request::{FilterFields, NewLinkChange, NewSelection};
use crate::link_changes::start::{StartLinkChangePorts, start_with_tag};
#[cfg(feature = "openapi")]
use crate::links::link::Link;
use crate::values::error::Error;
#[cfg(feature = "openapi")]
use crate::values::schema::TEXT;

/// The new name of a tag.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct NewTagName {
    /// The new name. If other links have a tag of this name, the two become one.
    #[cfg_attr(feature = "openapi", schemars(length(min = 1, max = Link::MAX_TAG_CHARS), regex(pattern = TEXT)))]
    pub to: String,
}

/// Starts a job that renames `tag` in all links that have it, archived ones too, and then moves its colour and description, unless the new
/// name has its own. Needs [`Role::Editor`].
///
/// # Errors
/// [`Error::Invalid`] names what is wrong; else as [`crate::link_changes::start::start_link_change`].
pub async fn rename_tag(
    ports: &StartLinkChangePorts<'_>,
    caller: &Caller,
    tag: &str,
    name: &NewTagName,
) -> Result<LinkChange, Error> {
    caller.require(Role::Editor)?;
    caller.require_whole_scope("rename tags")?;
    let from = check_tag(tag).map_err(|detail| Error::invalid("tag", detail))?;
    let to = check_tag(&name.to).map_err(|detail| Error::invalid("/to", detail))?;
    if from == to {
        return Err(Error::invalid("/to", "is the tag's name already"));
    }
    let change = json!({ "rename_tag": { "from": from, "to": to } });
    let change = change.as_object().cloned();
    let new = NewLinkChange { select: links_with(&from), change, ..NewLinkChange::default() };
    start_with_tag(ports, caller, &new, Some(TagEnd::Rename { from, to })).await
}

/// Selects all links with `tag`, archived ones too.
pub(super) fn links_with(tag: &str) -> NewSelection {
    let filter =
        FilterFields { tag: vec![tag.to_owned()], archived: Some("any".to_owned()), ..FilterFields::default() };
    NewSelection { filter: Some(filter), ..NewSelection::default() }
}
