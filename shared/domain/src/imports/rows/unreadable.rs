//! Defines the error of a file that cannot be read, or not to its end.

use std::fmt;

/// The error of a file that is not a list of links, or breaks off.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreadable {
    /// What is wrong, in words for a person.
    pub cause: String,
    /// The byte of the file as uploaded at which it is wrong, if it is one byte.
    pub byte: Option<u64>,
    /// The file in the archive that is wrong.
    pub member: Option<String>,
    /// Whether the file is a list of links, but its owner must say something about it first.
    pub(super) is_question: bool,
}

impl Unreadable {
    /// Creates the error of a whole file.
    pub(super) fn because(cause: impl Into<String>) -> Self {
        Self { cause: cause.into(), byte: None, member: None, is_question: false }
    }

    /// Creates the error of a file whose owner must answer a question first.
    pub(super) fn question(cause: impl Into<String>) -> Self {
        Self { is_question: true, ..Self::because(cause) }
    }

    /// Creates the error of a file that is broken at a byte.
    pub(super) fn at(byte: u64, cause: impl Into<String>) -> Self {
        Self { cause: cause.into(), byte: Some(byte), member: None, is_question: false }
    }
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.cause)?;
        if let Some(byte) = self.byte {
            write!(f, ", at byte {byte} of the file")?;
        }
        if let Some(member) = &self.member {
            write!(f, " (in {member})")?;
        }
        Ok(())
    }
}

impl std::error::Error for Unreadable {}
