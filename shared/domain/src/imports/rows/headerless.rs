//! Recognises the columns of rows that no header names: URLs, URLs with slugs, or slugs with URLs.

use std::borrow::Cow;
use std::collections::HashSet;

use super::column::Column;
use super::columns::Columns;
use super::samples::{DELIMITERS, NO_DELIMITER, sample_rows};
use crate::values::slug::Slug;

/// How many lines are examined.
const MAX_LINES: usize = 2000;

/// How many lines that all could be a URL and a slug are not URLs: by chance not all would have a delimiter.
const TABLE_LINES: usize = 10;
/// How many columns a table without a header has.
const MAX_FIELDS: usize = 4;

/// The columns of rows without a header.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Headerless {
    pub(super) delimiter: u8,
    pub(super) columns: Columns,
}

/// What the lines of a file begin with.
enum Start {
    /// All of them, or most of them if the others have one field, begin with a URL.
    Urls,
    Other,
}

/// Recognises the columns by `head`, the first rows, or the `whole` text. A first line may have `named` the delimiter.
/// Returns `None` if the rows have no URLs where they are expected.
///
/// # Errors
/// The lines can be read in two ways.
pub(super) fn recognise_without_header(
    head: &[u8],
    whole: bool,
    named: Option<u8>,
) -> Result<Option<Headerless>, String> {
    let text = String::from_utf8_lossy(head);
    let lines = first_lines(&text, whole, named);
    if let Some(delimiter) = named {
        return Ok(slug_first(&lines, delimiter).or_else(|| {
            let is_url = lines.first().is_some_and(|line| begins_with_url(line));
            is_url.then(|| by_position(head, whole, delimiter))
        }));
    }
    match start_of(&lines) {
        Start::Urls if lines.iter().all(|line| !begins_with_url(line) || is_plain_url(line)) => {
            plain_urls(&lines, head, whole).map(Some)
        }
        Start::Urls => Ok(Some(urls_with_fields(&lines, head, whole))),
        Start::Other => Ok(DELIMITERS.into_iter().chain([b' ']).find_map(|delimiter| slug_first(&lines, delimiter))),
    }
}

/// Returns the first lines without comments, blank lines and a last one that is cut off.
fn first_lines(text: &str, whole: bool, named: Option<u8>) -> Vec<&str> {
    let mut lines: Vec<&str> = text.split(['\n', '\r']).collect();
    if !whole && lines.len() > 1 {
        lines.pop();
    }
    let lines = lines.into_iter().skip(usize::from(named.is_some())).map(str::trim);
    lines.filter(|line| !line.is_empty() && !line.starts_with('#')).take(MAX_LINES).collect()
}

fn start_of(lines: &[&str]) -> Start {
    let urls = lines.iter().filter(|line| begins_with_url(line)).count();
    // People forget the scheme. Such a line is reported: whether it means http or https is not known.
    let addresses = urls + lines.iter().filter(|line| is_without_scheme(line)).count();
    let is_first = lines.first().is_some_and(|line| begins_with_url(line));
    // What is not a URL among URLs is reported as a row. With several fields it may be a header that is not known.
    let others_have_one_field = || {
        let has_fields = |line: &&&str| line.contains([',', ';', '\t', '|']);
        !lines.iter().filter(|line| !begins_with_url(line)).any(|line| has_fields(&line))
    };
    if is_first || urls > 0 && addresses * 2 > lines.len() && others_have_one_field() {
        Start::Urls
    } else {
        Start::Other
    }
}

fn begins_with_url(line: &str) -> bool {
    let first = line.trim_start_matches(['"', '\'']).split([',', ';', '\t', '|', ' ', '"']).next();
    first.is_some_and(|first| first.contains("://"))
}

/// Tells whether the line is a URL but for its scheme.
fn is_without_scheme(line: &str) -> bool {
    let host = line.split('/').next().unwrap_or_default();
    let is_name = host.contains('.') && !line.contains("://") && !line.contains(char::is_whitespace);
    is_name && url::Url::parse(&format!("https://{line}")).is_ok()
}

/// Tells whether the whole line is a URL.
fn is_plain_url(line: &str) -> bool {
    !line.contains(|c: char| c.is_whitespace() || matches!(c, '"' | '<' | '>')) && url::Url::parse(line).is_ok()
}

