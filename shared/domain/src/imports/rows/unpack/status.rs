//! Defines what a step of unpacking returns, and what all unpackers need for it.

use super::input::Input;
use crate::imports::rows::limits::Limits;
use crate::imports::rows::unreadable::Unreadable;

/// How many bytes one step adds at most.
pub(super) const PIECE_BYTES: usize = 64 * 1024;

/// What one step of unpacking came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::imports::rows) enum UnpackStatus {
    /// It added bytes, or the next step needs no more input.
    Progress,
    /// It needs more input.
    NeedsInput,
    /// It needs the input from this byte of the file on.
    NeedsSeek(u64),
    /// The directory of an archive is read, or a file of an archive without a directory begins.
    Opened,
    /// All is unpacked, or the file of an archive is.
    End,
    /// An archive without a directory has no more files.
    Finished,
}

/// Asks for more input, or fails if the file has ended.
pub(super) fn need_input(input: &Input) -> Result<UnpackStatus, Unreadable> {
    if input.ended() {
        let end = input.position() + input.rest().len() as u64;
        return Err(Unreadable::at(end, "the file breaks off in the middle of the compressed data"));
    }
    Ok(UnpackStatus::NeedsInput)
}

/// Checks what is unpacked against the limits. `position` is the byte of the file to report.
pub(super) fn check_limits(limits: Limits, packed: u64, unpacked: u64, position: u64) -> Result<(), Unreadable> {
    limits.check(packed, unpacked).map_err(|cause| Unreadable::at(position, format!("the file {cause}")))
}

/// Reads the little-endian number in `length` bytes (at most eight) at `at`, or 0 if the bytes are not there.
pub(super) fn little_endian(bytes: &[u8], at: usize, length: usize) -> u64 {
    let Some(bytes) = bytes.get(at..at + length) else { return 0 };
    bytes.iter().rev().fold(0, |number, &byte| number << 8 | u64::from(byte))
}
