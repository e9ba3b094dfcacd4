//! Forwards what follows the slug in a visit's path to the target's path.

use std::borrow::Cow;
use std::fmt::Write;

use percent_encoding::percent_decode_str;

use super::tidy_path::{SlugForms, slug_of};
use crate::values::slug::Slug;
use crate::values::target::TargetUrl;

/// The longest rest that is forwarded, in bytes.
const MAX_REST: usize = 4096;
/// How often a segment is decoded to see what a site may make of it.
const MAX_DECODINGS: usize = 4;

/// Splits a path into the slug at its beginning and the rest behind the next slash, in each way that is possible, the longest slug first.
/// Returns none if the rest could lead out of a target's path: with a dot segment, an empty one, a slash or backslash in a segment, or a
/// control character, all of them encoded or not.
pub(crate) fn slugs_and_rests(path: &str, forms: SlugForms) -> Vec<(Slug, &str)> {
    let Some(path) = path.strip_prefix('/') else { return Vec::new() };
    let slashes = path.match_indices('/').map(|(at, _)| at).take(if forms.slashes { Slug::MAX_SEGMENTS } else { 1 });
    let splits = slashes.filter_map(|at| {
        let (slug, rest) = (slug_of(&path[..at])?, &path[at + 1..]);
        (forms.allow(&slug) && is_safe_rest(rest)).then_some((slug, rest))
    });
    let mut splits: Vec<_> = splits.collect();
    splits.reverse();
    splits
}

fn is_safe_rest(rest: &str) -> bool {
    if rest.is_empty() || rest.len() > MAX_REST {
        return false;
    }
    let (last, others) = rest.rsplit_once('/').map_or((rest, None), |(others, last)| (last, Some(others)));
    let are_safe = others.is_none_or(|others| others.split('/').all(|segment| !segment.is_empty() && is_safe(segment)));
    are_safe && is_safe(last)
}

/// Tells whether a segment is a name below its folder, however often it is decoded.
fn is_safe(segment: &str) -> bool {
    let mut text = Cow::Borrowed(segment);
    for _ in 0..MAX_DECODINGS {
        // Some servers take `..;x` for `..`.
        let name = text.split(';').next().unwrap_or_default().trim();
        if matches!(name, "." | "..") || text.contains(|c: char| c == '/' || c == '\\' || c.is_control()) {
            return false;
        }
        let decoded = percent_decode_str(&text).decode_utf8_lossy().into_owned();
        if decoded == text {
            return true;
        }
        text = Cow::Owned(decoded);
    }
    false
}

/// Adds `rest`, from [`slugs_and_rests`], to the path of `target`. Scheme, host, port, query and fragment do not change, and the target's
/// path stays the beginning. A target of another scheme than `http` and `https` stays as it is.
///
/// Keeps percent-encoded characters, since some gateways have not decoded the path.
pub(crate) fn forward_path(target: &TargetUrl, rest: &str) -> String {
    let text = target.as_str();
    if !target.is_web() {
        return text.to_owned();
    }
    let (base, tail) = text.split_at(text.find(['?', '#']).unwrap_or(text.len()));
    let mut url = base.strip_suffix('/').unwrap_or(base).to_owned();
    url.push('/');
    let bytes = rest.as_bytes();
    for (at, &byte) in bytes.iter().enumerate() {
        let is_encoded = || bytes.get(at + 1..at + 3).is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit));
        if is_path_character(byte) || byte == b'%' && is_encoded() {
            url.push(char::from(byte));
        } else {
            // Writing to a text cannot fail.
            let _ = write!(url, "%{byte:02X}");
        }
    }
    url + tail
}

