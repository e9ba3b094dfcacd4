//! Reads a file and makes links, as an import does before it writes them.

#![allow(clippy::unwrap_used, reason = "only tests use it")]

use std::path::Path;

use waypost_domain::imports::job::id::ImportId;
use waypost_domain::imports::job::import::Import;
use waypost_domain::imports::job::options::RowOptions;
use waypost_domain::imports::rows::{Fault, Format, Layout, Limits, Next, Notes, Rows, Source};
use waypost_domain::imports::write::row::{Candidate, Context};
use waypost_domain::values::schemes::TargetSchemes;
use waypost_domain::{Domains, Timestamp, WorkspaceId};

/// The result of reading a file.
#[derive(Debug, PartialEq)]
pub(crate) struct Ending {
    /// A line for each row.
    pub(crate) rows: Vec<String>,
    /// How many of the rows are invalid.
    pub(crate) invalid: usize,
    /// Why the file could not be read to its end.
    pub(crate) error: Option<String>,
    pub(crate) format: Option<Format>,
    pub(crate) source: Option<Source>,
    pub(crate) notes: Notes,
}

/// Reads the file `tests/data/{name}`.
pub(crate) fn data(name: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/data").join(name);
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Reads `file` in pieces of `piece` bytes.
pub(crate) fn load(file: &[u8], piece: usize) -> Ending {
    let schemes = TargetSchemes::parse("mailto,tel,sms").unwrap();
    let domains = Domains::parse("go.example.com,s.example.org").unwrap().with_schemes(schemes);
    let now = Timestamp::parse("2026-01-01T00:00:00Z").unwrap();
    let id = ImportId::for_object("imports/acme/x", "e");
    let import = Import::awaiting(id, WorkspaceId::parse("acme").unwrap(), None, 1, now);
    let options = RowOptions::default();
    let context = Context { import: &import, domains: &domains, created_at: now, options: &options };
    let mut rows = Rows::new(file.len() as u64, Limits::default());
    let mut pieces = file.chunks(piece);
    let (mut lines, mut invalid) = (Vec::new(), 0);
    let error = loop {
        match rows.next_row() {
            Ok(Next::Row(row)) => {
                let source = row.fields.as_ref().map_or(None, |row| row.source);
                let checked = row.fields.and_then(|fields| context.check(&row.address, &fields));
                invalid += usize::from(checked.is_err());
                lines.push((format!("{}@{} {}", row.address.row, row.address.line, show(&checked)), source));
            }
            Ok(Next::Pause) => {}
            Ok(Next::Seek(to)) => pieces = file[usize::try_from(to).unwrap()..].chunks(piece),
            Ok(Next::More) => match pieces.next() {
                Some(piece) => rows.feed(piece),
                None => rows.end(),
            },
            Ok(Next::End) => break None,
            Err(error) => break Some(error.to_string()),
        }
    };
    Ending {
        invalid,
        error,
        format: rows.layout().map(Layout::format),
        source: lines.first().and_then(|(_, source)| *source),
        rows: lines.into_iter().map(|(line, _)| line).collect(),
        notes: rows.notes(),
    }
}

/// Writes a row as a short line.
fn show(row: &Result<Candidate, Fault>) -> String {
    let Candidate { link, attempt, warnings, .. } = match row {
        Ok(candidate) => candidate,
        Err(Fault { column: Some(column), cause, .. }) => return format!("! {column}: {cause}"),
        Err(fault) => return format!("! {}", fault.cause),
    };
    let slug = if attempt.is_some() { "*" } else { link.address.slug.as_str() };
    let mut line = format!("{}/{slug} -> {}", link.address.domain, link.url);
    line += &format!(" | {}", link.title.as_deref().unwrap_or("-"));
    line += &format!(" | {} | {}", link.tags.join("+"), link.created_at);
    line += &link.imported_clicks.map_or(" | -".to_owned(), |clicks| format!(" | {clicks}"));
    if let Some(expires_at) = link.settings.expires_at {
        line += &format!(" | expires {expires_at}");
    }
    if let Some(url) = &link.settings.expired_url {
        line += &format!(" to {url}");
    }
    if link.settings.password_hash.is_some() {
        line += " | password";
    }
    if link.settings.archived {
        line += " | archived";
    }
    let warned: Vec<&str> = warnings.iter().filter_map(|warning| Some(warning.column?.as_str())).collect();
    if !warned.is_empty() {
        line += &format!(" ~ {}", warned.join(" "));
    }
    line
}
