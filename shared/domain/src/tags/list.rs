//! Lists the tags of a workspace: those that links have, and those that are defined.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::color::TagColor;
use super::ports::TagStore;
use crate::access::key::{Caller, Role};
use crate::catalog::memory::{Catalog, TagUse};
use crate::catalog::read::{Answer, Catalogs};
use crate::values::error::Error;
use crate::values::field_errors::Errors;
#[cfg(feature = "openapi")]
use crate::values::page::{DEFAULT_LIMIT, MAX_LIMIT};
use crate::values::page::{Page, PageRequest};

/// The greatest length of a cursor, in bytes.
const MAX_CURSOR: usize = 1024;
/// How soon a client should ask again while the catalogue is built, in seconds.
const BUILDING_SECONDS: u64 = 5;

/// The ports of [`list_tags`].
#[derive(Clone, Copy)]
pub struct ListTagsPorts<'a> {
    /// Knows the tags of links.
    pub catalogs: &'a Catalogs,
    /// Keeps the definitions.
    pub tags: &'a dyn TagStore,
}

/// The parameters of a request for a page of tags, not checked yet.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct ListTagsRequest {
    /// The greatest number of items on the page.
    #[cfg_attr(feature = "openapi", schemars(range(min = 1, max = MAX_LIMIT), extend("default" = DEFAULT_LIMIT)))]
    pub limit: Option<usize>,
    /// The `next_cursor` of the previous page.
    #[cfg_attr(feature = "openapi", schemars(extend("format" = "cursor")))]
    pub cursor: Option<String>,
    /// What to sort by: `name` (the default), or `links`: the number of links that are not archived, the greatest first.
    #[cfg_attr(feature = "openapi", schemars(extend("enum" = ["name", "links"], "default" = "name")))]
    pub sort: Option<String>,
}

/// A tag of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedTag {
    /// The tag.
    pub tag: String,
    /// How many links have it.
    pub used: TagUse,
    /// Whether the workspace has defined it.
    pub defined: bool,
    /// Its colour.
    pub color: Option<TagColor>,
    /// What it stands for.
    pub description: Option<String>,
}

/// Returns a page of the tags of the caller's workspace, each once. Needs [`Role::Viewer`].
///
/// # Errors
/// [`Error::Invalid`] names every parameter that is wrong; [`Error::NotReady`] if the catalogue of the workspace is being built or does not
/// fit into memory.
pub async fn list_tags(
    ports: &ListTagsPorts<'_>,
    caller: &Caller,
    request: &ListTagsRequest,
) -> Result<Page<ListedTag>, Error> {
    caller.require(Role::Viewer)?;
    caller.require_whole_scope("list tags")?;
    let mut errors = Errors::default();
    let limit = PageRequest { limit: request.limit, cursor: None }.check_with(&mut errors).limit;
    let by_links = match request.sort.as_deref() {
        None | Some("name") => false,
        Some("links") => true,
        Some(_) => {
            errors.add("sort", "must be name or links");
            false
        }
    };
    let after = request.cursor.as_deref();
    let after = after.and_then(|text| errors.note("cursor", decode(text).ok_or("is not a cursor that a page gave")));
    errors.or(Some(()))?;
    let mut all = merged(ports, caller).await?;
    let key = |tag: &ListedTag| (if by_links { tag.used.links } else { 0 }, tag.tag.clone());
    if let Some(after) = &after {
        all.retain(|tag| compare(&key(tag), after) == Ordering::Greater);
    }
    all.sort_by(|a, b| compare(&key(a), &key(b)));
    let more = all.len() > limit;
    all.truncate(limit);
    let next_cursor = all.last().filter(|_| more).and_then(|tag| encode(&key(tag)));
    Ok(Page { items: all, next_cursor })
}

/// Orders by the number of links, the greatest first, then by the names without case, then by the names.
fn compare((a_links, a): &(u64, String), (b_links, b): &(u64, String)) -> Ordering {
    b_links.cmp(a_links).then_with(|| a.to_lowercase().cmp(&b.to_lowercase())).then_with(|| a.cmp(b))
}

async fn merged(ports: &ListTagsPorts<'_>, caller: &Caller) -> Result<Vec<ListedTag>, Error> {
    let used = match ports.catalogs.ask(&caller.workspace, Catalog::tags).await? {
        Answer::Ready(used) => used,
        Answer::Building => {
            return Err(Error::NotReady {
                detail: "the links of this workspace are being indexed; try again".to_owned(),
                retry_after_seconds: BUILDING_SECONDS,
            });
        }
        Answer::TooLarge(bytes) => {
            let detail = format!(
                "the links of this workspace ({} MB) do not fit into memory: the operator can raise SearchMemory",
                bytes >> 20
            );
            return Err(Error::NotReady { detail, retry_after_seconds: 3600 });
        }
    };
    let listed = |(tag, used)| ListedTag { tag, used, defined: false, color: None, description: None };
    let mut all: BTreeMap<String, ListedTag> =
        used.into_iter().map(|(tag, used)| (tag.clone(), listed((tag, used)))).collect();
    for definition in ports.tags.all(&caller.workspace).await? {
        let tag = all.entry(definition.tag.clone()).or_insert_with(|| listed((definition.tag, TagUse::default())));
        (tag.defined, tag.color, tag.description) = (true, definition.color, definition.description);
    }
    Ok(all.into_values().collect())
}

fn encode(key: &(u64, String)) -> Option<String> {
    Some(URL_SAFE_NO_PAD.encode(serde_json::to_vec(key).ok()?))
}

fn decode(cursor: &str) -> Option<(u64, String)> {
    if cursor.len() > MAX_CURSOR {
        return None;
    }
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(cursor).ok()?).ok()
}
