//! Finds the slug in the path of a visit. Short URLs are copied out of texts, with what stands around them there, and typed by hand.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

use crate::values::slug::Slug;
use crate::values::slug_error::SlugError;

/// The longest path that is looked at, in bytes: the longest slug in its longest spelling, percent-encoded, with something around it.
const MAX_PATH: usize = 4096;

/// What can be in the slugs of a domain beside one segment of ASCII.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct SlugForms {
    /// Slashes.
    pub(crate) slashes: bool,
    /// Characters beyond ASCII.
    pub(crate) unicode: bool,
}

impl SlugForms {
    /// Every form.
    const ALL: Self = Self { slashes: true, unicode: true };

    /// Tells whether a slug can be one of such a domain.
    pub(crate) fn allow(self, slug: &Slug) -> bool {
        (self.slashes || !slug.has_slash()) && (self.unicode || slug.as_str().is_ascii())
    }

    fn allow_at_the_end(self, character: char) -> bool {
        Slug::allows(character) || self.unicode && Slug::allows_somewhere(character)
    }
}

/// Reads a path that is exactly a slash and a slug. Decodes it once: some gateways have decoded it before, some have not.
pub(crate) fn exact_slug(path: &str) -> Option<Slug> {
    slug_of(path.strip_prefix('/')?)
}

/// Reads a part of a path that is exactly a slug.
pub(crate) fn slug_of(text: &str) -> Option<Slug> {
    Slug::parse(decoded(text)?).ok()
}

/// Tells whether the path may name a link that only some domains can have: it has a slash or a character beyond ASCII within a slug.
pub(crate) fn asks_for_more(path: &str) -> bool {
    if is_of_reserved(path) {
        return false;
    }
    let Some(text) = path.strip_prefix('/').and_then(decoded) else { return false };
    let tidied = tidied(&text, SlugForms::ALL);
    !tidied.is_ascii() || tidied.contains('/')
}

/// Tells whether the first segment of a path is one that no slug can be: browsers and crawlers try such paths by themselves, and the API
/// has some.
pub(crate) fn is_of_reserved(path: &str) -> bool {
    let segment = path.strip_prefix('/').unwrap_or(path).split('/').next().unwrap_or_default();
    decoded(segment).is_some_and(|segment| Slug::parse(segment) == Err(SlugError::Reserved))
}

/// Reads a path that is a slug once it is tidied, and is not exactly one.
///
/// Tidying removes from both ends every character that no slug of the domain can have there, such as slashes, spaces, brackets, commas and
/// quotation marks of any script, and from the end also full stops. It changes nothing between the ends. Control characters other than
/// white space stay, so that such a path finds nothing.
pub(crate) fn tidied_slug(path: &str, forms: SlugForms) -> Option<Slug> {
    let text = decoded(path.strip_prefix('/')?)?;
    let tidied = tidied(&text, forms);
    Slug::parse(tidied).ok().filter(|slug| tidied.len() < text.len() && forms.allow(slug))
}

fn tidied(text: &str, forms: SlugForms) -> &str {
    let around = |c: char| !forms.allow_at_the_end(c) && (c.is_whitespace() || !c.is_control());
    text.trim_start_matches(around).trim_end_matches(|c| c == '.' || around(c))
}

