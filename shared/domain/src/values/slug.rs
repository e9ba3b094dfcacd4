//! Checks, generates and derives slugs, the paths of short links.

use std::borrow::Cow;
use std::fmt;

use icu_casemap::CaseMapper;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use unicode_normalization::UnicodeNormalization;

use super::slug_characters::{is_of_slugs, is_plain, normalized};
use super::slug_error::SlugError;
use crate::ports::Random;

/// First segments of paths that browsers, crawlers or Waypost itself request. Compared without regard to case.
const RESERVED: &[&str] = &[
    ".well-known",
    "ads.txt",
    "app-ads.txt",
    "apple-app-site-association",
    "apple-touch-icon.png",
    "console",
    "favicon.ico",
    "healthz",
    "humans.txt",
    "robots.txt",
    "security.txt",
    "sitemap.xml",
    "v1",
];

/// The characters of generated slugs: letters and digits, which people can read aloud, quote and wrap safely.
const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// The longest text that is looked at, in bytes: the decomposed spelling of a slug of [`Slug::MAX_BYTES`] has up to three times as many.
const MAX_WRITTEN: usize = 4 * Slug::MAX_BYTES;

/// What a path must not have as it is: all but the unreserved characters and the slashes between segments.
const IN_PATH: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'/');

/// A path that some domain can have for a link: segments with slashes between them, of letters, marks, digits, emoji and `-._~`, in one
/// spelling, case-sensitive and not reserved. Which of them a new link can have, the
/// [rules of its domain](super::slug_rules::SlugRules) say; most domains allow one segment of ASCII.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Slug(String);

impl Slug {
    /// The greatest length, in characters.
    pub const MAX_LEN: usize = 128;
    /// The greatest length in UTF-8, in bytes. A URL has up to three times as many.
    pub const MAX_BYTES: usize = 256;
    /// The most segments.
    pub const MAX_SEGMENTS: usize = 4;
    /// The length of a generated slug: 62^7 = 3.5 * 10^12 values.
    pub const GENERATED_LEN: usize = 7;

    /// Checks `text`, and writes it as slugs are stored: in NFC and without the selectors of emoji.
    pub fn parse(text: impl Into<String>) -> Result<Self, SlugError> {
        let text = spelled(text.into())?;
        if !text.chars().all(|c| c == '/' || is_of_slugs(c)) {
            return Err(SlugError::Character);
        }
        if text.split('/').any(|segment| matches!(segment, "" | "." | "..")) {
            return Err(SlugError::Segment);
        }
        if text.split('/').count() > Self::MAX_SEGMENTS {
            return Err(SlugError::Segments);
        }
        let first = text.split('/').next().unwrap_or_default();
        if RESERVED.iter().any(|reserved| reserved.eq_ignore_ascii_case(first)) {
            return Err(SlugError::Reserved);
        }
        Ok(Self(text))
    }

    /// Checks a text from a URL, where characters may be percent-encoded. A slug itself has no `%`.
    pub fn parse_encoded(text: &str) -> Result<Self, SlugError> {
        if text.len() > 3 * MAX_WRITTEN {
            return Err(SlugError::Length);
        }
        let decoded = percent_decode_str(text).decode_utf8().map_err(|_| SlugError::Character)?;
        Self::parse(decoded)
    }

    /// Checks the beginning of a slug, which may be a reserved word and end in a slash, and writes it as slugs are stored.
    pub fn parse_prefix(text: &str) -> Result<String, SlugError> {
        let text = spelled(text.to_owned())?;
        if text.chars().all(|c| c == '/' || is_of_slugs(c)) { Ok(text) } else { Err(SlugError::Character) }
    }

    /// Tells whether slugs of every domain can have this character: one of RFC 3986's unreserved characters.
    pub fn allows(character: char) -> bool {
        is_plain(character)
    }

    /// Tells whether slugs of some domain can have this character within a segment.
    pub fn allows_somewhere(character: char) -> bool {
        is_of_slugs(character)
    }

    /// Generates a slug of `len` (at most [`Slug::MAX_LEN`]) random characters, each of the 62 equally likely.
    pub fn generate(random: &dyn Random, len: usize) -> Self {
        let len = len.clamp(1, Self::MAX_LEN);
        let mut text = String::with_capacity(len);
        while text.len() < len {
            let mut bytes = [0_u8; 16];
            random.fill(&mut bytes);
            text.extend(characters(&bytes).take(len - text.len()));
        }
        Self(text)
    }

