//! Tells a visitor where a link leads before the visitor goes there: what the page at `/slug+` shows.

use std::sync::Arc;

use crate::files::collections::collection::Collection;
use crate::files::file::StoredFile;
use crate::links::link::Link;
use crate::links::settings::LinkSettings;
use crate::redirect::tidy_path::exact_slug;
use crate::values::slug::Slug;
use crate::values::target::TargetUrl;
use crate::values::timestamp::Timestamp;

/// What a visitor may know of a link that is open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkDetails {
    /// The slug that the visitor asked for.
    pub slug: Slug,
    /// Where the link leads. `None` if it has a password: then its title is a secret, too.
    pub destination: Option<Destination>,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it expires.
    pub expires_at: Option<Timestamp>,
    /// How many clicks it still serves; `None` if it has no limit.
    pub clicks_left: Option<u64>,
}

/// Where a link leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Destination {
    /// The title of its previews. The other title is for the owner.
    pub title: Option<String>,
    /// The target of this visitor, checked.
    pub url: TargetUrl,
    /// The file that it leads to, if the target is one.
    pub file: Option<Arc<StoredFile>>,
    /// The collection that it leads to, if the target is one.
    pub collection: Option<Arc<Collection>>,
    /// Whether it leads others, or at other times, elsewhere.
    pub varies: bool,
}

impl LinkDetails {
    /// Makes the details of an open `link`. `target` is the checked target of the visitor's `choice`.
    pub(super) fn of(link: &Link, slug: Slug, target: TargetUrl) -> Self {
        let settings = &link.settings;
        let title = settings.preview.as_ref().and_then(|preview| preview.title.as_ref());
        let is_open = settings.password_hash.is_none();
        Self {
            slug,
            destination: is_open.then(|| Destination {
                title: title.cloned(),
                url: target,
                file: None,
                collection: None,
                varies: varies(settings),
            }),
            created_at: link.created_at,
            expires_at: settings.expires_at,
            clicks_left: settings.max_clicks.map(|max| max.saturating_sub(settings.used_clicks)),
        }
    }

    /// Adds the file that the link leads to. A locked link tells nothing of it.
    pub(super) fn with_file(mut self, file: Arc<StoredFile>) -> Self {
        if let Some(destination) = &mut self.destination {
            destination.file = Some(file);
        }
        self
    }
}

impl LinkDetails {
    /// Adds the collection that the link leads to. A locked link tells nothing of it.
    pub(super) fn with_collection(mut self, collection: Arc<Collection>) -> Self {
        if let Some(destination) = &mut self.destination {
            destination.collection = Some(collection);
        }
        self
    }
}

/// Tells whether the link leads visitors to several targets.
fn varies(settings: &LinkSettings) -> bool {
    !settings.rules.is_empty() || settings.variants.len() > 1
}

/// Returns the path of a link in a path that asks for its details: `/slug+`.
pub(super) fn path_before_plus(path: &str) -> Option<&str> {
    path.strip_suffix('+').or_else(|| path.strip_suffix("%2B")).or_else(|| path.strip_suffix("%2b"))
}

/// Returns the slug of a path at which visitors report a link: `/slug+report`.
pub fn slug_before_report(path: &str) -> Option<Slug> {
    path_before_plus(path.strip_suffix("report")?).and_then(exact_slug)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_slug_and_a_plus_ask_for_details() {
        for (path, slug) in [
            ("/docs+", Some("docs")),
            ("/docs%2B", Some("docs")),
            ("/d%6fcs%2b", Some("docs")),
            ("/docs", None),
            ("/docs++", None),
            ("/+", None),
            ("/a/docs+", Some("a/docs")),
            ("/gr%C3%B6%C3%9Fe+", Some("größe")),
            ("/docs+/", None),
            ("/docs%20+", None),
            ("docs+", None),
            ("/v1+", None),
            ("+", None),
        ] {
            assert_eq!(path_before_plus(path).and_then(exact_slug).as_ref().map(Slug::as_str), slug, "{path}");
            let report = slug_before_report(&format!("{path}report"));
            assert_eq!(report.as_ref().map(Slug::as_str), slug, "{path}report");
            assert_eq!(slug_before_report(path), None, "{path}");
        }
    }
}
