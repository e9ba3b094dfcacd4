//! Deflate (RFC 1951).

use flate2::{Decompress, FlushDecompress, Status};

use crate::imports::rows::limits::Limits;
use crate::imports::rows::unpack::{Input, PIECE_BYTES, Pumped};
use crate::imports::rows::unreadable::Unreadable;

/// A stream of deflate.
pub(super) struct Inflate(Decompress);

impl Inflate {
    pub(super) fn new() -> Self {
        Self(Decompress::new(false))
    }

    /// Adds what comes next to `out`; [`Pumped::End`] at the end of the stream.
    pub(super) fn pump(&mut self, input: &mut Input, most: u64, out: &mut Vec<u8>) -> Result<Pumped, Unreadable> {
        let (before_in, start) = (self.0.total_in(), out.len());
        let window = input.rest().len().min(usize::try_from(most).unwrap_or(usize::MAX));
        out.resize(start + PIECE_BYTES, 0);
        let before_out = self.0.total_out();
        let status = self.0.decompress(&input.rest()[..window], &mut out[start..], FlushDecompress::None);
        let written = (self.0.total_out() - before_out) as usize;
        out.truncate(start + written);
        let read = (self.0.total_in() - before_in) as usize;
        input.consume(read);
        match status {
            Ok(Status::StreamEnd) => Ok(Pumped::End),
            Ok(_) if read > 0 || written > 0 => Ok(Pumped::Progress),
            Ok(_) if window == 0 => Ok(Pumped::More),
            Ok(_) | Err(_) => Err(Unreadable::at(input.position(), "the compressed data is damaged")),
        }
    }
}

/// Checks what came out of a file, or of one in an archive, against the limits.
pub(super) fn check(limits: Limits, packed: u64, unpacked: u64, at: u64) -> Result<(), Unreadable> {
    limits.check(packed, unpacked).map_err(|cause| Unreadable::at(at, format!("the file {cause}")))
}
