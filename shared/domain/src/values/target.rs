//! Checks and normalises target URLs.

use std::fmt;

use serde::{Deserialize, Serialize};
use url::Url;

use crate::values::domains::{Domains, host_name};
use crate::values::plain_url::plain_host;

/// An absolute `http` or `https` URL in its normal form (WHATWG URL, host in punycode): at most
/// [`TargetUrl::MAX_LEN`] bytes of ASCII without credentials or control characters.
///
/// Check a stored target again with [`TargetUrl::parse`] before sending it: anything may have written the item.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TargetUrl(String);

/// Why a text is not a [`TargetUrl`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TargetError {
    /// Longer than [`TargetUrl::MAX_LEN`] bytes, as given or in its normal form.
    #[error("is longer than 4096 bytes")]
    Length,
    /// Not `http://` or `https://`.
    #[error("must begin with http:// or https://")]
    Scheme,
    /// A control character, or a backslash in the host (browsers disagree on its meaning).
    #[error("has a control character or a backslash in the host")]
    Character,
    /// Not a URL.
    #[error("is not a valid URL")]
    Syntax,
    /// A user name or password.
    #[error("must not contain a user name or password")]
    Credentials,
    /// A link to a domain of this stack or another host that it serves, which could make a redirect loop.
    #[error("must not lead to one of this service's own domains")]
    OwnDomain,
}

impl TargetUrl {
    /// The greatest length in bytes. API Gateway allows 10,240 for all response headers.
    pub const MAX_LEN: usize = 4096;

    /// Checks and normalises `text`, which must not lead to the domains `own`. Ignores white space at both ends, and characters
    /// without width that come with pasted text.
    pub fn parse(text: &str, own: &Domains) -> Result<Self, TargetError> {
        let text = text.trim_matches(is_blank);
        if text.len() > Self::MAX_LEN {
            return Err(TargetError::Length);
        }
        match plain_host(text) {
            Some(host) if own.serves(host) => Err(TargetError::OwnDomain),
            Some(_) => Ok(Self(text.to_owned())),
            None => Self::normalise(text, own),
        }
    }

    /// Checks and normalises any text with the URL parser.
    fn normalise(text: &str, own: &Domains) -> Result<Self, TargetError> {
        if text.chars().any(char::is_control) {
            return Err(TargetError::Character);
        }
        let authority = authority(text).ok_or(TargetError::Scheme)?;
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
        if text.len() > Self::MAX_LEN { Err(TargetError::Length) } else { Ok(Self(text)) }
    }

    /// Tells whether the URL leads to the host of this `Host` header, whatever the port.
    pub fn leads_to(&self, host: &str) -> bool {
        let url = Url::parse(&self.0).ok();
        let own = url.as_ref().and_then(Url::host_str).map(|own| own.trim_end_matches('.'));
        own.is_some_and(|own| own.eq_ignore_ascii_case(host_name(host)))
    }

    /// Returns the text, which is valid in a `Location` header.
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
    "format": "http-url",
    "maxLength": TargetUrl::MAX_LEN,
    "description": "An absolute `http` or `https` URL without credentials, to none of the stack's own domains. Answers contain its normal form (WHATWG URL, host in punycode).",
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
    fn white_space_at_both_ends_is_ignored() {
        for blank in ["", " ", "\t", "\r\n", "\n\n ", "\u{a0}", "\u{3000}", "\u{feff}", "\u{200b}", "\u{2028}"] {
            let target = TargetUrl::parse(&format!("{blank}https://example.com/a?b=c{blank}"), &own());
            assert_eq!(target.as_ref().map(TargetUrl::as_str), Ok("https://example.com/a?b=c"), "{blank:?}");
        }
        assert_eq!(TargetUrl::parse("https://example.com/a\nb", &own()), Err(TargetError::Character));
        let longest = format!("{}https://example.com/{}{}", " ".repeat(50), "a".repeat(4096 - 20), "\n".repeat(50));
        assert!(TargetUrl::parse(&longest, &own()).is_ok(), "white space does not count");
    }

    #[test]
    fn length_is_at_most_4096_bytes() {
        let longest = format!("https://example.com/{}", "a".repeat(4096 - 20));
        assert!(TargetUrl::parse(&longest, &own()).is_ok());
        assert_eq!(TargetUrl::parse(&format!("{longest}a"), &own()), Err(TargetError::Length));
        // As given, it is shorter: escapes count.
        let longest = format!("https://example.com/aa{}", "\u{e4}".repeat(679));
        assert_eq!(TargetUrl::parse(&longest, &own()).map(|target| target.as_str().len()), Ok(4096));
        assert_eq!(TargetUrl::parse(&format!("{longest}a"), &own()), Err(TargetError::Length));
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
