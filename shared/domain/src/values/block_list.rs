//! Lists the targets that no link of the stack may lead to.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use percent_encoding::percent_decode_str;
use serde::{Deserialize, Serialize};
use url::Url;

/// Why a target is blocked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub enum BlockReason {
    /// It asks people for secrets under a false name.
    Phishing,
    /// It spreads malicious programs.
    Malware,
    /// It is advertised by spam.
    Spam,
    /// It deceives people for money.
    Fraud,
    /// It is against the law.
    Illegal,
    /// Another reason of the operator.
    Other,
}

impl fmt::Display for BlockReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Phishing => "phishing",
            Self::Malware => "malware",
            Self::Spam => "spam",
            Self::Fraud => "fraud",
            Self::Illegal => "illegal",
            Self::Other => "other",
        })
    }
}

/// What an entry of the list blocks: `evil.example`, a host with all hosts below it, or `example.com/a`, what is at and below a path
/// of a host. Scheme and port do not matter. In the normal form of URLs, in punycode.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct BlockPattern(String);

/// The error of a text that is not a [`BlockPattern`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "is not a host such as evil.example, or the beginning of an http or https URL such as example.com/evil/, of at most 500 bytes"
)]
pub struct BlockPatternError;

impl BlockPattern {
    /// The greatest length, in bytes.
    pub const MAX_BYTES: usize = 500;

    /// Reads a host, perhaps with `*.` before it, or the beginning of a URL, with or without its scheme.
    ///
    /// # Errors
    /// The text is neither, is too long, or is a whole top-level domain.
    pub fn parse(text: &str) -> Result<Self, BlockPatternError> {
        let text = text.trim();
        if text.len() > Self::MAX_BYTES || text.chars().any(|c| c.is_control() || c.is_whitespace()) {
            return Err(BlockPatternError);
        }
        let url = match text.split_once("://") {
            Some(_) => Url::parse(text),
            None => Url::parse(&format!("https://{}", text.strip_prefix("*.").unwrap_or(text))),
        };
        let url = url.map_err(|_| BlockPatternError)?;
        let host = url.host_str().unwrap_or_default().trim_end_matches('.');
        let is_whole_tld = !host.contains('.') && !host.starts_with('[');
        let is_web = matches!(url.scheme(), "http" | "https");
        if !is_web || is_whole_tld || !url.username().is_empty() || url.password().is_some() {
            return Err(BlockPatternError);
        }
        let path = match (url.path(), url.query()) {
            ("/", None) => String::new(),
            (path, None) => path.to_owned(),
            (path, Some(query)) => format!("{path}?{query}"),
        };
        let pattern = format!("{host}{path}");
        if pattern.len() > Self::MAX_BYTES { Err(BlockPatternError) } else { Ok(Self(pattern)) }
    }

    /// Returns the text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the host, and the path with its slash; without a path the whole host is blocked.
    fn parts(&self) -> (&str, &str) {
        self.0.split_at(self.0.find('/').unwrap_or(self.0.len()))
    }
}

impl fmt::Display for BlockPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for BlockPattern {
    type Error = BlockPatternError;
    fn try_from(text: String) -> Result<Self, BlockPatternError> {
        Self::parse(&text)
    }
}

impl From<BlockPattern> for String {
    fn from(pattern: BlockPattern) -> Self {
        pattern.0
    }
}

#[cfg(feature = "openapi")]
super::schema::schema!(BlockPattern, "BlockPattern", {
    "description": "A host, which is blocked with all hosts below it, or a host with a path, which is blocked with all below it. Scheme and port do not matter.",
    "type": "string",
    "minLength": 1,
    "maxLength": BlockPattern::MAX_BYTES,
    "format": "block-pattern",
    "examples": ["evil.example", "example.com/evil/"],
});

/// The list in memory. Looking up a URL takes a look at each label of its host, however long the list is.
#[derive(Debug, Default)]
pub struct BlockList {
    hosts: HashMap<String, BlockReason>,
    paths: HashMap<String, Vec<(Vec<u8>, BlockReason)>>,
}

impl BlockList {
    /// Makes a list.
    pub fn new(entries: impl IntoIterator<Item = (BlockPattern, BlockReason)>) -> Self {
        let mut list = Self::default();
        for (pattern, reason) in entries {
            match pattern.parts() {
                (host, "") => drop(list.hosts.insert(host.to_owned(), reason)),
                (host, path) => list.paths.entry(host.to_owned()).or_default().push((decoded(path), reason)),
            }
        }
        list
    }

    /// Returns the number of entries.
    pub fn len(&self) -> usize {
        self.hosts.len() + self.paths.values().map(Vec::len).sum::<usize>()
    }

    /// Tells whether it has no entry.
    pub fn is_empty(&self) -> bool {
        self.hosts.is_empty() && self.paths.is_empty()
    }

