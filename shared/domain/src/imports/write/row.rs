//! Checks the fields of a row, and makes its link.

use std::borrow::Cow;

use super::row_settings::read_settings;
use crate::imports::job::import::Import;
use crate::imports::job::options::RowOptions;
use crate::imports::rows::time::{NOT_A_TIME, read_time};
use crate::imports::rows::{Column, Fault, Fields, RowAddress, Source};
use crate::links::address::LinkAddress;
use crate::links::create::own_domain;
use crate::links::id::LinkId;
use crate::links::link::{Link, check_tags, check_title};
use crate::links::settings::LinkSettings;
use crate::values::domains::{Domain, Domains};
use crate::values::slug::Slug;
use crate::values::target::TargetUrl;
use crate::values::timestamp::Timestamp;

/// How many slugs are tried for a row that has none. A slug of eight characters is rarely taken (1 in 200,000 on a domain with a
/// billion links), and five in a row never are.
pub const SLUG_ATTEMPTS: u32 = 5;
const SLUG_LEN: usize = 8;
/// How far ahead of ours another service's clock may be, in seconds.
const MAX_AHEAD_SECONDS: i64 = 24 * 3600;

/// A row that asks for a link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// The row's address in the file.
    pub address: RowAddress,
    /// The link that it asks for.
    pub link: Link,
    /// The attempt at a derived slug, counted from 0; `None` if the slug is the row's own.
    pub attempt: Option<u32>,
}

impl Candidate {
    /// Goes on to the next derived slug; returns whether there is one.
    pub fn try_next_slug(&mut self) -> bool {
        let Some(attempt) = self.attempt.map(|attempt| attempt + 1).filter(|&attempt| attempt < SLUG_ATTEMPTS) else {
            return false;
        };
        self.link.address.slug = derived_slug(self.link.origin.as_deref().unwrap_or_default(), attempt);
        self.attempt = Some(attempt);
        true
    }
}

/// Derives a slug for the row with `origin`. Loading the row again gives the same slug.
fn derived_slug(origin: &str, attempt: u32) -> Slug {
    match attempt {
        0 => Slug::derive(origin, SLUG_LEN),
        _ => Slug::derive(&format!("{origin}#{attempt}"), SLUG_LEN),
    }
}

/// What the check of a row needs from its import.
#[derive(Debug, Clone)]
pub struct Context<'a> {
    /// The import.
    pub import: &'a Import,
    /// The stack's own domains.
    pub domains: &'a Domains,
    /// The creation time of links whose rows have none.
    pub created_at: Timestamp,
    /// The import's options for its rows.
    pub options: &'a RowOptions,
}

