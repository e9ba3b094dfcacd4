//! Decompresses bzip2, also several streams one after the other, as parallel compressors write them.

use bzip2::{Decompress, Status};

use super::input::Input;
use super::status::{PIECE_BYTES, UnpackStatus, check_limits, need_input};
use crate::imports::rows::limits::Limits;
use crate::imports::rows::unreadable::Unreadable;

/// Decompresses a bzip2 file. Takes at most 4 MB of memory, by the format.
pub(in crate::imports::rows) struct Bzip2 {
    limits: Limits,
    state: State,
    unpacked: u64,
}

enum State {
    /// At the header of a stream, which may be the first one.
    Header {
        first: bool,
    },
    Body(Decompress),
}

impl Bzip2 {
    pub(super) fn new(limits: Limits) -> Self {
        Self { limits, state: State::Header { first: true }, unpacked: 0 }
    }

    pub(super) fn unpack(&mut self, input: &mut Input, out: &mut Vec<u8>) -> Result<UnpackStatus, Unreadable> {
        let stream = match &mut self.state {
            State::Header { first } => {
                let first = *first;
                return self.read_header(input, first);
            }
            State::Body(stream) => stream,
        };
        let (before_in, before_out, start) = (stream.total_in(), stream.total_out(), out.len());
        out.resize(start + PIECE_BYTES, 0);
        let status = stream.decompress(input.rest(), &mut out[start..]);
        let read = (stream.total_in() - before_in) as usize;
        let written = (stream.total_out() - before_out) as usize;
        out.truncate(start + written);
        input.consume(read);
        self.unpacked += written as u64;
        check_limits(self.limits, input.position(), self.unpacked, input.position())?;
        match status {
            Ok(Status::StreamEnd) => self.state = State::Header { first: false },
            Ok(Status::Ok) if read > 0 || written > 0 => {}
            Ok(Status::Ok) => return need_input(input),
            Ok(_) | Err(_) => return Err(Unreadable::at(input.position(), "the compressed data is damaged")),
        }
        Ok(UnpackStatus::Progress)
    }

    fn read_header(&mut self, input: &Input, first: bool) -> Result<UnpackStatus, Unreadable> {
        let rest = input.rest();
        if !first && rest.is_empty() && input.ended() {
            return Ok(UnpackStatus::End);
        }
        if rest.len() < 4 && !input.ended() {
            return Ok(UnpackStatus::NeedsInput);
        }
        if !matches!(rest, [b'B', b'Z', b'h', b'1'..=b'9', ..]) {
            let cause = "the bzip2 data is followed by something that is not bzip2";
            return Err(Unreadable::at(input.position(), cause));
        }
        self.state = State::Body(Decompress::new(false));
        Ok(UnpackStatus::Progress)
    }
}
