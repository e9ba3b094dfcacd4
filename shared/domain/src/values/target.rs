//! Checks and normalises target URLs.

use std::fmt;

use serde::{Deserialize, Serialize};
use url::Url;

use crate::files::collections::id::CollectionId;
use crate::files::id::FileId;
use crate::values::domains::{Domains, host_name};
use crate::values::other_targets;
use crate::values::plain_url::plain_host;
pub use crate::values::target_error::TargetError;

/// An absolute URL in its normal form (WHATWG URL, host in punycode): at most [`TargetUrl::MAX_LEN`] bytes of printable ASCII without
/// credentials. Its scheme is `http`, `https` or one that the operator allows ([`crate::values::schemes::TargetSchemes`]).
///
/// Check a stored target again with [`TargetUrl::parse`] before sending it: anything may have written the item.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TargetUrl(String);

impl TargetUrl {
    /// The greatest length in bytes: that of a longest cell of a spreadsheet, and what browsers take.
    pub const MAX_LEN: usize = 32_768;
    /// The greatest length in a `Location` header, in bytes. API Gateway allows 10,240 for all headers of an answer; this leaves room
    /// for the others. A page leads to a longer target.
    pub const MAX_HEADER_LEN: usize = 8_000;
    /// What the targets begin with that name a file or a collection of the workspace (see [`crate::files::target`]).
    pub const FILES: &str = "https://files.invalid/";

    /// Checks and normalises `text`, which must not lead to the domains `own` or to a target that
    /// is blocked there, and may have the schemes that they allow. Ignores white space at both ends, and characters
    /// without width that come with pasted text.
    pub fn parse(text: &str, own: &Domains) -> Result<Self, TargetError> {
        let text = text.trim_matches(is_blank);
        if text.len() > Self::MAX_LEN {
            return Err(TargetError::Length);
        }
        match plain_host(text) {
            Some(host) if own.serves(host) => Err(TargetError::OwnDomain),
            Some(_) => Self(text.to_owned()).unless_blocked(own),
            None => Self::normalise(text, own),
        }
    }

    /// Checks and normalises any text with the URL parser.
    fn normalise(text: &str, own: &Domains) -> Result<Self, TargetError> {
        if text.chars().any(char::is_control) {
            return Err(TargetError::Character);
        }
        let Some(authority) = authority(text) else { return Self::of_other_scheme(text, own) };
        if authority.contains('\\') {
            return Err(TargetError::Character);
        }
        if authority.contains('@') {
            return Err(TargetError::Credentials);
        }
        let url = Url::parse(text).map_err(|_| TargetError::Syntax)?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(TargetError::Credentials);
        }
        let host = url.host_str().filter(|host| !host.is_empty()).ok_or(TargetError::Syntax)?;
        if own.serves(host) {
            return Err(TargetError::OwnDomain);
        }
        let text = String::from(url);
        if text.len() > Self::MAX_LEN { Err(TargetError::Length) } else { Self(text).unless_blocked(own) }
    }

    /// As [`TargetUrl::parse`], for a target that cannot be a file: visitors are led there as it stands.
    pub fn parse_page(text: &str, own: &Domains) -> Result<Self, TargetError> {
        let target = Self::parse(text, own)?;
        if target.0.starts_with(Self::FILES) { Err(TargetError::NoFile) } else { Ok(target) }
    }

    fn unless_blocked(self, own: &Domains) -> Result<Self, TargetError> {
        if self
            .0
            .strip_prefix(Self::FILES)
            .is_some_and(|id| FileId::parse(id).is_err() && CollectionId::parse(id).is_err())
        {
            return Err(TargetError::File);
        }
        own.blocked().reason(&self.0).map_or(Ok(self), |reason| Err(TargetError::Blocked(reason)))
    }

    /// Checks and normalises a URL that does not begin with `http://` or `https://`.
    fn of_other_scheme(text: &str, own: &Domains) -> Result<Self, TargetError> {
        let (scheme, rest) = text.split_once(':').ok_or(TargetError::Scheme)?;
        let scheme = scheme.to_ascii_lowercase();
        if !own.schemes().allow(&scheme) {
            return Err(TargetError::Scheme);
        }
        let check_url = |text: &str| match authority(text) {
            Some(_) => Self::normalise(text, own).map(drop),
            None => Err(TargetError::Scheme),
        };
        let url = other_targets::normal_form((&scheme, rest), own.schemes(), &check_url)?;
        if url.len() > Self::MAX_LEN { Err(TargetError::Length) } else { Ok(Self(url)) }
    }

    /// Tells whether it is an `http` or `https` URL, and names no file of the workspace: it can be asked, and take parameters.
    pub fn is_web(&self) -> bool {
        (self.0.starts_with("https://") || self.0.starts_with("http://")) && !self.is_own_file()
    }

    /// Tells whether it names a file or a collection of the workspace.
    pub fn is_own_file(&self) -> bool {
        self.0.starts_with(Self::FILES)
    }

    /// Returns the URL of the web to which it leads: itself, or the fallback of an `intent:`. `None` for other schemes.
    pub fn web_url(&self) -> Option<String> {
        if self.is_web() {
            return Some(self.0.clone());
        }
        let parts = self.0.strip_prefix("intent:")?.split(';');
        let fallback = parts.filter_map(|part| part.strip_prefix("S.browser_fallback_url=")).next()?;
        percent_encoding::percent_decode_str(fallback).decode_utf8().ok().map(|text| text.into_owned())
    }

    /// Tells whether the URL leads to the host of this `Host` header, whatever the port. An app's URL has no such host.
    pub fn leads_to(&self, host: &str) -> bool {
        let url = Url::parse(&self.0).ok().filter(|_| self.is_web());
        let own = url.as_ref().and_then(Url::host_str).map(|own| own.trim_end_matches('.'));
        own.is_some_and(|own| own.eq_ignore_ascii_case(host_name(host)))
    }

    /// Tells whether the URL fits into a `Location` header.
    pub fn fits_header(&self) -> bool {
        self.0.len() <= Self::MAX_HEADER_LEN
    }

    /// Returns the text, which is valid in a `Location` header if it [fits](Self::fits_header).
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Tells whether `c` is white space, or looks like none at all: a byte order mark, a zero-width space, a word joiner.
fn is_blank(c: char) -> bool {
    c.is_whitespace() || matches!(c, '\u{feff}' | '\u{200b}' | '\u{2060}')
}

