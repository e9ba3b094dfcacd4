//! Reads the slug that a row asks for.

use crate::imports::rows::{Column, Fault, Fields};
use crate::values::domains::{Domain, Domains};
use crate::values::slug::Slug;
use crate::values::slug_error::SlugError;

/// The slug that a row asks for, with the cell that has it.
pub(super) struct OwnSlug<'f> {
    column: Column,
    text: &'f str,
    slug: Slug,
}

impl<'f> OwnSlug<'f> {
    /// Reads the slug of a row: its own, or the path of its short URL.
    ///
    /// # Errors
    /// The cell is no slug of any domain.
    pub(super) fn of(fields: &'f Fields<'_>, warnings: &mut Vec<Fault>) -> Result<Option<Self>, Fault> {
        let parse = |column: Column, text: &'f str, path: &str| {
            let path = path.strip_prefix('/').unwrap_or(path).trim_end_matches('/');
            let slug = Slug::parse_encoded(path).map_err(|error| fault(column, text, error))?;
            Ok(Some(Self { column, text, slug }))
        };
        if let Some(text) = fields.slug.as_deref() {
            return parse(Column::Slug, text, if text.contains("://") { split_short_url(text).1 } else { text });
        }
        match (fields.custom_url.as_deref(), fields.short_url.as_deref()) {
            (Some(custom), short) => {
                if let Some(short) = short.filter(|short| split_short_url(short).1 != split_short_url(custom).1) {
                    let cause = "is the row's second short link and is left out; the link has the other one";
                    warnings.push(Fault {
                        column: Some(Column::ShortUrl),
                        value: short.to_owned(),
                        cause: cause.to_owned(),
                    });
                }
                parse(Column::CustomUrl, custom, split_short_url(custom).1)
            }
            (None, Some(short)) => parse(Column::ShortUrl, short, split_short_url(short).1),
            (None, None) => Ok(None),
        }
    }

    /// Returns the slug as it is on `domain`.
    ///
    /// # Errors
    /// The rule of the domain that does not allow it.
    pub(super) fn on(self, domain: &Domain, domains: &Domains) -> Result<Slug, Fault> {
        domains.slug_on(domain, self.slug).map_err(|error| fault(self.column, self.text, error))
    }
}

/// Splits a short URL, with or without scheme, into host and path. Neither has the slash between them. A text without both is a
/// path.
pub(super) fn split_short_url(text: &str) -> (&str, &str) {
    let (scheme, rest) = text.split_once("://").map_or(("", text), |(scheme, rest)| (scheme, rest));
    let rest = rest.split(['?', '#']).next().unwrap_or_default();
    let Some((host, path)) = rest.split_once('/') else {
        return if scheme.is_empty() && !rest.contains('.') { ("", rest) } else { (rest, "") };
    };
    (host.split(':').next().unwrap_or_default(), path.trim_end_matches('/'))
}

#[cold]
fn fault(column: Column, value: &str, error: SlugError) -> Fault {
    Fault { column: Some(column), value: value.to_owned(), cause: error.to_string() }
}
