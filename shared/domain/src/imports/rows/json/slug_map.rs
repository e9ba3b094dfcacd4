//! Recognises objects whose names are slugs by their first members.

use super::known_names::{decode, is_url, names_field};
use super::nesting::value_length;
use crate::values::target::TargetUrl;

/// How many members of an object must be URLs.
const MAP_MEMBERS: usize = 8;
/// The longest name, in bytes.
const MAX_NAME_BYTES: usize = 4096;
/// The longest URL, in bytes: a longest target whose characters are all escaped.
const MAX_URL_BYTES: usize = 2 * TargetUrl::MAX_LEN + 2;

/// Tells whether the first members of an object are URLs, and their names slugs.
pub(super) fn is_map(text: &[u8]) -> bool {
    let mut rest = text[1..].trim_ascii_start();
    for _ in 0..MAP_MEMBERS {
        let Some(name) = value_length(&rest[..rest.len().min(MAX_NAME_BYTES)]) else { return false };
        let after = rest[name..].trim_ascii_start();
        let Some(value) = after.strip_prefix(b":").map(<[u8]>::trim_ascii_start) else { return false };
        let Some(length) = value_length(&value[..value.len().min(MAX_URL_BYTES)]) else {
            return false;
        };
        if !rest.starts_with(b"\"") || names_field(&decode(&rest[..name])) || !is_url(&decode(&value[..length])) {
            return false;
        }
        rest = value[length..].trim_ascii_start();
        rest = rest.strip_prefix(b",").unwrap_or(rest).trim_ascii_start();
    }
    true
}