    /// Derives a slug of `len` characters (at most [`Slug::MAX_LEN`]) from `seed`: the same seed always gives the same slug, so
    /// that a row of an import keeps its slug however often it is loaded.
    pub fn derive(seed: &str, len: usize) -> Self {
        let mut text = String::with_capacity(len);
        for round in 0_u32.. {
            let digest = Sha256::new().chain_update(round.to_be_bytes()).chain_update(seed).finalize();
            text.extend(characters(&digest).take(len.min(Self::MAX_LEN) - text.len()));
            if text.len() >= len.min(Self::MAX_LEN) {
                break;
            }
        }
        Self(text)
    }

    /// Returns the slug as it is where capitals do not count: the same one for all ways to write it with capitals (Unicode's full case
    /// folding, so `ß` is `ss`).
    ///
    /// # Errors
    /// [`SlugError::Length`]: folding makes few slugs longer.
    pub fn folded(self) -> Result<Self, SlugError> {
        if self.0.is_ascii() {
            return Ok(self.in_small_letters());
        }
        // Decomposed first, as Unicode's canonical caseless matching asks for.
        let decomposed: String = self.0.nfd().collect();
        Self::parse(CaseMapper::new().fold_string(&decomposed).into_owned())
    }

    /// Tells whether the slug is as it is where capitals do not count.
    pub fn is_folded(&self) -> bool {
        if self.0.is_ascii() {
            return !self.0.bytes().any(|byte| byte.is_ascii_uppercase());
        }
        self.clone().folded().is_ok_and(|folded| folded == *self)
    }

    /// Returns the slug with its ASCII letters in lower case.
    pub(super) fn in_small_letters(self) -> Self {
        if self.0.bytes().any(|byte| byte.is_ascii_uppercase()) { Self(self.0.to_ascii_lowercase()) } else { self }
    }

    /// Tells whether every domain can have the slug: it is one segment of ASCII.
    pub fn is_plain(&self) -> bool {
        self.0.chars().all(is_plain)
    }

    /// Tells whether the slug has more than one segment.
    pub fn has_slash(&self) -> bool {
        self.0.contains('/')
    }

    /// Returns the text, as people read it.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the path in a URL, without its leading slash: percent-encoded, but for the slashes.
    pub fn encoded(&self) -> Cow<'_, str> {
        utf8_percent_encode(&self.0, IN_PATH).into()
    }

    /// Returns the slug as one segment of a path: percent-encoded, and its slashes twice. A gateway may decode a path once before it
    /// looks for the route.
    pub fn as_segment(&self) -> Cow<'_, str> {
        match self.encoded() {
            encoded if self.has_slash() => Cow::Owned(encoded.replace('/', "%252F")),
            encoded => encoded,
        }
    }
}

/// Writes `text` as slugs are stored, if it has the length of a slug.
fn spelled(text: String) -> Result<String, SlugError> {
    if text.len() > MAX_WRITTEN {
        return Err(SlugError::Length);
    }
    let text = if text.is_ascii() { text } else { normalized(&text) };
    let is_short =
        text.len() <= Slug::MAX_LEN || text.len() <= Slug::MAX_BYTES && text.chars().count() <= Slug::MAX_LEN;
    if text.is_empty() || !is_short { Err(SlugError::Length) } else { Ok(text) }
}

/// Maps bytes to characters. Skips the bytes that would make some characters likelier than others.
fn characters(bytes: &[u8]) -> impl Iterator<Item = char> {
    let fair = u8::MAX - u8::MAX % 62;
    bytes.iter().filter(move |&&b| b < fair).map(|&b| char::from(ALPHABET[usize::from(b % 62)]))
}

impl fmt::Display for Slug {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for Slug {
    type Error = SlugError;
    fn try_from(text: String) -> Result<Self, SlugError> {
        Self::parse(text)
    }
}

impl From<Slug> for String {
    fn from(slug: Slug) -> Self {
        slug.0
    }
}

#[cfg(feature = "openapi")]
crate::values::schema::schema!(Slug, "Slug", {
    "type": "string",
    "format": "slug",
    "minLength": 1,
    "maxLength": Slug::MAX_LEN,
    "pattern": r##"^(?!\.{0,2}(/|$))[^\u0000-\u0020"#%&'()*+,:;<=>?@\[\\\]^`{|}!$\u007f-\u00a0/]+(/(?!\.{0,2}(/|$))[^\u0000-\u0020"#%&'()*+,:;<=>?@\[\\\]^`{|}!$\u007f-\u00a0/]+){0,3}$"##,
    "description": "The path of a short link, case-sensitive: RFC 3986's unreserved characters. Where the settings of its domain allow that, also letters, marks, digits and emoji of Unicode (in NFC, at most 256 bytes of UTF-8), and up to four segments with slashes between them. Some first segments are reserved, such as `v1` and `robots.txt`.",
    "examples": ["spring-sale"],
});

#[cfg(test)]
mod tests;
