//! Decompresses Zstandard (RFC 8878), also several frames one after the other.

use std::io::Read;

use ruzstd::decoding::errors::{FrameDecoderError, ReadFrameHeaderError};
use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};

use super::input::Input;
use super::status::{PIECE_BYTES, UnpackStatus, check_limits, little_endian};
use crate::imports::rows::limits::Limits;
use crate::imports::rows::unreadable::Unreadable;

/// The largest window, in bytes; it is kept in memory. The RFC asks every decoder to support this much, and `zstd` uses
/// no more up to level 19.
const MAX_WINDOW: u64 = 8 << 20;
/// The longest header of a frame, in bytes.
const MAX_HEADER: usize = 18;
/// The largest block, in bytes.
const MAX_BLOCK: usize = 128 * 1024;

/// Decompresses a Zstandard file.
pub(in crate::imports::rows) struct Zstd {
    /// The size of the file.
    size: u64,
    limits: Limits,
    decoder: FrameDecoder,
    state: State,
    unpacked: u64,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// At the header of a frame, which may be the first one.
    Header { first: bool },
    /// At a block of a frame, which may have a checksum at its end.
    Block { checksum: bool },
    /// A block is decoded, but not all of it is taken.
    Decoded { checksum: bool, last: bool },
}

impl Zstd {
    pub(super) fn new(size: u64, limits: Limits) -> Self {
        let mut decoder = FrameDecoder::new();
        decoder.set_max_window_size(MAX_WINDOW);
        Self { size, limits, decoder, state: State::Header { first: true }, unpacked: 0 }
    }

    pub(super) fn unpack(&mut self, input: &mut Input, out: &mut Vec<u8>) -> Result<UnpackStatus, Unreadable> {
        let status = match self.state {
            State::Header { first } => self.read_header(input, first)?,
            State::Block { checksum } => self.decode_block(input, checksum)?,
            State::Decoded { checksum, last } => {
                self.take_decoded(input, out)?;
                if self.decoder.can_collect() == 0 {
                    self.end_block(input, checksum, last)?;
                }
                UnpackStatus::Progress
            }
        };
        if status == UnpackStatus::NeedsInput && input.ended() {
            let end = input.position() + input.rest().len() as u64;
            return Err(Unreadable::at(end, "the file breaks off in the middle of the compressed data"));
        }
        Ok(status)
    }

    fn read_header(&mut self, input: &mut Input, first: bool) -> Result<UnpackStatus, Unreadable> {
        let rest = input.rest();
        if rest.is_empty() && !first && input.ended() && !input.is_skipping() {
            return Ok(UnpackStatus::End);
        }
        if rest.len() < MAX_HEADER && !input.ended() {
            return Ok(UnpackStatus::NeedsInput);
        }
        let mut source = rest;
        match self.decoder.reset(&mut source) {
            Ok(()) => {
                let checksum = rest.get(4).is_some_and(|descriptor| descriptor & 4 != 0);
                let length = rest.len() - source.len();
                let unpacked = self.unpacked.saturating_add(self.decoder.content_size());
                check_limits(self.limits, self.size, unpacked, input.position())?;
                input.consume(length);
                self.state = State::Block { checksum };
            }
            Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame { length, .. })) => {
                input.skip(8 + u64::from(length));
                self.state = State::Header { first: false };
            }
            Err(FrameDecoderError::WindowSizeTooBig { .. }) => {
                let cause = format!(
                    "the zstd data has a window of more than {MAX_WINDOW} bytes; pack it without --long and --ultra"
                );
                return Err(Unreadable::at(input.position(), cause));
            }
            Err(error) => return Err(damaged(input, error)),
        }
        Ok(UnpackStatus::Progress)
    }

    fn decode_block(&mut self, input: &mut Input, checksum: bool) -> Result<UnpackStatus, Unreadable> {
        let rest = input.rest();
        if rest.len() < 3 {
            return Ok(UnpackStatus::NeedsInput);
        }
        let header = little_endian(rest, 0, 3) as usize;
        let (last, kind, size) = (header & 1 == 1, header >> 1 & 3, header >> 3);
        if size > MAX_BLOCK {
            return Err(damaged(input, "a block is too large"));
        }
        const RUN: usize = 1;
        let whole = 3 + if kind == RUN { 1 } else { size } + if last && checksum { 4 } else { 0 };
        if rest.len() < whole {
            return Ok(UnpackStatus::NeedsInput);
        }
        let mut source = &rest[..whole];
        let decoded = self.decoder.decode_blocks(&mut source, BlockDecodingStrategy::UptoBlocks(1));
        decoded.map_err(|error| damaged(input, error))?;
        input.consume(whole);
        self.state = State::Decoded { checksum, last };
        Ok(UnpackStatus::Progress)
    }

    fn take_decoded(&mut self, input: &Input, out: &mut Vec<u8>) -> Result<(), Unreadable> {
        let start = out.len();
        out.resize(start + PIECE_BYTES, 0);
        let read = self.decoder.read(&mut out[start..]).map_err(|error| damaged(input, error))?;
        out.truncate(start + read);
        self.unpacked += read as u64;
        check_limits(self.limits, input.position(), self.unpacked, input.position())
    }

    fn end_block(&mut self, input: &Input, checksum: bool, last: bool) -> Result<(), Unreadable> {
        if !last {
            self.state = State::Block { checksum };
            return Ok(());
        }
        if checksum && self.decoder.get_checksum_from_data() != self.decoder.get_calculated_checksum() {
            return Err(damaged(input, "its checksum does not match"));
        }
        self.state = State::Header { first: false };
        Ok(())
    }
}

fn damaged(input: &Input, cause: impl std::fmt::Display) -> Unreadable {
    Unreadable::at(input.position(), format!("the compressed data is damaged: {cause}"))
}
