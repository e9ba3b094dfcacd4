//! Reads objects whose fields are in objects of their own.

use std::borrow::Cow;

use serde_json::{Map, Value};

use super::known_names::is_target;
use crate::imports::rows::column::{Column, Source};
use crate::imports::rows::fields::{Fault, Fields};

/// Moves the fields of the object that has the URL beside those of `text`, whose own fields count first.
pub(super) fn flatten(text: &[u8]) -> Option<Vec<u8>> {
    let Value::Object(mut outer) = serde_json::from_slice(text).ok()? else { return None };
    let has_target = |inner: &Map<String, Value>| {
        inner.iter().any(|(name, value)| value.as_str().is_some_and(|value| is_target(name, value)))
    };
    let name =
        outer.iter().find(|(_, value)| value.as_object().is_some_and(has_target)).map(|(name, _)| name.clone())?;
    let Some(Value::Object(inner)) = outer.remove(&name) else { return None };
    outer.retain(|_, value| !value.is_null());
    for (name, value) in inner {
        if !value.is_object() {
            outer.entry(name).or_insert(value);
        }
    }
    serde_json::to_vec(&outer).ok()
}

/// Reads a redirect of Redirection, a plugin of WordPress.
///
/// # Errors
/// The redirect is not one path with one target.
pub(in crate::imports::rows) fn read_redirection(text: &[u8]) -> Result<Fields<'static>, Fault> {
    let fault = |cause: &str| Fault::of_row(text, cause);
    let object: Value =
        serde_json::from_slice(text).map_err(|error| fault(&format!("is not a JSON object: {error}")))?;
    let word = |name: &str| object[name].as_str().unwrap_or_default();
    let is_set = |name: &str| match &object[name] {
        Value::Bool(flag) => *flag,
        Value::Number(number) => number.as_i64() != Some(0),
        _ => false,
    };
    if is_set("regex") {
        return Err(fault("is a pattern for many paths, which a link is not"));
    }
    if !matches!(word("match_type"), "" | "url") || !matches!(word("action_type"), "" | "url") {
        return Err(fault("has conditions, or is not a redirect"));
    }
    let data = &object["action_data"];
    let target = data["url"].as_str().or_else(|| data.as_str()).unwrap_or_default();
    let mut fields = Fields { source: Some(Source::Redirection), ..Fields::default() };
    fields.set(Column::Url, Cow::Owned(target.to_owned()));
    fields.set(Column::Slug, Cow::Owned(word("url").trim_matches('/').to_owned()));
    fields.set(Column::Title, Cow::Owned(word("title").to_owned()));
    for (column, name) in [(Column::ImportedClicks, "hits"), (Column::RedirectStatus, "action_code")] {
        if let Some(number) = object[name].as_u64() {
            fields.set(column, Cow::Owned(number.to_string()));
        }
    }
    if object["enabled"] == Value::Bool(false) {
        fields.set(Column::Archived, Cow::Borrowed("true"));
    }
    if fields.slug.is_none() {
        return Err(fault("redirects the home page, which has no slug"));
    }
    Ok(fields)
}