    /// Returns why `url`, an `http` or `https` URL in its normal form, is blocked; `None` if it is not.
    pub fn reason(&self, url: &str) -> Option<BlockReason> {
        if self.is_empty() {
            return None;
        }
        let rest = url.split_once("://")?.1;
        let (authority, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
        let host = match authority.rsplit_once(':') {
            // An IPv6 address has colons in brackets.
            Some((host, port)) if !port.ends_with(']') => host,
            _ => authority,
        };
        let host = host.trim_end_matches('.');
        let mut name = Some(host);
        while let Some(at) = name {
            if let Some(reason) = self.hosts.get(at) {
                return Some(*reason);
            }
            name = at.split_once('.').map(|(_, above)| above);
        }
        let path = self.paths.get(host).map(|paths| (paths, decoded(path)))?;
        let (paths, path) = path;
        paths.iter().find(|(start, _)| is_at_or_below(&path, start)).map(|(_, reason)| *reason)
    }
}

/// Decodes percent-encoded bytes: `/%65vil` is `/evil`.
fn decoded(path: &str) -> Vec<u8> {
    percent_decode_str(path).collect()
}

/// Tells whether `path` is `start`, or goes on behind a part of it: `/evil` has `/evil/x` and `/evil?x`, but not `/evilest`.
fn is_at_or_below(path: &[u8], start: &[u8]) -> bool {
    let Some(rest) = path.strip_prefix(start) else { return false };
    match rest.first() {
        None => true,
        Some(_) if start.ends_with(b"/") => true,
        Some(b'&') => start.contains(&b'?'),
        Some(next) => b"/?#".contains(next),
    }
}

/// The list as the process knows it. Clones share it, so that all [`Domains`](super::domains::Domains) of a process check targets
/// against the newest list.
#[derive(Debug, Clone, Default)]
pub struct BlockedTargets(Arc<RwLock<Arc<BlockList>>>);

impl BlockedTargets {
    /// Replaces the list.
    pub fn set(&self, list: BlockList) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(list);
    }

    /// Returns why `url`, an `http` or `https` URL in its normal form, is blocked; `None` if it is not.
    pub fn reason(&self, url: &str) -> Option<BlockReason> {
        let list = self.0.read().unwrap_or_else(PoisonError::into_inner).clone();
        list.reason(url)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn list(patterns: &[&str]) -> BlockList {
        BlockList::new(patterns.iter().map(|text| (BlockPattern::parse(text).unwrap(), BlockReason::Malware)))
    }

    #[test]
    fn host_is_blocked_with_all_below_it() {
        let list = list(&[
            "evil.example",
            "münchen.example",
            "203.0.113.7",
            "[2001:db8::1]",
            "example.com/evil",
            "example.com/a/?x=1",
        ]);
        for (url, blocked) in [
            ("https://evil.example/", true),
            ("http://evil.example:8080/x?y", true),
            ("https://a.b.evil.example/", true),
            ("https://evil.example./", true),
            ("https://notevil.example/", false),
            ("https://evil.example.com/", false),
            ("https://example/", false),
            ("https://xn--mnchen-3ya.example/", true),
            ("http://203.0.113.7/", true),
            ("http://203.0.113.8/", false),
            ("http://[2001:db8::1]:8080/", true),
            ("http://[2001:db8::2]/", false),
            ("https://example.com/", false),
            ("https://example.com/evil", true),
            ("https://example.com:444/evil/x", true),
            ("https://example.com/evil?x", true),
            ("https://example.com/evil#x", true),
            ("https://example.com/%65vil", true),
            ("https://example.com/evilest", false),
            ("https://www.example.com/evil", false),
            ("https://example.com/a/?x=1", true),
            ("https://example.com/a/?x=1&y=2", true),
            ("https://example.com/a/?x=12", false),
        ] {
            assert_eq!(list.reason(url).is_some(), blocked, "{url}");
        }
        assert_eq!((list.len(), BlockList::default().reason("https://evil.example/")), (6, None));
    }

    #[test]
    fn pattern_has_a_normal_form() {
        for (text, pattern) in [
            (" Evil.Example ", "evil.example"),
            ("*.evil.example", "evil.example"),
            ("https://evil.example/", "evil.example"),
            ("http://evil.example:8080", "evil.example"),
            ("evil.example.", "evil.example"),
            ("HTTP://evil.example/A/../b?c#d", "evil.example/b?c"),
            ("0x7f.1", "127.0.0.1"),
            ("bücher.example", "xn--bcher-kva.example"),
        ] {
            assert_eq!(BlockPattern::parse(text).as_ref().map(BlockPattern::as_str), Ok(pattern), "{text}");
        }
        let long = format!("evil.example/{}", "a".repeat(500));
        for text in [
            "",
            "com",
            "localhost",
            "ftp://evil.example",
            "https://a:b@evil.example",
            "evil example",
            "a\u{7}.example",
            "*",
            "*.com",
            "https://",
            &long,
        ] {
            assert_eq!(BlockPattern::parse(text), Err(BlockPatternError), "{text}");
        }
    }

    #[test]
    fn clones_share_the_list() {
        let (first, second) = (BlockedTargets::default(), BlockedTargets::default());
        let clone = first.clone();
        first.set(list(&["evil.example"]));
        assert_eq!(clone.reason("https://evil.example/"), Some(BlockReason::Malware));
        assert_eq!(second.reason("https://evil.example/"), None);
    }

    proptest! {
        #[test]
        fn blocked_url_stays_blocked_however_the_host_is_extended(
            host in "[a-z]{1,5}\\.[a-z]{1,5}", path in "(/[a-z]{1,3}){0,3}", below in "[a-z]{0,3}", more in "(/[a-z]{0,3})?", port in prop::option::of(1_u16..)
        ) {
            let list = list(&[&format!("{host}{path}")]);
            let sub = if below.is_empty() || !path.is_empty() { String::new() } else { format!("{below}.") };
            let port = port.map_or(String::new(), |port| format!(":{port}"));
            let url = Url::parse(&format!("http://{sub}{host}{port}{path}{more}")).unwrap();
            prop_assert!(list.reason(url.as_str()).is_some(), "{}", url);
            let other = format!("http://x{host}{path}{more}");
            prop_assert!(list.reason(&other).is_none(), "{}", other);
        }
    }
}
