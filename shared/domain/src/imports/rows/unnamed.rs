//! Looks at the cells of columns whose names say nothing: which hold URLs, and which probably hold slugs.

use std::collections::HashSet;

use super::names::{is_never_slug, normalize};
use crate::values::slug::Slug;

/// The longest text that looks like a slug, in characters. Longer ones are rather keys and checksums.
const MAX_SLUG_CHARS: usize = 64;
/// In how many rows a column must have cells to look like a column of slugs.
const MIN_ROWS: usize = 2;

/// Tells whether a column has cells, and all of them that are not blank are URLs.
pub(super) fn are_urls<'a>(cells: impl Iterator<Item = &'a str>) -> bool {
    let mut any = false;
    for cell in cells.map(str::trim).filter(|cell| !cell.is_empty()) {
        if !is_url(cell) {
            return false;
        }
        any = true;
    }
    any
}

fn is_url(cell: &str) -> bool {
    let scheme = cell.split_once("://").map(|(scheme, _)| scheme);
    let is_http = scheme.is_some_and(|s| s.eq_ignore_ascii_case("http") || s.eq_ignore_ascii_case("https"));
    is_http && !cell.contains(char::is_whitespace)
}

/// Describes the first of the `columns`, each a name and its cells, that looks like a column of slugs.
pub(super) fn describe_unnamed_slugs<'a>(mut columns: impl Iterator<Item = (&'a str, Vec<&'a str>)>) -> Option<String> {
    let (name, _) = columns.find(|(name, cells)| !is_never_slug(&normalize(name)) && are_slugs(cells))?;
    let name: String = name.trim().chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).take(60).collect();
    Some(format!(
        "the column {name} may hold the slugs, and no other column does: without it each link would get a new slug; say \
         what it holds with the option columns, {{\"{name}\": \"slug\"}} or {{\"{name}\": \"ignore\"}}"
    ))
}

/// Tells whether the cells look like slugs, or like short links on one host, and no two are the same.
fn are_slugs(cells: &[&str]) -> bool {
    let cells: Vec<&str> = cells.iter().map(|cell| cell.trim()).filter(|cell| !cell.is_empty()).collect();
    let distinct: HashSet<&str> = cells.iter().copied().collect();
    if cells.len() < MIN_ROWS || distinct.len() < cells.len() {
        return false;
    }
    let Some(links) = cells.iter().map(|cell| split_link(cell)).collect::<Option<Vec<_>>>() else {
        // Numbers alone are rather counts and ids.
        let all_numbers = cells.iter().all(|cell| cell.bytes().all(|byte| byte.is_ascii_digit()));
        return !all_numbers && cells.iter().all(|cell| is_like_slug(cell));
    };
    links.iter().all(|(host, path)| *host == links[0].0 && is_like_slug(path))
}

/// Splits a short link into its host and its path.
fn split_link(cell: &str) -> Option<(&str, &str)> {
    let rest = cell.split_once("://").map_or(cell, |(_, rest)| rest);
    rest.trim_end_matches('/').split_once('/').filter(|(host, _)| host.contains('.'))
}

fn is_like_slug(cell: &str) -> bool {
    let slug = cell.strip_prefix('/').unwrap_or(cell);
    let is_uuid = slug.len() == 36 && slug.bytes().filter(|byte| *byte == b'-').count() == 4;
    let is_number = slug.contains('.') && slug.parse::<f64>().is_ok();
    let is_host = slug.rsplit_once('.').is_some_and(|(_, end)| end.len() >= 2);
    let is_flag = ["true", "false", "yes", "no", "null"].iter().any(|word| word.eq_ignore_ascii_case(slug));
    let is_date = slug.len() >= 8 && slug.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'-' | b'.'));
    !slug.is_empty()
        && slug.chars().count() <= MAX_SLUG_CHARS
        && slug.chars().all(Slug::allows)
        && !(is_uuid || is_number || is_host || is_flag || is_date)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn doubt(name: &str, cells: &[&str]) -> bool {
        describe_unnamed_slugs([(name, cells.to_vec())].into_iter()).is_some()
    }

    #[test]
    fn slugs_are_told_from_other_cells() {
        for cells in [
            &["docs", "blog"][..],
            &["aB3xZ", "", "9k", "x_1"],
            &["/docs", "/blog"],
            &["https://s.example/a1", "https://s.example/b2"],
            &["s.example/a1", "s.example/b2/"],
            &["1a", "22", "33"],
        ] {
            assert!(doubt("Kürzel", cells), "{cells:?}");
        }
        for cells in [
            &["docs"][..],
            &["docs", "docs"],
            &["", ""],
            &["two words", "x"],
            &["1", "2"],
            &["1.5", "2.5"],
            &["true", "false"],
            &["2024-01-02", "2024-01-03"],
            &["0199b0c6-7e45-7000-8000-000000000005", "0199b0c6-7e45-7000-8000-000000000006"],
            &["https://a.example/x", "https://b.example/y"],
            &["https://a.example/x/y", "https://a.example/x/z"],
            &["a@example.com", "b@example.com"],
            &["$0.00", "$1.00"],
            &["example.com", "example.org"],
        ] {
            assert!(!doubt("Kürzel", cells), "{cells:?}");
        }
        assert!(!doubt("id", &["a1", "b2"]) && !doubt("Updated at", &["a1", "b2"]));
    }

    #[test]
    fn urls_are_told_from_other_cells() {
        assert!(are_urls(["https://a.example/", "", "HTTP://b.example/x"].into_iter()));
        for cells in [&["", ""][..], &["https://a.example/", "x"], &["https://a.example/ b"], &["ftp://a.example/"]] {
            assert!(!are_urls(cells.iter().copied()), "{cells:?}");
        }
    }
}