/// Tells whether a path may have this byte as it is (`pchar` of RFC 3986, and the slash).
fn is_path_character(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:@/".contains(&byte)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use url::Url;

    use super::*;
    use crate::values::domains::Domains;
    use crate::values::schemes::TargetSchemes;

    fn target(text: &str) -> TargetUrl {
        let domains =
            Domains::parse("go.example.com").unwrap().with_schemes(TargetSchemes::parse("mailto,myapp").unwrap());
        TargetUrl::parse(text, &domains).unwrap()
    }

    fn slug_and_rest(path: &str) -> Option<(Slug, &str)> {
        slugs_and_rests(path, SlugForms::default()).pop()
    }

    #[test]
    fn path_is_split_in_each_way_where_slugs_have_slashes() {
        let split = |path: &str, slashes: bool, unicode: bool| {
            let splits = slugs_and_rests(path, SlugForms { slashes, unicode });
            splits.iter().map(|(slug, rest)| format!("{slug} {rest}")).collect::<Vec<_>>().join(", ")
        };
        for (path, plain, more) in [
            ("/a/b", "a b", "a b"),
            ("/a/b/c", "a b/c", "a/b c, a b/c"),
            ("/a/b/c/d/e/f", "a b/c/d/e/f", "a/b/c/d e/f, a/b/c d/e/f, a/b c/d/e/f, a b/c/d/e/f"),
            ("/a/b/", "a b/", "a b/"),
            ("/a/b//", "", ""),
            ("/a/../b", "", ""),
            ("/a/b/../c", "", ""),
            ("/ä/ö/c", "", "ä/ö c, ä ö/c"),
            ("/a%2Fb/c", "", "a/b c"),
            ("/v1/a/b", "", ""),
            ("/a b/c/d", "", ""),
        ] {
            assert_eq!((&*split(path, false, false), &*split(path, true, true)), (plain, more), "{path}");
        }
        assert_eq!(split("/ä/ö/c", true, false), "");
        assert_eq!(split("/ä/ö/c", false, true), "ä ö/c");
    }

    #[test]
    fn rest_follows_the_path_of_the_target() {
        for (to, rest, expected) in [
            ("https://example.com", "a", "https://example.com/a"),
            ("https://example.com/", "a/b", "https://example.com/a/b"),
            ("https://example.com/base", "a/", "https://example.com/base/a/"),
            ("https://example.com/base/?x=1#top", "a", "https://example.com/base/a?x=1#top"),
            ("https://example.com/base#/a?b", "c", "https://example.com/base/c#/a?b"),
            ("https://example.com:8443/", "a b/ü", "https://example.com:8443/a%20b/%C3%BC"),
            ("https://example.com/", "a?b#c", "https://example.com/a%3Fb%23c"),
            ("https://example.com/", "100%/%c3%bc%2", "https://example.com/100%25/%c3%bc%252"),
            ("https://example.com/", "@evil.example", "https://example.com/@evil.example"),
            ("https://example.com/", "https:evil.example", "https://example.com/https:evil.example"),
            ("mailto:a@example.com", "a", "mailto:a@example.com"),
            ("myapp://item", "a", "myapp://item"),
        ] {
            assert_eq!(forward_path(&target(to), rest), expected, "{to} {rest}");
        }
    }

    #[test]
    fn path_is_split_behind_the_slug() {
        for (path, slug, rest) in [
            ("/docs/a", "docs", "a"),
            ("/docs/a/", "docs", "a/"),
            ("/docs/a.b/..c/...", "docs", "a.b/..c/..."),
            ("/%64ocs/a%20b", "docs", "a%20b"),
            ("/docs/ü", "docs", "ü"),
        ] {
            let split = slug_and_rest(path).map(|(slug, rest)| (slug.to_string(), rest));
            assert_eq!(split, Some((slug.to_owned(), rest)), "{path}");
        }
    }

    #[test]
    fn rest_that_could_leave_the_path_is_refused() {
        for rest in [
            "",
            "/",
            "/a",
            "a//b",
            "a//",
            ".",
            "..",
            "./a",
            "../a",
            "a/..",
            "a/../b",
            "%2e%2e",
            "%2E/a",
            ".%2e/a",
            "a/%2e%2e/b",
            "%252e%252e",
            "%25252e.",
            "%2525252525252e",
            "a%2fb",
            "a%2F..",
            "%5c",
            "a\\b",
            "..\\a",
            "a%5C..%5Cb",
            "%252f",
            "a%0d%0ab",
            "a\nb",
            "%00",
            "a\u{7f}",
            "..;/a",
            "..;x=1",
            "%2e%2e;a",
            " .. ",
            "..%20",
            "%20./a",
            "a%09",
        ] {
            assert_eq!(slug_and_rest(&format!("/docs/{rest}")), None, "{rest:?}");
        }
        let long = |length: usize| format!("/docs/{}", "a".repeat(length));
        assert!(slug_and_rest(&long(MAX_REST)).is_some() && slug_and_rest(&long(MAX_REST + 1)).is_none());
        for path in ["docs/a", "//docs/a", "/docs", "/v1/links", "/a b/c", "/(docs)/a"] {
            assert_eq!(slug_and_rest(path), None, "{path}");
        }
    }

    proptest! {
        #[test]
        fn result_stays_below_the_path_of_the_target(
            to in "https?://[a-z]{1,8}\\.example(:[1-9][0-9]{1,3})?(/[a-z.%2e]{0,6}){0,3}/?(\\?[ -~]{0,10})?(#[ -~]{0,10})?",
            rest in prop_oneof!["[ -~]{0,30}", "\\PC{0,20}", "(%2e|%2E|\\.|/|%2f|%5c|\\\\|%25|;|\\?|#|@|:|a|%){0,12}"],
        ) {
            let Ok(to) = TargetUrl::parse(&to, &Domains::parse("go.example.com").unwrap()) else { return Ok(()) };
            let path = format!("/docs/{rest}");
            let Some((_, rest)) = slug_and_rest(&path) else { return Ok(()) };
            let forwarded = forward_path(&to, rest);
            let (before, after) = (Url::parse(to.as_str()).unwrap(), Url::parse(&forwarded).unwrap());
            prop_assert_eq!(after.as_str(), forwarded.as_str(), "a browser changes nothing");
            prop_assert_eq!((before.scheme(), before.host(), before.port()), (after.scheme(), after.host(), after.port()));
            prop_assert_eq!((before.query(), before.fragment()), (after.query(), after.fragment()));
            prop_assert!(after.username().is_empty() && after.password().is_none());
            let folder = before.path().strip_suffix('/').unwrap_or(before.path());
            let below = after.path().strip_prefix(folder).and_then(|below| below.strip_prefix('/'));
            prop_assert!(below.is_some_and(|below| below.split('/').count() == rest.split('/').count()), "{}", forwarded);
            let safe = TargetUrl::parse(&forwarded, &Domains::parse("go.example.com").unwrap());
            prop_assert_eq!(safe.as_ref().map(TargetUrl::as_str), Ok(forwarded.as_str()));
        }
    }
}
