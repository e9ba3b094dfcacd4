//! Defines the colour of a tag.

use serde::{Deserialize, Serialize};

/// A colour: one of [`TagColor::NAMES`], or `#` and six lower-case hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TagColor(String);

/// The error of a text that is not a [`TagColor`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be gray, red, orange, yellow, green, teal, blue, purple, pink or brown, or # and six hexadecimal digits")]
pub struct TagColorError;

impl TagColor {
    /// The colours with a name.
    pub const NAMES: [&str; 10] =
        ["gray", "red", "orange", "yellow", "green", "teal", "blue", "purple", "pink", "brown"];

    /// Checks `text`. Takes digits of either case.
    pub fn parse(text: &str) -> Result<Self, TagColorError> {
        let is_hex = |digits: &str| digits.len() == 6 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        if Self::NAMES.contains(&text) || text.strip_prefix('#').is_some_and(is_hex) {
            Ok(Self(text.to_ascii_lowercase()))
        } else {
            Err(TagColorError)
        }
    }
}

impl TryFrom<String> for TagColor {
    type Error = TagColorError;
    fn try_from(text: String) -> Result<Self, TagColorError> {
        Self::parse(&text)
    }
}

impl From<TagColor> for String {
    fn from(color: TagColor) -> Self {
        color.0
    }
}

#[cfg(feature = "openapi")]
crate::values::schema::schema!(TagColor, "TagColor", {
    "type": "string",
    "pattern": "^(gray|red|orange|yellow|green|teal|blue|purple|pink|brown|#[0-9A-Fa-f]{6})$",
    "description": "A colour of the palette, or any as `#rrggbb`.",
    "examples": ["teal", "#1a2b3c"],
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn color_is_of_the_palette_or_hexadecimal() {
        for (text, valid) in [
            ("teal", true),
            ("#1A2b3c", true),
            ("Teal", false),
            ("#1a2b3", false),
            ("1a2b3c", false),
            ("#1a2b3g", false),
            ("#ääa", false),
            ("", false),
        ] {
            assert_eq!(TagColor::parse(text).is_ok(), valid, "{text}");
        }
        assert_eq!(String::from(TagColor::parse("#ABCDEF").unwrap()), "#abcdef");
    }
}
