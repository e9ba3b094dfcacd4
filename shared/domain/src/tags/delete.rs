//! Removes a tag from all links that have it.

use serde_json::json;

use super::rename::links_with;
use super::tag::check_tag;
use crate::access::key::{Caller, Role};
use crate::link_changes::job::{LinkChange, TagEnd};
use crate::link_changes::request::NewLinkChange;
use crate::link_changes::start::{StartLinkChangePorts, start_with_tag};
use crate::values::error::Error;

/// Starts a job that removes `tag` from all links that have it, archived ones too, and then forgets its colour and description. Needs
/// [`Role::Editor`].
///
/// # Errors
/// [`Error::Invalid`] says what is wrong with the tag; else as [`crate::link_changes::start::start_link_change`].
pub async fn delete_tag(ports: &StartLinkChangePorts<'_>, caller: &Caller, tag: &str) -> Result<LinkChange, Error> {
    caller.require(Role::Editor)?;
    caller.require_whole_scope("remove tags")?;
    let tag = check_tag(tag).map_err(|detail| Error::invalid("tag", detail))?;
    let change = json!({ "remove_tags": [tag] }).as_object().cloned();
    let new = NewLinkChange { select: links_with(&tag), change, ..NewLinkChange::default() };
    start_with_tag(ports, caller, &new, Some(TagEnd::Delete { tag })).await
}