impl Context<'_> {
    /// Makes the link that the row at `address` asks for, or returns its first invalid column.
    pub fn check(&self, address: &RowAddress, fields: &Fields<'_>) -> Result<Candidate, Fault> {
        let origin = self.import.origin(address.row);
        let url = fields.url.as_deref().unwrap_or_default();
        if url.is_empty() {
            return Err(fault(Column::Url, "", "is missing"));
        }
        let target = TargetUrl::parse(url, self.domains).map_err(|error| fault(Column::Url, url, error))?;
        let (slug, attempt) = match own_slug(fields)? {
            Some(slug) => (slug, None),
            None => (derived_slug(&origin, 0), Some(0)),
        };
        let domain = self.domain(fields)?;
        if !self.domains.is_open_to(&domain, &self.import.workspace) {
            return Err(fault(Column::Domain, domain.as_str(), "belongs to another workspace"));
        }
        let title = title(fields)?;
        let tags = self.tags(fields)?;
        let created_at = self.created_at(fields)?;
        let imported_clicks = fields.imported_clicks.as_deref().map(read_clicks).transpose()?;
        let settings = match fields.more.as_slice() {
            [] => LinkSettings::default(),
            columns => read_settings(&target, columns, self.domains)?,
        };
        let link = Link {
            address: LinkAddress { domain, slug },
            stored_id: Some(LinkId::derive(self.created_at, &origin)),
            counted_at: None,
            aliases: Vec::new(),
            workspace: self.import.workspace.clone(),
            url: target,
            title,
            tags,
            created_at,
            updated_at: None,
            revision: 0,
            settings,
            imported_clicks,
            origin: Some(origin),
        };
        Ok(Candidate { address: address.clone(), link, attempt })
    }

    /// Returns the domain that the row names. We cannot serve another service's domain: its links move to the import's domain.
    fn domain(&self, fields: &Fields<'_>) -> Result<Domain, Fault> {
        let default = self.options.domain.as_ref().unwrap_or(self.domains.default_domain());
        let foreign = is_foreign(fields);
        match (fields.domain.as_deref(), fields.short_url.as_deref()) {
            (Some(text), _) => match own_domain(text, self.domains) {
                Ok(domain) => Ok(domain),
                Err(_) if foreign => Ok(default.clone()),
                Err(detail) => Err(fault(Column::Domain, text, detail)),
            },
            (None, Some(short)) => {
                let host = split_short_url(short).0;
                Ok(own_domain(host, self.domains).unwrap_or_else(|_| default.clone()))
            }
            (None, None) => Ok(default.clone()),
        }
    }

    fn tags(&self, fields: &Fields<'_>) -> Result<Vec<String>, Fault> {
        let all = || fields.tags.iter().chain(self.options.tags.iter().map(String::as_str));
        check_tags(all()).map_err(|(index, detail)| fault(Column::Tags, all().nth(index).unwrap_or(""), detail))
    }

    fn created_at(&self, fields: &Fields<'_>) -> Result<Timestamp, Fault> {
        let Some(text) = fields.created_at.as_deref() else { return Ok(self.created_at) };
        let created_at = read_time(text).ok_or_else(|| fault(Column::CreatedAt, text, NOT_A_TIME))?;
        if created_at.as_seconds() > self.created_at.as_seconds() + MAX_AHEAD_SECONDS {
            return Err(fault(Column::CreatedAt, text, "is in the future"));
        }
        Ok(created_at)
    }
}

/// Tells whether the row is from another service, whose domains we do not serve.
fn is_foreign(fields: &Fields<'_>) -> bool {
    fields.source.is_some_and(|source| source != Source::Waypost)
}

/// Returns the slug that the row asks for: its own, or the path of its short URL.
fn own_slug(fields: &Fields<'_>) -> Result<Option<Slug>, Fault> {
    if let Some(text) = fields.slug.as_deref() {
        return Slug::parse(text).map(Some).map_err(|error| fault(Column::Slug, text, error));
    }
    let Some(text) = fields.short_url.as_deref() else { return Ok(None) };
    Slug::parse(split_short_url(text).1).map(Some).map_err(|error| fault(Column::ShortUrl, text, error))
}

/// Splits a short URL, with or without scheme, into host and path. Neither has the slash between them.
fn split_short_url(text: &str) -> (&str, &str) {
    let text = text.split_once("://").map_or(text, |(_, rest)| rest);
    let text = text.split(['?', '#']).next().unwrap_or_default();
    let (host, path) = text.split_once('/').unwrap_or((text, ""));
    (host.split(':').next().unwrap_or_default(), path.trim_end_matches('/'))
}

/// Reads the title. It cuts one from another service, which may be the title of a web page, rather than refuse it.
fn title(fields: &Fields<'_>) -> Result<Option<String>, Fault> {
    let Some(text) = fields.title.as_deref() else { return Ok(None) };
    let text: Cow<'_, str> = match fields.source {
        Some(Source::Waypost) | None => Cow::Borrowed(text),
        Some(_) => Cow::Owned(fit_title(text)),
    };
    if text.is_empty() {
        return Ok(None);
    }
    check_title(&text).map(Some).map_err(|detail| fault(Column::Title, &text, detail))
}

/// Puts `text` on one line and cuts it to the greatest length of a title.
fn fit_title(text: &str) -> String {
    let clean = text.chars().map(|c| if c.is_control() { ' ' } else { c });
    let cut: String = clean.take(Link::MAX_TITLE_CHARS + 1).collect();
    if cut.chars().count() <= Link::MAX_TITLE_CHARS {
        return cut.trim().to_owned();
    }
    let mut cut: String = cut.chars().take(Link::MAX_TITLE_CHARS - 1).collect();
    cut.push('…');
    cut
}

