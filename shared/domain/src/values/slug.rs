//! Checks, generates and derives slugs, the paths of short links.

use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::ports::Random;

/// Paths that browsers, crawlers or Waypost itself request. Compared without regard to case.
const RESERVED: &[&str] = &[
    ".",
    "..",
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

/// 1 to 128 of RFC 3986's unreserved characters (`A-Za-z0-9-._~`), case-sensitive and not reserved.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Slug(String);

/// Why a text is not a [`Slug`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SlugError {
    /// Empty or longer than [`Slug::MAX_LEN`].
    #[error("must have 1 to 128 characters")]
    Length,
    /// A character outside RFC 3986's unreserved set.
    #[error("may only contain letters, digits, '-', '.', '_' and '~'")]
    Character,
    /// A reserved path.
    #[error("is reserved")]
    Reserved,
}

impl Slug {
    /// The greatest length, in characters (all are ASCII).
    pub const MAX_LEN: usize = 128;
    /// The length of a generated slug: 62^7 = 3.5 * 10^12 values.
    pub const GENERATED_LEN: usize = 7;

    /// Checks `text`.
    pub fn parse(text: impl Into<String>) -> Result<Self, SlugError> {
        let text = text.into();
        if text.is_empty() || text.len() > Self::MAX_LEN {
            return Err(SlugError::Length);
        }
        if !text.chars().all(Self::allows) {
            return Err(SlugError::Character);
        }
        if RESERVED.iter().any(|reserved| reserved.eq_ignore_ascii_case(&text)) {
            return Err(SlugError::Reserved);
        }
        Ok(Self(text))
    }

    /// Tells whether a slug can have this character: one of RFC 3986's unreserved characters.
    pub fn allows(character: char) -> bool {
        character.is_ascii_alphanumeric() || matches!(character, '-' | '.' | '_' | '~')
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

    /// Returns the slug in small letters: the same one for all ways to write it with capitals.
    pub fn folded(self) -> Self {
        if self.is_folded() { self } else { Self(self.0.to_ascii_lowercase()) }
    }

    /// Tells whether the slug has no capitals.
    pub fn is_folded(&self) -> bool {
        !self.0.bytes().any(|byte| byte.is_ascii_uppercase())
    }

    /// Returns the text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
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
    "minLength": 1,
    "maxLength": Slug::MAX_LEN,
    "pattern": r"^(?!\.\.?$)[A-Za-z0-9._~-]+$",
    "description": "The path of a short link: RFC 3986's unreserved characters, case-sensitive. Some are reserved, such as `v1` and `robots.txt`.",
    "examples": ["spring-sale"],
});

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::system::SeededRandom;
    use proptest::prelude::*;

    #[test]
    fn reserved_paths_are_refused_in_any_case() {
        for text in ["v1", "V1", "robots.txt", "Favicon.ICO", ".", "..", ".well-known"] {
            assert_eq!(Slug::parse(text), Err(SlugError::Reserved), "{text}");
        }
    }

    #[test]
    fn length_is_bounded() {
        assert_eq!(Slug::parse(""), Err(SlugError::Length));
        assert!(Slug::parse("a".repeat(128)).is_ok());
        assert_eq!(Slug::parse("a".repeat(129)), Err(SlugError::Length));
    }

    #[test]
    fn derived_slugs_depend_only_on_the_seed() {
        assert_eq!(Slug::derive("imp#1", 8), Slug::derive("imp#1", 8));
        assert_ne!(Slug::derive("imp#1", 8), Slug::derive("imp#2", 8));
        assert_eq!(Slug::derive("imp#1", 100).as_str().len(), 100);
    }

    #[test]
    fn generated_slugs_use_every_character() {
        let random = SeededRandom::new(7);
        let all: String = (0..2000).map(|_| Slug::generate(&random, Slug::GENERATED_LEN).to_string()).collect();
        assert_eq!(all.len(), 2000 * Slug::GENERATED_LEN);
        assert!(ALPHABET.iter().all(|&character| all.contains(char::from(character))));
    }

    #[test]
    fn no_character_is_likelier_than_another() {
        let every_byte: Vec<u8> = (0..=u8::MAX).collect();
        let mut counts = std::collections::BTreeMap::new();
        characters(&every_byte).for_each(|character| *counts.entry(character).or_insert(0) += 1);
        assert_eq!(counts.len(), 62);
        assert!(counts.values().all(|count| *count == 4), "{counts:?}");
    }

    #[test]
    fn derived_slug_is_never_longer_than_a_slug_may_be() {
        for (len, expected) in [(1, 1), (31, 31), (32, 32), (33, 33), (128, 128), (129, 128), (1000, 128)] {
            let slug = Slug::derive("imp#1", len);
            assert_eq!(slug.as_str().len(), expected, "{len}");
            assert_eq!(Slug::parse(slug.as_str()), Ok(slug));
        }
    }

    #[test]
    fn generated_slug_has_its_length_however_few_bytes_are_fair() {
        struct ThreeFairBytes;
        impl Random for ThreeFairBytes {
            fn fill(&self, bytes: &mut [u8]) {
                bytes.fill(u8::MAX);
                bytes[..3].fill(1);
            }
        }
        assert_eq!(Slug::generate(&ThreeFairBytes, 7).as_str(), "1111111");
    }

    proptest! {
        #[test]
        fn folding_makes_slugs_that_differ_in_capitals_the_same(text in "[A-Za-z0-9._~-]{1,128}") {
            let Ok(slug) = Slug::parse(text.clone()) else { return Ok(()) };
            let folded = slug.clone().folded();
            prop_assert_eq!(Slug::parse(folded.as_str()), Ok(folded.clone()), "it is not reserved");
            prop_assert!(folded.is_folded() && folded.as_str().eq_ignore_ascii_case(&text));
            prop_assert_eq!(slug.is_folded(), slug == folded);
            prop_assert_eq!(Slug::parse(text.to_ascii_uppercase()).map(Slug::folded), Ok(folded));
        }

        #[test]
        fn slugs_need_no_encoding_in_a_path(text in ".{0,140}") {
            if let Ok(slug) = Slug::parse(text.clone()) {
                let url = url::Url::parse(&format!("https://go.example.com/{slug}")).unwrap();
                prop_assert_eq!(url.path(), format!("/{text}"));
                prop_assert_eq!(url.query(), None);
            }
        }
    }
}
