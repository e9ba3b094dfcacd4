//! Cleans the paths of visits to no link. Whoever visits writes them, and people read them in statistics.

use std::fmt;

use percent_encoding::percent_decode_str;
use serde::{Deserialize, Serialize};

use super::click::cut;

/// How many bytes of a path are looked at, percent-encoded.
const MAX_ENCODED_BYTES: usize = 3 * MissedPath::MAX_BYTES;
/// Stands for a character that a person must not get to see as it is.
const REPLACEMENT: char = char::REPLACEMENT_CHARACTER;

/// A path: it begins with a slash, is decoded, has at most [`MissedPath::MAX_BYTES`], and no character that moves or hides others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub struct MissedPath(String);

impl MissedPath {
    /// The greatest length in bytes. A longer path is cut.
    pub const MAX_BYTES: usize = 128;

    /// Cleans a path as a request has it, percent-encoded or not. Decodes it once.
    pub fn of(path: &str) -> Self {
        let path = percent_decode_str(cut(path, MAX_ENCODED_BYTES)).decode_utf8_lossy();
        Self::cleaned(&path)
    }

    /// Cleans a path that is decoded already. One that is clean stays as it is.
    pub fn cleaned(path: &str) -> Self {
        let mut clean = String::from("/");
        clean.extend(
            path.strip_prefix('/')
                .unwrap_or(path)
                .chars()
                .map(|c| if is_harmful(c) { REPLACEMENT } else { c })
                .take(Self::MAX_BYTES),
        );
        Self(cut(&clean, Self::MAX_BYTES).to_owned())
    }

    /// Returns the text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Tells whether a character ends lines, does something to a terminal, or changes how the text around it is shown (Unicode's controls
/// of direction, invisible characters, and tags).
fn is_harmful(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}')
        || matches!(c, '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

impl fmt::Display for MissedPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<String> for MissedPath {
    fn from(text: String) -> Self {
        Self::cleaned(&text)
    }
}

impl From<MissedPath> for String {
    fn from(path: MissedPath) -> Self {
        path.0
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn path_is_decoded_once_cut_and_cleaned() {
        for (path, expected) in [
            ("/none", "/none"),
            ("/a/b/", "/a/b/"),
            ("", "/"),
            ("none", "/none"),
            ("//x", "//x"),
            ("/%C3%BC%2520", "/ü%20"),
            ("/a%00b%0Ac%1b[31m", "/a\u{fffd}b\u{fffd}c\u{fffd}[31m"),
            ("/%E2%80%AEgpj.exe", "/\u{fffd}gpj.exe"),
            ("/a%FFb", "/a\u{fffd}b"),
            ("/<script>", "/<script>"),
        ] {
            assert_eq!(MissedPath::of(path).as_str(), expected, "{path}");
        }
        assert_eq!(MissedPath::of(&format!("/{}", "%C3%BC".repeat(900))).as_str(), format!("/{}", "ü".repeat(63)));
    }

    proptest! {
        #[test]
        fn any_path_is_bounded_and_stays_as_it_is_once_clean(path in ".{0,400}") {
            let clean = MissedPath::of(&path);
            prop_assert!(clean.as_str().starts_with('/') && clean.as_str().len() <= MissedPath::MAX_BYTES);
            prop_assert!(!clean.as_str().chars().any(is_harmful));
            prop_assert_eq!(&MissedPath::cleaned(clean.as_str()), &clean);
            let json = serde_json::to_string(&clean).unwrap();
            prop_assert_eq!(serde_json::from_str::<MissedPath>(&json).unwrap(), clean);
        }
    }
}
