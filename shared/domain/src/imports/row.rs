//! From the fields of a row to a link, or to what is wrong with them.

use serde::{Deserialize, Serialize};

use crate::create_link::own_domain;
use crate::imports::Import;
use crate::imports::rows::{Column, Fault, Fields};
use crate::link::{check_tags, check_title};
use crate::{Behaviour, Domain, Domains, Link, LinkId, Slug, TargetUrl, Timestamp};

/// How many slugs are tried for a row that has none. They have eight characters, so that one is taken is rare (on a domain
/// with a billion links, 1 in 200,000), and five being taken does not happen.
pub const SLUG_ATTEMPTS: u32 = 5;
const SLUG_LEN: usize = 8;

/// A link to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// The row and the line that it is from.
    pub place: (u64, u64),
    /// The link.
    pub link: Link,
    /// Which attempt at a slug it is; `None` if the slug is the row's own.
    pub attempt: Option<u32>,
}

impl Candidate {
    /// Goes on to the next slug; says whether there was another.
    pub fn try_next_slug(&mut self) -> bool {
        let Some(attempt) = self.attempt.map(|attempt| attempt + 1).filter(|&attempt| attempt < SLUG_ATTEMPTS) else {
            return false;
        };
        self.link.id.slug = derived_slug(self.link.origin.as_deref().unwrap_or_default(), attempt);
        self.attempt = Some(attempt);
        true
    }
}

/// The slug of the row `origin`, the same whenever the row is loaded.
fn derived_slug(origin: &str, attempt: u32) -> Slug {
    match attempt {
        0 => Slug::derive(origin, SLUG_LEN),
        _ => Slug::derive(&format!("{origin}#{attempt}"), SLUG_LEN),
    }
}

/// What rows get that do not say otherwise.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowOptions {
    /// The domain of rows that name none; the stack's default one if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub domain: Option<Domain>,
    /// Tags that every link gets.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
}

/// What all rows of an import have in common.
#[derive(Debug, Clone)]
pub struct Context<'a> {
    /// What rows get that do not say otherwise.
    pub options: &'a RowOptions,
    /// The import.
    pub import: &'a Import,
    /// The stack's own domains.
    pub domains: &'a Domains,
    /// What the links say about when they were created.
    pub created_at: Timestamp,
}

impl Context<'_> {
    /// The link that the row at `place` (row, line) asks for, or the first of its columns that is wrong.
    pub fn check(&self, place: (u64, u64), fields: &Fields<'_>) -> Result<Candidate, Fault> {
        let origin = self.import.origin(place.0);
        let url = fields.url.as_deref().unwrap_or_default();
        if url.is_empty() {
            return Err(fault(Column::Url, "", "is missing"));
        }
        let target = TargetUrl::parse(url, self.domains).map_err(|error| fault(Column::Url, url, error))?;
        let (slug, attempt) = match fields.slug.as_deref() {
            Some(text) => (Slug::parse(text).map_err(|error| fault(Column::Slug, text, error))?, None),
            None => (derived_slug(&origin, 0), Some(0)),
        };
        let domain = match fields.domain.as_deref() {
            Some(text) => own_domain(text, self.domains).map_err(|detail| fault(Column::Domain, text, detail))?,
            None => self.options.domain.as_ref().unwrap_or(self.domains.default_domain()).clone(),
        };
        let title = fields.title.as_deref();
        let title =
            title.map(|text| check_title(text).map_err(|detail| fault(Column::Title, text, detail))).transpose()?;
        let tags =
            check_tags(fields.tags.iter().map(AsRef::as_ref).chain(self.options.tags.iter().map(String::as_str)))
                .map_err(|(index, detail)| {
                    fault(Column::Tags, fields.tags.get(index).map_or("", AsRef::as_ref), detail)
                })?;
        let link = Link {
            id: LinkId { domain, slug },
            workspace: self.import.workspace.clone(),
            url: target,
            title,
            tags,
            created_at: self.created_at,
            updated_at: None,
            revision: 0,
            behaviour: Behaviour::default(),
            origin: Some(origin),
        };
        Ok(Candidate { place, link, attempt })
    }
}

fn fault(column: Column, value: &str, cause: impl ToString) -> Fault {
    Fault { column: Some(column), value: value.to_owned(), cause: cause.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::imports::ImportId;
    use crate::{Timestamp, WorkspaceId};
    use std::borrow::Cow;

    fn check(fields: &Fields<'_>) -> Result<Candidate, Fault> {
        let domains = Domains::parse("go.example.com,s.example.org").unwrap();
        let now = Timestamp::parse("2026-01-01T00:00:00Z").unwrap();
        let id = ImportId::for_object("imports/acme/x", "e");
        let import = Import::awaiting(id, WorkspaceId::parse("acme").unwrap(), None, 1, now);
        let options = RowOptions::default();
        Context { import: &import, domains: &domains, created_at: now, options: &options }.check((7, 8), fields)
    }

    fn fields<'a>(url: &'a str, slug: &'a str) -> Fields<'a> {
        let given = |text: &'a str| Some(Cow::Borrowed(text)).filter(|text| !text.is_empty());
        Fields { url: given(url), slug: given(slug), ..Fields::default() }
    }

    #[test]
    fn a_row_without_a_slug_always_gets_the_same_ones() {
        let first = check(&fields("https://a.example/", "")).unwrap();
        assert_eq!(first.link.id.slug, check(&fields("https://b.example/", "")).unwrap().link.id.slug);
        let mut candidate = first;
        let mut slugs = vec![candidate.link.id.slug.clone()];
        while candidate.try_next_slug() {
            slugs.push(candidate.link.id.slug.clone());
        }
        assert_eq!(slugs.len(), 5);
        slugs.sort();
        slugs.dedup();
        assert_eq!(slugs.len(), 5);
    }

    #[test]
    fn an_own_slug_is_never_replaced() {
        let mut candidate = check(&fields("https://a.example/", "mine")).unwrap();
        assert_eq!(candidate.link.origin.as_deref().unwrap().rsplit_once('#').unwrap().1, "7");
        assert!(!candidate.try_next_slug());
    }

    #[test]
    fn the_wrong_column_is_named() {
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
        let tags = with(|row| row.tags = vec!["ok".into(), "a\nb".into()]);
        assert_eq!((tags.column, tags.value.as_str()), (Some(Column::Tags), "a\nb"));
    }
}
