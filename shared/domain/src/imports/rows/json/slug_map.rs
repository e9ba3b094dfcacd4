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

/// Tells whether the first members of an object are URLs, and their names slugs. Of an object that is not there as a whole, those count
/// that are, if there are any: a few of the longest URLs fill what is examined of a file.
pub(super) fn is_map(text: &[u8]) -> bool {
    let mut rest = text[1..].trim_ascii_start();
    for member in 0..MAP_MEMBERS {
        let name = match value_within(rest, MAX_NAME_BYTES) {
            Value::Whole(length) => length,
            Value::Cut => return member > 0,
            Value::Broken => return false,
        };
        let after = rest[name..].trim_ascii_start();
        let Some(value) = after.strip_prefix(b":").map(<[u8]>::trim_ascii_start) else {
            return member > 0 && after.is_empty();
        };
        if !rest.starts_with(b"\"") || names_field(&decode(&rest[..name])) {
            return false;
        }
        let length = match value_within(value, MAX_URL_BYTES) {
            Value::Whole(length) => length,
            Value::Cut => return member > 0,
            Value::Broken => return false,
        };
        if !is_url(&decode(&value[..length])) {
            return false;
        }
        rest = value[length..].trim_ascii_start();
        rest = rest.strip_prefix(b",").unwrap_or(rest).trim_ascii_start();
    }
    true
}

/// A JSON value at the start of a text.
enum Value {
    /// It is there, and this long.
    Whole(usize),
    /// The text ends before it does.
    Cut,
    /// It is none, or longer than allowed.
    Broken,
}

fn value_within(text: &[u8], most: usize) -> Value {
    match value_length(&text[..text.len().min(most)]) {
        Some(length) => Value::Whole(length),
        None if text.len() < most => Value::Cut,
        None => Value::Broken,
    }
}
