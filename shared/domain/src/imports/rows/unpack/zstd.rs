//! Zstandard (RFC 8878), also several frames one after the other.

use std::io::Read;

use ruzstd::decoding::errors::{FrameDecoderError, ReadFrameHeaderError};
use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};

use super::inflate::check;
use crate::imports::rows::limits::Limits;
use crate::imports::rows::unpack::{Input, PIECE_BYTES, Pumped, number};
use crate::imports::rows::unreadable::Unreadable;

/// The largest window, in bytes, which has to be kept in memory: what the RFC asks every decoder for, and what `zstd` makes
/// up to level 19.
const MAX_WINDOW: u64 = 8 << 20;
/// The longest header of a frame, in bytes.
const MAX_HEADER: usize = 18;
/// The largest block, in bytes.
const MAX_BLOCK: usize = 128 * 1024;

/// Unpacks Zstandard.
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
    /// At the beginning of a frame; says whether it is the first one.
    Header { first: bool },
    /// At the beginning of a block; says whether a checksum follows the last one.
    Block { checksum: bool },
    /// A block is decoded, but not all taken.
    Decoded { checksum: bool, last: bool },
}

impl Zstd {
    pub(in crate::imports::rows) fn new(size: u64, limits: Limits) -> Self {
        let mut decoder = FrameDecoder::new();
        decoder.set_max_window_size(MAX_WINDOW);
        Self { size, limits, decoder, state: State::Header { first: true }, unpacked: 0 }
    }

    pub(super) fn pump(&mut self, input: &mut Input, out: &mut Vec<u8>) -> Result<Pumped, Unreadable> {
        let pumped = match self.state {
            State::Header { first } => self.header(input, first)?,
            State::Block { checksum } => self.block(input, checksum)?,
            State::Decoded { checksum, last } => {
                self.take(input, out)?;
                if self.decoder.can_collect() == 0 {
                    self.end_of_block(input, checksum, last)?;
                }
                Pumped::Progress
            }
        };
        if pumped == Pumped::More && input.ended() {
            let end = input.position() + input.rest().len() as u64;
            return Err(Unreadable::at(end, "the file breaks off in the middle of the compressed data"));
        }
        Ok(pumped)
    }

    fn header(&mut self, input: &mut Input, first: bool) -> Result<Pumped, Unreadable> {
        let rest = input.rest();
        if rest.is_empty() && !first && input.ended() && !input.is_skipping() {
            return Ok(Pumped::End);
        }
        if rest.len() < MAX_HEADER && !input.ended() {
            return Ok(Pumped::More);
        }
        let mut source = rest;
        match self.decoder.reset(&mut source) {
            Ok(()) => {
                let checksum = rest.get(4).is_some_and(|descriptor| descriptor & 4 != 0);
                let length = rest.len() - source.len();
                let unpacked = self.unpacked.saturating_add(self.decoder.content_size());
                check(self.limits, self.size, unpacked, input.position())?;
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
        Ok(Pumped::Progress)
    }

    fn block(&mut self, input: &mut Input, checksum: bool) -> Result<Pumped, Unreadable> {
        let rest = input.rest();
        if rest.len() < 3 {
            return Ok(Pumped::More);
        }
        let header = number(rest, 0, 3) as usize;
        let (last, kind, size) = (header & 1 == 1, header >> 1 & 3, header >> 3);
        if size > MAX_BLOCK {
            return Err(damaged(input, "a block is too large"));
        }
        const RUN: usize = 1;
        let whole = 3 + if kind == RUN { 1 } else { size } + if last && checksum { 4 } else { 0 };
        if rest.len() < whole {
            return Ok(Pumped::More);
        }
        let mut source = &rest[..whole];
        let decoded = self.decoder.decode_blocks(&mut source, BlockDecodingStrategy::UptoBlocks(1));
        decoded.map_err(|error| damaged(input, error))?;
        input.consume(whole);
        self.state = State::Decoded { checksum, last };
        Ok(Pumped::Progress)
    }

    fn take(&mut self, input: &Input, out: &mut Vec<u8>) -> Result<(), Unreadable> {
        let start = out.len();
        out.resize(start + PIECE_BYTES, 0);
        let read = self.decoder.read(&mut out[start..]).map_err(|error| damaged(input, error))?;
        out.truncate(start + read);
        self.unpacked += read as u64;
        check(self.limits, input.position(), self.unpacked, input.position())
    }

    fn end_of_block(&mut self, input: &Input, checksum: bool, last: bool) -> Result<(), Unreadable> {
        if !last {
            self.state = State::Block { checksum };
            return Ok(());
        }
        if checksum && self.decoder.get_checksum_from_data() != self.decoder.get_calculated_checksum() {
            return Err(damaged(input, "its checksum is another"));
        }
        self.state = State::Header { first: false };
        Ok(())
    }
}

fn damaged(input: &Input, cause: impl std::fmt::Display) -> Unreadable {
    Unreadable::at(input.position(), format!("the compressed data is damaged: {cause}"))
}
