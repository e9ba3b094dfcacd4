//! Reads Apache's directives that redirect. Others are left out.

use super::literal::{has_variables, literal_path};
use super::redirect::{Redirect, redirect};
use super::words::words;

const PATTERN: &str = "is a pattern for many paths, which a link is not";
const VARIABLES: &str = "has a target with variables, which a link does not";
const CONDITIONS: &str = "has conditions, which a link does not";

/// Reads a line. `has_condition` tells whether conditions precede it.
pub(super) fn read(line: &str, has_condition: &mut bool) -> Redirect {
    let words = words(line);
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let (directive, rest) = words.split_first()?;
    match directive.to_ascii_lowercase().as_str() {
        "redirect" => read_redirect(rest, None),
        "redirectpermanent" => read_redirect(rest, Some("301")),
        "redirecttemp" => read_redirect(rest, Some("302")),
        "redirectmatch" => read_match(rest),
        "rewritecond" => {
            *has_condition = true;
            None
        }
        "rewriterule" => read_rewrite(rest, std::mem::take(has_condition)),
        _ => None,
    }
}

/// Reads `[status] path target`.
fn read_redirect(words: &[&str], status: Option<&'static str>) -> Redirect {
    let (status, words) = if status.is_some() { (Ok(status), words) } else { split_status(words) };
    Some(match (status, words) {
        (Err(cause), _) => Err(cause),
        (Ok(status), [path, target]) => redirect(path, target, status),
        _ => Err("is not one path and one target"),
    })
}

/// Reads `[status] pattern target`.
fn read_match(words: &[&str]) -> Redirect {
    let (status, words) = split_status(words);
    Some(match (status, words) {
        (Err(cause), _) => Err(cause),
        (Ok(_), [_, target]) if has_variables(target) => Err(VARIABLES),
        (Ok(status), [pattern, target]) => match literal_path(pattern) {
            Some(path) => redirect(&path, target, status),
            None => Err(PATTERN),
        },
        _ => Err("is not one path and one target"),
    })
}

/// Splits off the status, which is a number or a word.
fn split_status<'a>(words: &'a [&'a str]) -> (Result<Option<&'a str>, &'static str>, &'a [&'a str]) {
    let Some((first, rest)) = words.split_first() else { return (Ok(None), words) };
    match first.to_ascii_lowercase().as_str() {
        "permanent" => (Ok(Some("301")), rest),
        "temp" => (Ok(Some("302")), rest),
        "seeother" => (Ok(Some("303")), rest),
        "gone" => (Err("is not a redirect: its page is gone"), rest),
        number if number.len() == 3 && number.bytes().all(|byte| byte.is_ascii_digit()) => {
            if number.starts_with('3') {
                (Ok(Some(*first)), rest)
            } else {
                (Err("is not a redirect"), rest)
            }
        }
        _ => (Ok(None), words),
    }
}

/// Reads `pattern substitution [flags]`. A rewrite within the server is not a redirect.
fn read_rewrite(words: &[&str], has_condition: bool) -> Redirect {
    let [pattern, target, flags @ ..] = words else { return None };
    let flags = flags.join("").to_ascii_uppercase();
    let flags: Vec<&str> = flags.trim_matches(['[', ']']).split(',').map(str::trim).collect();
    let status = flags.iter().find_map(|flag| match flag.split_once('=') {
        Some(("R" | "REDIRECT", status)) => Some(status),
        None if matches!(*flag, "R" | "REDIRECT") => Some("302"),
        _ => None,
    });
    let is_proxy = flags.iter().any(|flag| matches!(*flag, "P" | "PROXY"));
    if *target == "-" || is_proxy || status.is_none() && !target.contains("://") {
        return None;
    }
    let status = match status {
        Some("PERMANENT") => Some("301"),
        Some("TEMP") => Some("302"),
        status => status,
    };
    let path = literal_path(pattern);
    Some(match path {
        _ if has_condition => Err(CONDITIONS),
        _ if has_variables(target) => Err(VARIABLES),
        None => Err(PATTERN),
        Some(_) if status.is_some_and(|status| status.len() == 3 && !status.starts_with('3')) => {
            Err("is not a redirect")
        }
        Some(path) => redirect(&path, target, status),
    })
}
