//! A text that serde borrows from its input.

use std::borrow::Cow;

use serde::Deserialize;

/// A text that is copied only if it has escapes. serde borrows a bare `Cow` in no other place than a field marked `borrow`, and
/// copies it inside an `Option` or as a map's key.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct BorrowedText<'a>(#[serde(borrow)] pub Cow<'a, str>);

impl BorrowedText<'_> {
    /// Returns the text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_without_escapes_is_borrowed() {
        let texts: Vec<Option<BorrowedText<'_>>> = serde_json::from_str(r#"["plain", "a\nb", null]"#).unwrap();
        assert!(matches!(texts[0], Some(BorrowedText(Cow::Borrowed("plain")))));
        assert!(matches!(&texts[1], Some(BorrowedText(Cow::Owned(text))) if text == "a\nb"));
        assert_eq!(texts[2], None);
    }
}
