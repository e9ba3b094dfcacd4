//! Defines where a file is within its collection: folders and a name, such as `photos/2026/a.jpg`.

use std::fmt;

use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;

use super::id::CollectionId;
use crate::files::delivery::safe_name;

/// The greatest length of a path, in bytes; also of its [`key`](FilePath::key).
pub const MAX_PATH_BYTES: usize = 1024;
/// The greatest length of a folder or a name in it, in bytes: that of common file systems.
pub const MAX_PART_BYTES: usize = 255;
/// Stands in a [`key`](FilePath::key) before the name. Smaller than all that a path can have, so that the files of a folder come before those
/// of the folders in it.
const BEFORE_NAME: char = '\u{1}';
/// Stands in a [`key`](FilePath::key) between folders. Smaller than all that a folder can have, so that a folder and those in it follow each other.
const BETWEEN_FOLDERS: char = '\u{2}';

/// The path of a file: as it was given, and safe to join to a folder.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct FilePath(String);

/// A file's collection and its path there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FilePlace {
    /// The collection.
    pub collection: CollectionId,
    /// The path in it.
    pub path: FilePath,
}

/// Why a text is not a [`FilePath`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FilePathError {
    /// Too long, as it is or once capitals and forms of characters are made equal.
    #[error("must have 1 to 1024 bytes in UTF-8, also in small letters")]
    Length,
    /// A part is empty or too long.
    #[error(
        "must have folders and a name of 1 to 255 bytes each, with single slashes between them and none at the ends"
    )]
    Part,
    /// A part leads elsewhere, or has only dots and white space.
    #[error("must not have a folder or name of dots and white space alone, such as ..")]
    Dots,
    /// A character that a name in a file system cannot have.
    #[error("must not have backslashes or control characters")]
    Character,
}

impl FilePath {
    /// Checks `text`. What is unusual but leads nowhere else is kept: [`FilePath::safe`] has it replaced.
    ///
    /// # Errors
    /// It is too long, or a part of it is empty or could lead to another folder.
    pub fn parse(text: impl Into<String>) -> Result<Self, FilePathError> {
        let text = text.into();
        if !(1..=MAX_PATH_BYTES).contains(&text.len()) {
            return Err(FilePathError::Length);
        }
        if text.chars().any(|c| c == '\\' || c.is_control()) {
            return Err(FilePathError::Character);
        }
        if text.split('/').any(|part| !(1..=MAX_PART_BYTES).contains(&part.len())) {
            return Err(FilePathError::Part);
        }
        // Windows drops dots and spaces at the end of a name: `.. ` is `..` there.
        if text.split('/').any(|part| part.chars().all(|c| c == '.' || c.is_whitespace())) {
            return Err(FilePathError::Dots);
        }
        let path = Self(text);
        if path.key().len() > MAX_PATH_BYTES { Err(FilePathError::Length) } else { Ok(path) }
    }

    /// Returns the path as it was given.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the last part.
    pub fn name(&self) -> &str {
        self.0.rsplit('/').next().unwrap_or_default()
    }

    /// Returns the path with parts that every file system can keep and that look like what they are ([`safe_name`]): the folders, empty if there
    /// are none, and the name.
    pub fn safe(&self) -> (String, String) {
        let (folders, name) = self.0.rsplit_once('/').unwrap_or(("", &self.0));
        let folders = folders.split('/').filter(|folder| !folder.is_empty()).map(safe_name);
        (folders.collect::<Vec<_>>().join("/"), safe_name(name))
    }

    /// Returns what identifies the path in its collection and sorts it: two paths that some file system takes for one (capitals, forms of Unicode)
    /// have the same key. The files of a folder follow each other, before those of the folders in it. At most [`MAX_PATH_BYTES`].
    pub fn key(&self) -> String {
        let (folders, name) = self.0.rsplit_once('/').unwrap_or(("", &self.0));
        let folders = fold(folders).replace('/', &BETWEEN_FOLDERS.to_string());
        format!("{folders}{BEFORE_NAME}{}", fold(name))
    }
}

/// Makes texts equal that differ in capitals or in the form of their characters alone. Through capitals, since several small letters share one: `ς` and `σ`.
fn fold(text: &str) -> String {
    text.nfc().flat_map(char::to_uppercase).flat_map(char::to_lowercase).nfc().collect()
}

impl fmt::Display for FilePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for FilePath {
    type Error = FilePathError;
    fn try_from(text: String) -> Result<Self, FilePathError> {
        Self::parse(text)
    }
}

impl From<FilePath> for String {
    fn from(path: FilePath) -> Self {
        path.0
    }
}

