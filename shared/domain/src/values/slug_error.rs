//! Says why a text cannot be a slug.

/// Why a text is not a [`Slug`](super::slug::Slug), or not one that its domain allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SlugError {
    /// Empty or too long.
    #[error("must have 1 to 128 characters, and at most 256 bytes in UTF-8")]
    Length,
    /// A character that no slug has.
    #[error(
        "may only contain letters, digits, '-', '.', '_' and '~', and where its domain allows that, slashes, letters of all scripts and emoji"
    )]
    Character,
    /// An empty segment or one of dots, or a slash at an end.
    #[error("must have a name before and after each slash, other than '.' and '..'")]
    Segment,
    /// Too many segments.
    #[error("must have at most 4 segments")]
    Segments,
    /// A reserved first segment.
    #[error("is reserved")]
    Reserved,
    /// A slash, where the domain allows none.
    #[error("has a slash, and the settings of its domain allow none in slugs")]
    SlashesOff,
    /// A character beyond ASCII, where the domain allows none.
    #[error(
        "may only contain letters, digits, '-', '.', '_' and '~': the settings of its domain allow no other characters"
    )]
    UnicodeOff,
    /// A character that is a form of others.
    #[error("has a form of other characters, such as a ligature, a full-width letter or a circled digit")]
    Form,
    /// A character that UTS 39 keeps out of identifiers, and that is no emoji.
    #[error("has a character that is neither of a script in common use (Unicode UTS 39) nor an emoji")]
    Uncommon,
    /// A mark, joiner or part of an emoji without what it belongs to.
    #[error("has a mark, a joiner or a part of an emoji in a place where it cannot be seen as one")]
    Stray,
    /// Letters of scripts that do not stand together in a word, or digits of several systems.
    #[error("mixes scripts whose characters can look the same (Unicode UTS 39, highly restrictive)")]
    Mixed,
    /// Characters of which all look like ASCII.
    #[error("looks like a slug of ASCII letters and digits (Unicode UTS 39, confusable)")]
    LooksAscii,
}