/// Reads a number of clicks, with or without separators between thousands, or with `.0` at its end.
fn read_clicks(text: &str) -> Result<u64, Fault> {
    let whole = text.strip_suffix(".0").unwrap_or(text);
    let parsed = match whole.parse() {
        Ok(count) => Some(count),
        Err(_) => read_grouped(whole),
    };
    parsed.ok_or_else(|| fault(Column::ImportedClicks, text, "is not a number of clicks"))
}

/// Reads a number such as `1,234,567`.
fn read_grouped(text: &str) -> Option<u64> {
    let mut groups = text.split([',', '\'', ' ']);
    let first = groups.next().filter(|first| (1..=3).contains(&first.len()))?;
    let mut digits = first.to_owned();
    for group in groups {
        if group.len() != 3 {
            return None;
        }
        digits.push_str(group);
    }
    digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok())?
}

#[cold]
fn fault(column: Column, value: &str, cause: impl ToString) -> Fault {
    Fault { column: Some(column), value: value.to_owned(), cause: cause.to_string() }
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use super::*;
    use crate::imports::job::id::ImportId;
    use crate::imports::rows::Tags;
    use crate::values::timestamp::Timestamp;
    use crate::values::workspace::WorkspaceId;

    fn check(fields: &Fields<'_>) -> Result<Candidate, Fault> {
        let domains = Domains::parse("go.example.com,s.example.org,x.example.org=other").unwrap();
        let now = Timestamp::parse("2026-01-01T00:00:00Z").unwrap();
        let id = ImportId::for_object("imports/acme/x", "e");
        let import = Import::awaiting(id, WorkspaceId::parse("acme").unwrap(), None, 1, now);
        let options = RowOptions::default();
        Context { import: &import, domains: &domains, created_at: now, options: &options }
            .check(&RowAddress { row: 7, line: 8, file: None }, fields)
    }

    fn fields<'a>(url: &'a str, slug: &'a str) -> Fields<'a> {
        let given = |text: &'a str| Some(Cow::Borrowed(text)).filter(|text| !text.is_empty());
        Fields { url: given(url), slug: given(slug), ..Fields::default() }
    }

    #[test]
    fn derived_slugs_do_not_change() {
        let first = check(&fields("https://a.example/", "")).unwrap();
        assert_eq!(first.link.address.slug, check(&fields("https://b.example/", "")).unwrap().link.address.slug);
        let mut candidate = first;
        let mut slugs = vec![candidate.link.address.slug.clone()];
        while candidate.try_next_slug() {
            slugs.push(candidate.link.address.slug.clone());
        }
        assert_eq!(slugs.len(), 5);
        slugs.sort();
        slugs.dedup();
        assert_eq!(slugs.len(), 5);
    }

    #[test]
    fn own_slug_is_never_replaced() {
        let mut candidate = check(&fields("https://a.example/", "mine")).unwrap();
        assert_eq!(candidate.link.origin.as_deref().unwrap().rsplit_once('#').unwrap().1, "7");
        assert!(!candidate.try_next_slug());
    }

    #[test]
    fn invalid_column_is_named() {
        let with = |change: fn(&mut Fields<'static>)| {
            let mut fields = fields("https://a.example/", "ok");
            change(&mut fields);
            check(&fields).unwrap_err()
        };
        assert_eq!(with(|row| row.url = None).cause, "is missing");
        assert_eq!(with(|row| row.url = Some("ftp://a.example/".into())).column, Some(Column::Url));
        assert_eq!(with(|row| row.slug = Some("a/b".into())).column, Some(Column::Slug));
        assert_eq!(with(|row| row.domain = Some("elsewhere.example".into())).column, Some(Column::Domain));
        assert_eq!(with(|row| row.title = Some("a\nb".into())).column, Some(Column::Title));
        assert_eq!(with(|row| row.domain = Some("x.example.org".into())).cause, "belongs to another workspace");
        let tags = with(|row| row.tags = Tags::List(vec!["ok".into(), "a\nb".into()]));
        assert_eq!((tags.column, tags.value.as_str()), (Some(Column::Tags), "a\nb"));
    }
}
