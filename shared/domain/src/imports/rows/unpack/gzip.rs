//! Decompresses gzip (RFC 1952), also several members one after the other.

use super::inflate::Inflate;
use super::input::Input;
use super::status::{UnpackStatus, check_limits, little_endian, need_input};
use crate::imports::rows::limits::Limits;
use crate::imports::rows::unreadable::Unreadable;

/// The longest header, in bytes. It may hold a name and a comment.
const MAX_HEADER: usize = 64 * 1024;

/// Decompresses a gzip file.
pub(in crate::imports::rows) struct Gzip {
    limits: Limits,
    state: State,
    /// How many bytes the earlier members have, unpacked.
    unpacked: u64,
}

enum State {
    Header {
        /// Whether it is the first member's.
        first: bool,
    },
    Body(Box<Inflate>, Output),
    Trailer(Output),
}

/// What a member has unpacked to so far.
#[derive(Clone, Default)]
struct Output {
    checksum: crc32fast::Hasher,
    length: u64,
}

impl Gzip {
    pub(super) fn new(limits: Limits) -> Self {
        Self { limits, state: State::Header { first: true }, unpacked: 0 }
    }

    pub(super) fn unpack(&mut self, input: &mut Input, out: &mut Vec<u8>) -> Result<UnpackStatus, Unreadable> {
        let status = match &mut self.state {
            State::Header { first } => {
                let first = *first;
                self.read_header(input, first)?
            }
            State::Body(inflate, output) => {
                let start = out.len();
                let status = inflate.unpack(input, u64::MAX, out)?;
                output.checksum.update(&out[start..]);
                output.length += (out.len() - start) as u64;
                check_limits(self.limits, input.position(), self.unpacked + output.length, input.position())?;
                if status == UnpackStatus::End {
                    self.state = State::Trailer(std::mem::take(output));
                    return Ok(UnpackStatus::Progress);
                }
                status
            }
            State::Trailer(output) => {
                if input.rest().len() < 8 {
                    return need_input(input);
                }
                let (checksum, length) = (little_endian(input.rest(), 0, 4), little_endian(input.rest(), 4, 4));
                let found = u64::from(output.checksum.clone().finalize());
                if checksum != found || length != output.length & 0xffff_ffff {
                    let cause = "the compressed data is damaged: its checksum does not match";
                    return Err(Unreadable::at(input.position(), cause));
                }
                input.consume(8);
                self.unpacked += output.length;
                self.state = State::Header { first: false };
                return Ok(UnpackStatus::Progress);
            }
        };
        if status == UnpackStatus::NeedsInput { need_input(input) } else { Ok(status) }
    }

    fn read_header(&mut self, input: &mut Input, first: bool) -> Result<UnpackStatus, Unreadable> {
        if !first {
            // Tapes and disks pad files with zero bytes.
            let zeros = input.rest().iter().take_while(|byte| **byte == 0).count();
            input.consume(zeros);
            if input.rest().is_empty() {
                return Ok(if input.ended() { UnpackStatus::End } else { UnpackStatus::NeedsInput });
            }
        }
        let rest = input.rest();
        match header_length(rest) {
            Some(Ok(length)) => {
                input.consume(length);
                self.state = State::Body(Box::new(Inflate::new()), Output::default());
                Ok(UnpackStatus::Progress)
            }
            Some(Err(cause)) => Err(Unreadable::at(input.position(), cause)),
            None if rest.len() > MAX_HEADER => Err(Unreadable::at(input.position(), "the gzip header is too long")),
            None => Ok(UnpackStatus::NeedsInput),
        }
    }
}

/// Returns the length of a member's header, or what is wrong with it; `None` if the header is not all there.
fn header_length(bytes: &[u8]) -> Option<Result<usize, &'static str>> {
    const CHECKSUM: u8 = 2;
    const EXTRA: u8 = 4;
    const NAME: u8 = 8;
    const COMMENT: u8 = 16;
    if bytes.get(..2)? != [0x1f, 0x8b] {
        return Some(Err("the gzip data is followed by something that is not gzip"));
    }
    let (start, flags) = (bytes.get(..10)?, *bytes.get(3)?);
    if start[2] != 8 || flags & 0xe0 != 0 {
        return Some(Err("the gzip header has an unknown compression method or unknown flags"));
    }
    let mut at = 10;
    if flags & EXTRA != 0 {
        at += 2 + little_endian(bytes.get(at..at + 2)?, 0, 2) as usize;
    }
    for text in [NAME, COMMENT] {
        if flags & text != 0 {
            at += 1 + memchr::memchr(0, bytes.get(at..)?)?;
        }
    }
    if flags & CHECKSUM != 0 {
        at += 2;
    }
    (at <= bytes.len()).then_some(Ok(at))
}