/// Decodes what follows the first slash of a path. What is no UTF-8 becomes a character that no slug has.
fn decoded(text: &str) -> Option<Cow<'_, str>> {
    (text.len() <= MAX_PATH).then(|| percent_decode_str(text).decode_utf8_lossy())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const PLAIN: SlugForms = SlugForms { slashes: false, unicode: false };

    fn tidied(path: &str) -> Option<String> {
        tidied_slug(path, PLAIN).map(|slug| slug.to_string())
    }

    #[test]
    fn slug_is_found_without_what_stands_around_it() {
        for path in [
            "/docs/",
            "//docs",
            "/docs//",
            "/docs%20",
            "/docs%0A",
            "/%20docs",
            "/docs)",
            "/docs).",
            "/docs,",
            "/docs.",
            "/docs...",
            "/docs%22",
            "/docs'",
            "/%3Cdocs%3E",
            "/(docs)",
            "/docs]",
            "/docs%E2%80%9D",
            "/%C2%ABdocs%C2%BB",
            "/docs%E2%80%8B",
            "/docs%C2%A0",
            "/docs*",
            "/docs%5C",
            "/docs%2F",
            "/%2Fdocs",
            "/docs;",
            "/docs!",
            "/docs\u{3002}",
            "/docs%e2%80",
            "/docs%",
        ] {
            assert_eq!(tidied(path).as_deref(), Some("docs"), "{path}");
            assert_eq!(exact_slug(path).filter(|slug| slug.as_str() == "docs"), None, "{path}");
        }
        assert_eq!(tidied("/_docs-~)").as_deref(), Some("_docs-~"), "what a slug can begin or end with stays");
    }

    #[test]
    fn nothing_is_found_in_what_is_no_slug_with_something_around_it() {
        for path in [
            "",
            "/",
            "//",
            "docs",
            "docs/",
            "/docs",
            "/a/b",
            "/a/b/",
            "/x/../docs",
            "/./docs",
            "/..",
            "/../",
            "/%ff",
            "/docs%00",
            "/docs%1b",
            "/do%20cs",
            "/v1/",
            "//robots.txt",
            "/.",
            "/%2e%2e%2f",
            "/)",
            "/d\u{f6}cs/",
        ] {
            assert_eq!(tidied(path), None, "{path}");
        }
        assert_eq!(tidied(&format!("/{}", "(".repeat(MAX_PATH))), None);
        assert_eq!(tidied(&format!("/docs{}", "%20".repeat(MAX_PATH))), None, "a path without bounds is not looked at");
    }

    #[test]
    fn more_is_tidied_where_slugs_can_have_more() {
        let all = |path: &str| tidied_slug(path, SlugForms::ALL).map(|slug| slug.to_string());
        for (path, plain, more) in [
            ("/docs/start/", None, Some("docs/start")),
            ("//docs/start%20", None, Some("docs/start")),
            ("/docs//start/", None, None),
            ("/docs/./start/", None, None),
            ("/docs/..", Some("docs"), Some("docs")),
            ("/%C2%ABgr%C3%B6%C3%9Fe%C2%BB", None, Some("größe")),
            ("/größe).", None, Some("größe")),
            ("/docs🎉", Some("docs"), None),
            ("/docs🎉)", Some("docs"), Some("docs🎉")),
            ("/日本。", None, Some("日本")),
            ("/docs%E2%80%8B", Some("docs"), Some("docs")),
            ("/v1/links/", None, None),
        ] {
            assert_eq!((tidied(path).as_deref(), all(path).as_deref()), (plain, more), "{path}");
        }
    }

    #[test]
    fn only_slashes_and_characters_within_a_slug_ask_for_more() {
        for (path, expected) in [
            ("/docs", false),
            ("/docs/", false),
            ("//docs%20", false),
            ("/(docs).", false),
            ("/docs%E2%80%9D", false),
            ("/docs/start", true),
            ("/docs%2Fstart", true),
            ("/docs🎉", true),
            ("/gr%C3%B6%C3%9Fe/", true),
            ("/%ff", false),
            ("docs/start", false),
            ("/", false),
        ] {
            assert_eq!(asks_for_more(path), expected, "{path}");
        }
        assert!(!asks_for_more(&format!("/a/{}", "b".repeat(MAX_PATH))));
    }

    proptest! {
        #[test]
        fn tidied_slug_is_part_of_the_path(path in "\\PC{0,60}") {
            if let Some(slug) = tidied(&format!("/{path}")) {
                prop_assert!(percent_decode_str(&path).decode_utf8_lossy().contains(&slug));
                prop_assert_eq!(exact_slug(&format!("/{slug}")).unwrap().to_string(), slug);
            }
        }

        #[test]
        fn exact_slug_needs_no_tidying(slug in "[A-Za-z0-9_~-][A-Za-z0-9._~-]{0,20}[A-Za-z0-9_~-]") {
            prop_assert_eq!(tidied(&format!("/{slug}")), None);
        }
    }
}
