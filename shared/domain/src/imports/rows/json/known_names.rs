//! Knows the names that lists of links, folders and URLs have in JSON documents.

use std::borrow::Cow;

use crate::imports::rows::column::Column;
use crate::imports::rows::names::{common_column, normalize};

/// The names that a list of links may have.
const LINKS: [&str; 16] = [
    "links",
    "items",
    "data",
    "bookmarks",
    "results",
    "redirects",
    "urls",
    "children",
    "shorturls",
    "shortlinks",
    "list",
    "records",
    "rows",
    "entries",
    "pins",
    "posts",
];
/// The names of lists whose objects may have URLs and are no links.
const OTHERS: [&str; 12] = [
    "tags",
    "labels",
    "users",
    "domains",
    "members",
    "teams",
    "icons",
    "assets",
    "errors",
    "groups",
    "highlights",
    "attachments",
];
/// The names of members, beside those of columns, that are no slugs.
const FIELDS: [&str; 11] =
    ["href", "uri", "link", "schema", "self", "next", "prev", "previous", "first", "last", "related"];
/// The names of the browser's own folders: they say nothing about the links in them.
const OWN_FOLDERS: [&str; 4] = ["bookmark_bar", "other", "synced", "mobile"];

/// Decodes a JSON string, which is whole with its quotation marks.
pub(super) fn decode(text: &[u8]) -> Cow<'_, str> {
    match text {
        [b'"', inner @ .., b'"'] if !inner.contains(&b'\\') => String::from_utf8_lossy(inner),
        _ => serde_json::from_slice::<String>(text).map_or(Cow::Borrowed(""), Cow::Owned),
    }
}

/// Tells whether a list of this name holds links.
pub(super) fn names_links(name: &str) -> bool {
    LINKS.contains(&normalize(name).as_str())
}

/// Tells whether a list of this name holds something other than links.
pub(super) fn names_others(name: &str) -> bool {
    OTHERS.contains(&normalize(name).as_str())
}

/// Tells whether the folder under this name is the browser's own.
pub(super) fn is_own_folder(name: &str) -> bool {
    OWN_FOLDERS.contains(&name)
}

/// Tells whether `value` under `name` is the URL of a link, be it a valid one or not.
pub(super) fn is_target(name: &str, value: &str) -> bool {
    let name = normalize(name);
    if value.trim().is_empty() {
        return false;
    }
    common_column(&name) == Some(Column::Url) || matches!(name.as_str(), "href" | "uri" | "link") && value.contains(':')
}

/// Tells whether a member of this name is a field of a link or a page of a list, and its name no slug.
pub(super) fn names_field(name: &str) -> bool {
    let name = normalize(name);
    common_column(&name).is_some() || FIELDS.contains(&name.as_str())
}

/// Tells whether a text begins as a URL does.
pub(super) fn is_url(text: &str) -> bool {
    let start = text.trim_start();
    ["http://", "https://"]
        .iter()
        .any(|scheme| start.get(..scheme.len()).is_some_and(|s| s.eq_ignore_ascii_case(scheme)))
}