/// Decides about lines of which each is a URL as it stands: delimiters are part of the URLs unless the lines show that
/// they are not.
fn plain_urls(lines: &[&str], head: &[u8], whole: bool) -> Result<Headerless, String> {
    for delimiter in [',', ';', '|'] {
        let split: Vec<(&str, &str)> = lines.iter().filter_map(|line| line.split_once(delimiter)).collect();
        if split.is_empty() {
            continue;
        }
        let is_everywhere = split.len() == lines.len();
        // A URL that ends with its host or with a slash does not go on after a comma.
        let ends = split.iter().any(|(url, rest)| {
            let path = url.split_once("://").map_or(*url, |(_, rest)| rest);
            !path.contains('/') || url.ends_with('/') || rest.trim_matches(delimiter).is_empty()
        });
        if ends || delimiter == '|' && is_everywhere {
            return Ok(by_position(head, whole, delimiter as u8));
        }
        let fields: Vec<&str> = split.iter().filter_map(|(_, rest)| rest.split(delimiter).next()).collect();
        let are_slugs = fields.iter().all(|field| is_slug(field) && field.contains(|c: char| c.is_ascii_alphabetic()));
        let are_unique = fields.iter().collect::<HashSet<_>>().len() == lines.len();
        let are_few = split.iter().all(|(_, rest)| rest.matches(delimiter).count() < MAX_FIELDS - 1);
        if is_everywhere && are_slugs && are_unique && are_few {
            if lines.len() >= TABLE_LINES {
                return Ok(by_position(head, whole, delimiter as u8));
            }
            return Err(format!(
                "each line may be one URL with `{delimiter}` in it, or a URL and a slug: write `url` or \
                 `url{delimiter}slug` as the first line"
            ));
        }
    }
    Ok(Headerless { delimiter: NO_DELIMITER, columns: Columns::by_position(1) })
}

/// Decides about lines that begin with URLs, of which some go on after white space or quotation marks.
fn urls_with_fields(lines: &[&str], head: &[u8], whole: bool) -> Headerless {
    if are_words(lines) {
        return Headerless { delimiter: b' ', columns: Columns::in_order(&[Column::Url, Column::Slug]) };
    }
    let multi_field_rows = |delimiter: u8| sample_rows(head, whole, delimiter).filter(|row| row.len() > 1).count();
    // Of equally good ones the first.
    let counts = DELIMITERS.map(|delimiter| (multi_field_rows(delimiter), delimiter));
    match counts.into_iter().reduce(|best, other| if other.0 > best.0 { other } else { best }) {
        Some((rows, delimiter)) if rows > 0 => by_position(head, whole, delimiter),
        _ => Headerless { delimiter: NO_DELIMITER, columns: Columns::by_position(1) },
    }
}

/// Tells whether spaces separate a URL from a slug or a comment.
fn are_words(lines: &[&str]) -> bool {
    let split: Vec<(&str, &str)> = lines.iter().filter_map(|line| line.split_once(' ')).collect();
    let is_clean = |word: &str| !word.contains([',', ';', '|', '\t', '"']);
    let is_comment = |rest: &str| rest.trim_start().starts_with("# ") || rest.trim() == "#";
    !split.is_empty()
        && split.iter().all(|(word, rest)| is_clean(word) && !rest.contains('\t'))
        && (split.len() * 2 >= lines.len() || split.iter().all(|(_, rest)| is_comment(rest)))
}

/// Recognises rows that begin with a slug.
fn slug_first(lines: &[&str], delimiter: u8) -> Option<Headerless> {
    let mut slugs = HashSet::new();
    for line in lines {
        let (slug, rest) = line.split_once(char::from(delimiter))?;
        let slug = slug.trim().trim_matches('"');
        let url = rest.trim_start().trim_start_matches('"');
        if !is_slug(slug) || !slugs.insert(slug) || !(url.starts_with("http://") || url.starts_with("https://")) {
            return None;
        }
    }
    let columns = Columns::in_order(&[Column::Slug, Column::Url, Column::Title, Column::Tags]);
    (!lines.is_empty()).then_some(Headerless { delimiter, columns })
}

fn is_slug(text: &str) -> bool {
    !text.is_empty() && text.len() <= Slug::MAX_LEN && text.chars().all(Slug::allows)
}

/// Returns the columns `url[,slug[,title[,tags]]]`.
fn by_position(head: &[u8], whole: bool, delimiter: u8) -> Headerless {
    let first: Option<Vec<Cow<'_, str>>> = sample_rows(head, whole, delimiter).next();
    Headerless { delimiter, columns: Columns::by_position(first.map_or(1, |row| row.len())) }
}