#[cfg(feature = "openapi")]
crate::values::schema::schema!(FilePath, "FilePath", {
    "type": "string",
    "minLength": 1,
    "maxLength": MAX_PATH_BYTES,
    "format": "file-path",
    "description": "Folders and the file's name with slashes between them, at most 1024 bytes in UTF-8 and 255 each. No part is empty or has only dots and white space, and none has backslashes or control characters.",
    "examples": ["photos/2026/a.jpg"],
});

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn paths_that_could_lead_elsewhere_are_refused() {
        for (text, error) in [
            ("", FilePathError::Length),
            ("/", FilePathError::Part),
            ("/etc/passwd", FilePathError::Part),
            ("a//b", FilePathError::Part),
            ("a/", FilePathError::Part),
            (".", FilePathError::Dots),
            ("..", FilePathError::Dots),
            ("../a", FilePathError::Dots),
            ("a/../b", FilePathError::Dots),
            ("a/./b", FilePathError::Dots),
            ("a/.. /b", FilePathError::Dots),
            ("a/ ..\u{3000}/b", FilePathError::Dots),
            ("...", FilePathError::Dots),
            (" ", FilePathError::Dots),
            ("..\\a", FilePathError::Character),
            ("a\\b", FilePathError::Character),
            ("a\0b", FilePathError::Character),
            ("a\nb", FilePathError::Character),
            ("a\u{1}b", FilePathError::Character),
            ("a\u{85}b", FilePathError::Character),
        ] {
            assert_eq!(FilePath::parse(text), Err(error), "{text:?}");
        }
        for text in ["a", "a/b/c.txt", "..a", "a..", ".hidden/x", "con/nul.txt", "a:b?", "ü/東京.pdf", "C:/x"] {
            assert_eq!(FilePath::parse(text).unwrap().as_str(), text);
        }
    }

    #[test]
    fn length_is_bounded_as_given_and_folded() {
        let (part, longest) = ("a".repeat(255), ["a"; 4].map(|a| a.repeat(255)).join("/"));
        assert!(FilePath::parse(part.as_str()).is_ok() && FilePath::parse(part + "a").is_err());
        assert!(FilePath::parse(longest.clone()).is_ok(), "1023 bytes");
        assert!(FilePath::parse(format!("{longest}/a")).is_err(), "1025 bytes");
        // In its normal form it has three times the bytes.
        assert_eq!(FilePath::parse(["\u{958}"; 8].map(|c| c.repeat(40)).join("/")), Err(FilePathError::Length));
    }

    #[test]
    fn what_some_file_system_takes_for_one_path_has_one_key() {
        let key = |text: &str| FilePath::parse(text).unwrap().key();
        for (one, other) in [
            ("A/B.TXT", "a/b.txt"),
            ("caf\u{e9}", "cafe\u{301}"),
            ("CAF\u{c9}", "cafe\u{301}"),
            ("stra\u{df}e", "STRASSE"),
            ("\u{3a3}\u{391}\u{3a3}", "\u{3c3}\u{3b1}\u{3c2}"),
            ("\u{212a}", "k"),
            ("\u{1f80}", "\u{1f88}"),
        ] {
            assert_eq!(key(one), key(other), "{one} {other}");
        }
        for (one, other) in [("a/b", "a b"), ("a/b", "ab"), ("a", "b"), ("a.b", "a_b"), ("\u{131}", "l")] {
            assert_ne!(key(one), key(other), "{one} {other}");
        }
    }

    #[test]
    fn files_of_a_folder_come_before_those_of_its_folders() {
        let sorted = ["b", "B.txt", "z", "a/x", "a/y", "a/b/x", "a/b c/x", "a.b/x", "a0/x"];
        let keys = sorted.map(|text| FilePath::parse(text).unwrap().key());
        assert!(keys.is_sorted(), "{keys:?}");
    }

    #[test]
    fn safe_path_has_parts_that_every_system_keeps() {
        for (text, folders, name) in [
            ("a.txt", "", "a.txt"),
            ("con/NUL.txt", "_con", "_NUL.txt"),
            ("C:/a?b/.bashrc", "C_/a_b", "bashrc"),
            ("a. /x\u{202e}gpj.exe", "a", "x_gpj.exe"),
        ] {
            assert_eq!(FilePath::parse(text).unwrap().safe(), (folders.to_owned(), name.to_owned()), "{text}");
        }
    }

    fn any_path() -> impl Strategy<Value = String> {
        prop_oneof![
            any::<String>(),
            "[a-c.A-C /\\\\]{0,12}",
            "([a-zA-Zäßİıſσς\u{301}\u{345}\u{202e}:?. ]{1,8}/){0,4}[a-zA-Z. ]{1,8}",
        ]
    }

    proptest! {
        #[test]
        fn accepted_path_stays_below_its_folder(text in any_path()) {
            let Ok(path) = FilePath::parse(text.as_str()) else { return Ok(()) };
            prop_assert_eq!(path.as_str(), text.as_str());
            let (folders, name) = path.safe();
            let safe = if folders.is_empty() { name } else { format!("{folders}/{name}") };
            prop_assert_eq!(safe.split('/').count(), text.split('/').count());
            for part in safe.split('/') {
                prop_assert!(!part.is_empty() && part.len() <= MAX_PART_BYTES && !part.starts_with('.') && !part.ends_with(['.', ' ']), "{}", safe);
                prop_assert!(!part.contains(|c: char| c.is_control() || r#"\:*?"<>|"#.contains(c)), "{}", safe);
            }
            let joined = std::path::Path::new("/base").join(&safe);
            prop_assert_eq!(joined.components().count(), 2 + safe.split('/').count());
            prop_assert_eq!(FilePath::parse(safe.as_str()).map(|path| { let (f, n) = path.safe(); if f.is_empty() { n } else { f + "/" + &n } }), Ok(safe));
        }

        #[test]
        fn key_is_of_bounded_length_and_the_same_for_every_form(text in any_path()) {
            let Ok(path) = FilePath::parse(text.as_str()) else { return Ok(()) };
            prop_assert!(path.key().len() <= MAX_PATH_BYTES);
            for other in [text.nfc().collect::<String>(), text.nfd().collect()] {
                if let Ok(other) = FilePath::parse(other) {
                    prop_assert_eq!(other.key(), path.key());
                }
            }
            let folded = path.key().replace([BETWEEN_FOLDERS, BEFORE_NAME], "/");
            if let Ok(folded) = FilePath::parse(folded.strip_prefix('/').filter(|_| !text.contains('/')).unwrap_or(&folded)) {
                prop_assert_eq!(folded.key(), path.key());
            }
        }
    }
}
