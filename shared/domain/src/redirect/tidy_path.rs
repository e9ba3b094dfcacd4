//! Finds the slug in the path of a visit. Short URLs are copied out of texts, with what stands around them there, and typed by hand.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

use crate::values::slug::{Slug, SlugError};

/// The longest path that is looked at, in bytes: a percent-encoded slug, and as much again around it.
const MAX_PATH: usize = 6 * Slug::MAX_LEN;

/// Reads a path that is exactly a slash and a slug. Decodes it once: some gateways have decoded it before, some have not.
pub(crate) fn exact_slug(path: &str) -> Option<Slug> {
    slug_of(path.strip_prefix('/')?)
}

/// Reads a segment of a path that is exactly a slug.
pub(crate) fn slug_of(segment: &str) -> Option<Slug> {
    Slug::parse(decoded(segment)?).ok()
}

/// Tells whether the first segment of a path is one that no slug can be: browsers and crawlers try such paths by themselves, and the API
/// has some.
pub(crate) fn is_of_reserved(path: &str) -> bool {
    let segment = path.strip_prefix('/').unwrap_or(path).split('/').next().unwrap_or_default();
    decoded(segment).is_some_and(|segment| Slug::parse(segment) == Err(SlugError::Reserved))
}

/// Reads a path that is a slug once it is tidied, and is not exactly one.
///
/// Tidying removes from both ends every character that no slug can have, such as slashes, spaces, brackets, commas and quotation
/// marks of any script, and from the end also full stops. It changes nothing between the ends. Control characters other than white
/// space stay, so that such a path finds nothing.
pub(crate) fn tidied_slug(path: &str) -> Option<Slug> {
    let text = decoded(path.strip_prefix('/')?)?;
    let around = |c: char| !Slug::allows(c) && (c.is_whitespace() || !c.is_control());
    let tidied = text.trim_start_matches(around).trim_end_matches(|c| c == '.' || around(c));
    Slug::parse(tidied).ok().filter(|_| tidied.len() < text.len())
}

/// Decodes what follows the first slash of a path. What is no UTF-8 becomes a character that no slug has.
fn decoded(text: &str) -> Option<Cow<'_, str>> {
    (text.len() <= MAX_PATH).then(|| percent_decode_str(text).decode_utf8_lossy())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn tidied(path: &str) -> Option<String> {
        tidied_slug(path).map(|slug| slug.to_string())
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
