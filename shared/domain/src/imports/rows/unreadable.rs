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
    pub(super) kind: UnreadableKind,
}

/// What an error says about a file of an archive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum UnreadableKind {
    /// It is not a list of links: an archive is read without it.
    Foreign,
    /// It looked like a list of links, but does not go on like one.
    Malformed,
    /// It is a list of links, but its owner must say something about it first.
    Question,
    /// Its bytes are not all there, are not what they were, or are too many.
    Damaged,
}

impl Unreadable {
    /// Creates the error of a whole file.
    pub(super) fn because(cause: impl Into<String>) -> Self {
        Self { cause: cause.into(), byte: None, member: None, kind: UnreadableKind::Damaged }
    }

    /// Creates the error of a file whose owner must answer a question first.
    pub(super) fn question(cause: impl Into<String>) -> Self {
        Self::because(cause).of_kind(UnreadableKind::Question)
    }

    /// Creates the error of a file that is broken at a byte.
    pub(super) fn at(byte: u64, cause: impl Into<String>) -> Self {
        Self { byte: Some(byte), ..Self::because(cause) }
    }
}

impl Unreadable {
    /// Returns the error as one of this kind.
    pub(super) fn of_kind(self, kind: UnreadableKind) -> Self {
        Self { kind, ..self }
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