/// Returns the text between the scheme's `//` and the next `/`, `?` or `#`, if the scheme is `http` or `https`.
fn authority(text: &str) -> Option<&str> {
    let (scheme, rest) = text.split_once("://")?;
    if !(scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https")) {
        return None;
    }
    rest.split(['/', '?', '#']).next()
}

impl fmt::Display for TargetUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(feature = "openapi")]
crate::values::schema::schema!(TargetUrl, "TargetUrl", {
    "type": "string",
    // Not "uri": browsers accept URLs that RFC 3986 does not allow, such as https://example.com/100%.
    "format": "target-url",
    "maxLength": TargetUrl::MAX_LEN,
    "description": "An absolute `http` or `https` URL without credentials, to none of the stack's own domains, or a URL of another scheme that the operator allows (`mailto`, `tel` and `sms`, if not set otherwise). Answers contain its normal form (WHATWG URL, host in punycode).",
    "examples": ["https://example.com/spring?utm_source=mail"],
});

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn own() -> Domains {
        Domains::parse("go.example.com").unwrap()
    }

    #[test]
    fn unsafe_targets_are_rejected() {
        for (text, error) in [
            ("javascript:alert(1)", TargetError::Scheme),
            ("data:text/html,x", TargetError::Scheme),
            ("file:///etc/passwd", TargetError::Scheme),
            ("//example.com/", TargetError::Scheme),
            ("/path", TargetError::Scheme),
            ("x https://example.com", TargetError::Scheme),
            (" ", TargetError::Scheme),
            ("\0https://example.com", TargetError::Character),
            ("https:example.com", TargetError::Scheme),
            ("https:\\\\example.com", TargetError::Scheme),
            ("https://a\\@b.com/", TargetError::Character),
            ("https://example.com/\r\nX: y", TargetError::Character),
            ("https://user@example.com/", TargetError::Credentials),
            ("https://user:pw@example.com/", TargetError::Credentials),
            ("https://@example.com/", TargetError::Credentials),
            // The URL parser skips slashes before the host.
            ("https:///user@example.com/", TargetError::Credentials),
            ("https:////:pw@example.com/", TargetError::Credentials),
            ("https://", TargetError::Syntax),
            ("https://exa mple.com/", TargetError::Syntax),
            ("https://go.example.com/x", TargetError::OwnDomain),
            ("HTTP://GO.EXAMPLE.COM.:8080/x", TargetError::OwnDomain),
        ] {
            assert_eq!(TargetUrl::parse(text, &own()), Err(error), "{text:?}");
        }
    }

    #[test]
    fn normal_form_has_punycode_and_escapes() {
        let target = TargetUrl::parse("https://exämple.com/ä b?q=ü#ö", &own()).unwrap();
        assert_eq!(target.as_str(), "https://xn--exmple-cua.com/%C3%A4%20b?q=%C3%BC#%C3%B6");
    }

    #[test]
    fn url_of_the_web_is_the_target_itself_or_the_fallback_of_an_intent() {
        let own = own().with_schemes(crate::values::schemes::TargetSchemes::parse("intent,mailto,myapp").unwrap());
        for (text, expected) in [
            ("http://a.example/x#y", Some("http://a.example/x#y")),
            ("mailto:a@b.example", None),
            ("intent://x#Intent;scheme=myapp;package=a.b;end", None),
            (
                "intent://x#Intent;scheme=myapp;package=a.b;S.browser_fallback_url=https%3A%2F%2Fevil.example%2F%3Fa%3Db%2526;end",
                Some("https://evil.example/?a=b%26"),
            ),
        ] {
            assert_eq!(TargetUrl::parse(text, &own).unwrap().web_url().as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn white_space_at_both_ends_is_ignored() {
        for blank in ["", " ", "\t", "\r\n", "\n\n ", "\u{a0}", "\u{3000}", "\u{feff}", "\u{200b}", "\u{2028}"] {
            let target = TargetUrl::parse(&format!("{blank}https://example.com/a?b=c{blank}"), &own());
            assert_eq!(target.as_ref().map(TargetUrl::as_str), Ok("https://example.com/a?b=c"), "{blank:?}");
        }
        assert_eq!(TargetUrl::parse("https://example.com/a\nb", &own()), Err(TargetError::Character));
        let longest =
            format!("{}https://example.com/{}{}", " ".repeat(50), "a".repeat(TargetUrl::MAX_LEN - 20), "\n".repeat(50));
        assert!(TargetUrl::parse(&longest, &own()).is_ok(), "white space does not count");
    }

    #[test]
    fn length_is_at_most_32768_bytes() {
        let longest = format!("https://example.com/{}", "a".repeat(32_768 - 20));
        assert!(TargetUrl::parse(&longest, &own()).is_ok());
        assert_eq!(TargetUrl::parse(&format!("{longest}a"), &own()), Err(TargetError::Length));
        // As given, it is shorter: escapes count.
        let longest =
            format!("https://example.com/{}{}", "a".repeat((32_768 - 20) % 6), "\u{e4}".repeat((32_768 - 20) / 6));
        assert_eq!(TargetUrl::parse(&longest, &own()).map(|target| target.as_str().len()), Ok(32_768));
        assert_eq!(TargetUrl::parse(&format!("{longest}a"), &own()), Err(TargetError::Length));
    }

    #[test]
    fn header_takes_8000_bytes() {
        let of = |length: usize| TargetUrl::parse(&format!("https://example.com/{}", "a".repeat(length - 20)), &own());
        assert!(of(8_000).unwrap().fits_header() && !of(8_001).unwrap().fits_header());
    }

    proptest! {
        #[test]
        fn accepted_targets_are_safe_and_normal(text in "(?i:https?)://[^\n]{0,60}") {
            if let Ok(target) = TargetUrl::parse(&text, &own()) {
                prop_assert!(target.as_str().bytes().all(|b| (0x21..0x7f).contains(&b)));
                prop_assert_eq!(TargetUrl::parse(target.as_str(), &own()), Ok(target));
            }
        }

        #[test]
        fn plain_urls_agree_with_the_url_parser(
            text in "https?://([a-z0-9-]{1,5}\\.){0,2}[a-z0-9x-]{0,4}\\.?(/[a-zA-Z0-9./%2eE'\\\\|^{}\\[\\]@:;,=+&!~-]{0,12}){0,2}(\\?[ -~]{0,8})?(#[ -~]{0,8})?",
        ) {
            prop_assert_eq!(TargetUrl::parse(&text, &own()), TargetUrl::normalise(&text, &own()));
        }

        #[test]
        fn printable_urls_agree_with_the_url_parser(text in "https?://(go.example.com|a.example|xn--a.b|1.2.3.4|a.0x1|x)[ -~]{0,30}") {
            prop_assert_eq!(TargetUrl::parse(&text, &own()), TargetUrl::normalise(&text, &own()));
        }

        #[test]
        fn any_text_is_parsed_without_a_panic(text in ".{0,80}") {
            if let Ok(target) = TargetUrl::parse(&text, &own()) {
                prop_assert!(target.as_str().starts_with("http://") || target.as_str().starts_with("https://"));
            }
        }
    }
}
