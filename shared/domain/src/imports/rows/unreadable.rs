//! Why a file cannot be read, or not to its end.

use std::fmt;

/// A file that is no list of links, or breaks off.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreadable {
    /// What is wrong, for a person.
    pub cause: String,
    /// At which byte of the file as it was sent, if it is one place.
    pub byte: Option<u64>,
    /// The file in the archive that it is about.
    pub member: Option<String>,
}

impl Unreadable {
    /// A file that is something else.
    pub(super) fn because(cause: impl Into<String>) -> Self {
        Self { cause: cause.into(), byte: None, member: None }
    }

    /// A file that is broken at a byte.
    pub(super) fn at(byte: u64, cause: impl Into<String>) -> Self {
        Self { cause: cause.into(), byte: Some(byte), member: None }
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
