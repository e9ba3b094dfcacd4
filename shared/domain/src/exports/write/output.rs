//! Collects the bytes of an export's file in memory, compressed if asked to.

use std::io::Write;

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;

use crate::values::error::{StoreError, StoreErrorKind};

/// Bytes of the file that are not in its upload yet.
///
/// A compressed file is a row of members, each complete (RFC 1952, section 2.2), so that another invocation can go on after any of
/// them.
pub(super) struct Output {
    /// Plain text, or complete members.
    sealed: Vec<u8>,
    gzip: bool,
    /// The member that is being written.
    member: Option<GzEncoder<Vec<u8>>>,
}

impl Output {
    /// Begins after the bytes `sealed`.
    pub(super) fn new(gzip: bool, sealed: Vec<u8>) -> Self {
        Self { sealed, gzip, member: None }
    }

    /// Adds `text`.
    pub(super) fn write(&mut self, text: &[u8]) -> Result<(), StoreError> {
        if self.gzip {
            let new = || GzEncoder::new(Vec::new(), Compression::default());
            self.member.get_or_insert_with(new).write_all(text).map_err(compression_error)
        } else {
            self.sealed.extend_from_slice(text);
            Ok(())
        }
    }

    /// Returns the number of bytes, without those that the compressor still holds.
    pub(super) fn len(&self) -> usize {
        self.sealed.len() + self.member.as_ref().map_or(0, |member| member.get_ref().len())
    }

    /// Completes the member that is being written, and returns all bytes.
    pub(super) fn seal(&mut self) -> Result<&[u8], StoreError> {
        if let Some(member) = self.member.take() {
            self.sealed.extend_from_slice(&member.finish().map_err(compression_error)?);
        }
        Ok(&self.sealed)
    }

    /// Takes all sealed bytes.
    pub(super) fn take(&mut self) -> Bytes {
        std::mem::take(&mut self.sealed).into()
    }
}

/// Wraps an error of the compressor, which writes to memory and so never fails in practice.
fn compression_error(error: std::io::Error) -> StoreError {
    StoreError::new("exports.compress", StoreErrorKind::Broken, error)
}
