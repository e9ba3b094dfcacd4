//! Reads the columns that say whether a link is switched off or has a password.

use sha2::{Digest, Sha256};

use super::words::{is_nothing, is_one_of, read_flag};
use crate::imports::rows::time::read_time;
use crate::imports::rows::{Column, DateOrder, Fault};
use crate::links::password::{Password, check_hash};

/// Up to which row of a file plain passwords are hashed. A hash takes some 20 ms and 19 MiB, so that these take an hour at most; the
/// bound is a row's number so that another run has the same result.
pub(super) const MAX_HASHED_ROWS: u64 = 100_000;

/// The states in which a service does not follow a link.
const OFF: [&str; 13] = [
    "archived",
    "banned",
    "blocked",
    "closed",
    "deactivated",
    "deleted",
    "disabled",
    "draft",
    "expired",
    "inactive",
    "paused",
    "spam",
    "suspended",
];

/// The row that a password belongs to.
#[derive(Debug, Clone, Copy)]
pub(super) struct PasswordOwner<'a> {
    /// The origin of the row's link. The salt is derived from it, so that a replay writes the same link.
    pub(super) origin: &'a str,
    /// The number of the row.
    pub(super) row: u64,
    /// Whether no link will be written.
    pub(super) dry_run: bool,
}

/// What the columns say.
#[derive(Debug, Default)]
pub(super) struct Protection {
    /// Whether the link is switched off.
    pub(super) off: bool,
    plain: Option<Password>,
    hash: Option<String>,
    /// Why passwords cannot be taken.
    faults: Vec<Fault>,
}

impl Protection {
    /// Takes a column; returns whether it is one of these.
    ///
    /// # Errors
    /// What is wrong with the column, for a person.
    pub(super) fn take(&mut self, column: Column, text: &str) -> Result<bool, String> {
        match column {
            Column::Archived | Column::Disabled => {
                // When it was switched off.
                self.off |= read_time(text, DateOrder::Unknown).is_some() || read_flag(text)?;
            }
            Column::Enabled => self.off |= !(is_nothing(text) || read_flag(text)?),
            Column::Status => self.off |= is_one_of(text, &OFF),
            Column::HasPassword if read_flag(text)? => self.lacks(column, "says that the link has a password"),
            Column::Password => match read_password_flag(text) {
                None => self.take_password(text),
                Some(true) => self.lacks(column, "says that the link has a password"),
                Some(false) => {}
            },
            Column::PasswordHash if !is_nothing(text) => self.take_hash(Column::PasswordHash, text),
            Column::HasPassword | Column::PasswordHash => {}
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn take_password(&mut self, text: &str) {
        let is_hex = |text: &str| text.bytes().all(|byte| byte.is_ascii_hexdigit());
        if text.starts_with('$') && text[1..].contains('$') {
            return self.take_hash(Column::Password, text);
        }
        if text.chars().all(|c| matches!(c, '*' | '•' | '●')) {
            return self.lacks(Column::Password, "is hidden in the file");
        }
        if matches!(text.len(), 32 | 40 | 56 | 64 | 96 | 128) && is_hex(text) {
            return self.lacks(Column::Password, "looks like a checksum of the password, which cannot be checked");
        }
        let password = Password::new(text);
        match password.check() {
            Ok(()) => self.plain = Some(password),
            Err(cause) => self.lacks(Column::Password, &cause),
        }
    }

    fn take_hash(&mut self, column: Column, text: &str) {
        match check_hash(text) {
            Ok(_) => self.hash = Some(text.to_owned()),
            Err(cause) => self.lacks(column, cause),
        }
    }

    /// Notes that a password is not known. The report never shows what was in the column.
    fn lacks(&mut self, column: Column, cause: &str) {
        self.faults.push(Fault { column: Some(column), value: String::new(), cause: cause.to_owned() });
    }

    /// Returns the hash of the password, if there is one, or why the link cannot have the password that it should have.
    pub(super) fn password_hash(self, owner: PasswordOwner<'_>) -> Result<Option<String>, Fault> {
        if self.hash.is_some() {
            return Ok(self.hash);
        }
        let Some(password) = self.plain else { return self.faults.into_iter().next().map_or(Ok(None), Err) };
        let fault = |cause: String| Fault { column: Some(Column::Password), value: String::new(), cause };
        if owner.row > MAX_HASHED_ROWS {
            let cause = format!("is in plain text, which is taken in the first {MAX_HASHED_ROWS} rows only");
            return Err(fault(cause));
        }
        if owner.dry_run {
            return Ok(None);
        }
        let digest = Sha256::new().chain_update("salt of the password of ").chain_update(owner.origin).finalize();
        let mut salt = [0; 16];
        salt.copy_from_slice(&digest[..16]);
        password.hash_with_salt(salt).map(Some).map_err(|error| fault(error.to_string()))
    }
}

/// Reads whether there is a password, where a file says only that. A text that is long enough for a password is one.
fn read_password_flag(text: &str) -> Option<bool> {
    if text.chars().count() < Password::MIN_CHARS { read_flag(text).ok() } else { None }
}
