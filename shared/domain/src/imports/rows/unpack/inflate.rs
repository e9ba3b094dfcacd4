//! Decompresses Deflate (RFC 1951).

use flate2::{Decompress, FlushDecompress, Status};

use super::input::Input;
use super::status::{PIECE_BYTES, UnpackStatus};
use crate::imports::rows::unreadable::Unreadable;

/// Decompresses one Deflate stream.
pub(super) struct Inflate(Decompress);

impl Inflate {
    pub(super) fn new() -> Self {
        Self(Decompress::new(false))
    }

    /// Adds the next bytes to `out`; takes at most `max_input` bytes of `input`.
    pub(super) fn unpack(
        &mut self,
        input: &mut Input,
        max_input: u64,
        out: &mut Vec<u8>,
    ) -> Result<UnpackStatus, Unreadable> {
        let (before_in, start) = (self.0.total_in(), out.len());
        let window = input.rest().len().min(usize::try_from(max_input).unwrap_or(usize::MAX));
        out.resize(start + PIECE_BYTES, 0);
        let before_out = self.0.total_out();
        let status = self.0.decompress(&input.rest()[..window], &mut out[start..], FlushDecompress::None);
        let written = (self.0.total_out() - before_out) as usize;
        out.truncate(start + written);
        let read = (self.0.total_in() - before_in) as usize;
        input.consume(read);
        match status {
            Ok(Status::StreamEnd) => Ok(UnpackStatus::End),
            Ok(_) if read > 0 || written > 0 => Ok(UnpackStatus::Progress),
            Ok(_) if window == 0 => Ok(UnpackStatus::NeedsInput),
            Ok(_) | Err(_) => Err(Unreadable::at(input.position(), "the compressed data is damaged")),
        }
    }
}
