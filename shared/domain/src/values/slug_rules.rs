//! Checks slugs against the rules of a domain.

use serde::{Deserialize, Serialize};

use super::slug::Slug;
use super::slug_error::SlugError;
use super::slug_look::check_look;

/// Whether capitals in slugs count.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub enum SlugCase {
    /// `/Docs` and `/docs` are two addresses.
    #[default]
    Sensitive,
    /// New links have slugs in small letters, and visitors find them however they write them.
    Insensitive,
}

/// The characters that slugs can have.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub enum SlugCharacters {
    /// `A-Za-z0-9-._~`.
    #[default]
    Ascii,
    /// Also letters, marks and digits of all scripts in common use, and emoji.
    Unicode,
}

/// The rules of slugs on a domain.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct SlugRules {
    /// Whether capitals count.
    #[serde(default)]
    pub case: SlugCase,
    /// Whether new slugs can have slashes.
    #[serde(default)]
    pub slashes: bool,
    /// The characters that new slugs can have.
    #[serde(default)]
    pub characters: SlugCharacters,
}

impl SlugRules {
    /// Returns the slug of a new link that asks for `slug`.
    ///
    /// # Errors
    /// The rule that does not allow it.
    pub fn apply(&self, slug: Slug) -> Result<Slug, SlugError> {
        self.check(&slug)?;
        if self.case == SlugCase::Sensitive {
            return Ok(slug);
        }
        let folded = slug.folded()?;
        self.check(&folded)?;
        Ok(folded)
    }

    /// Returns the slug of a new link for which `slug` was generated.
    pub fn apply_to_generated(&self, slug: Slug) -> Slug {
        match self.case {
            SlugCase::Sensitive => slug,
            SlugCase::Insensitive => slug.in_small_letters(),
        }
    }

    /// Tells whether nobody has changed them.
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }

    fn check(&self, slug: &Slug) -> Result<(), SlugError> {
        if slug.has_slash() && !self.slashes {
            return Err(SlugError::SlashesOff);
        }
        if slug.as_str().is_ascii() {
            return Ok(());
        }
        match self.characters {
            SlugCharacters::Ascii => Err(SlugError::UnicodeOff),
            SlugCharacters::Unicode => slug.as_str().split('/').try_for_each(check_look),
        }
    }
}

#[cfg(test)]
mod tests;
