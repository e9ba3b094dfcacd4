//! Reads lines of the file `_redirects`, as Netlify and Cloudflare Pages have it:
//! `from [parameter=value …] to [status] [condition=value …]`.

use std::borrow::Cow;

use super::redirect::{Redirect, redirect};
use super::words::words;
use crate::imports::rows::column::Column;
use crate::imports::rows::fields::Fields;

pub(super) fn read(line: &str) -> Redirect {
    let words = words(line);
    let (from, rest) = words.split_first()?;
    Some(read_words(from, rest))
}

fn read_words(from: &str, rest: &[String]) -> Result<Fields<'static>, &'static str> {
    let (to, rest) = rest.split_first().ok_or("has no target")?;
    let is_target = |word: &str| word.starts_with('/') || word.contains("://");
    if !is_target(to) {
        return Err(if to.contains('=') {
            "depends on query parameters, which a link does not"
        } else {
            "has no target"
        });
    }
    let path = from.split_once("://").map_or(from, |(_, rest)| rest);
    if path.contains('*') || path.split('/').any(|part| part.starts_with(':')) {
        return Err("is a pattern for many paths, which a link is not");
    }
    let (status, conditions) = match rest.split_first() {
        Some((status, conditions)) if !status.contains('=') => (Some(status.trim_end_matches('!')), conditions),
        _ => (None, rest),
    };
    if !conditions.is_empty() {
        return Err("has conditions, which a link does not");
    }
    if status.is_some_and(|status| status.len() != 3 || !status.starts_with('3')) {
        return Err("is not a redirect: its status does not begin with 3");
    }
    if from == path {
        return redirect(path, to, status);
    }
    let mut fields = redirect(path.split_once('/').map_or("", |(_, path)| path), to, status)?;
    fields.slug = None;
    fields.set(Column::ShortUrl, Cow::Owned(from.to_owned()));
    Ok(fields)
}
