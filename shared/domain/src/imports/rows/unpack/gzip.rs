//! gzip (RFC 1952), also several of them one after the other.

use super::inflate::{Inflate, check};
use crate::imports::rows::limits::Limits;
use crate::imports::rows::unpack::{Input, Pumped, number};
use crate::imports::rows::unreadable::Unreadable;

/// The longest header, in bytes. It may hold a name and a comment.
const MAX_HEADER: usize = 64 * 1024;

/// Unpacks gzip.
pub(in crate::imports::rows) struct Gzip {
    limits: Limits,
    state: State,
    /// What came out of the members before this one.
    unpacked: u64,
}

enum State {
    /// At the beginning of a member; says whether it is the first one.
    Header(bool),
    Body(Box<Inflate>, Output),
    Trailer(Output),
}

/// What came out of a member.
#[derive(Clone, Default)]
struct Output {
    checksum: crc32fast::Hasher,
    length: u64,
}

impl Gzip {
    pub(in crate::imports::rows) fn new(limits: Limits) -> Self {
        Self { limits, state: State::Header(true), unpacked: 0 }
    }

    pub(super) fn pump(&mut self, input: &mut Input, out: &mut Vec<u8>) -> Result<Pumped, Unreadable> {
        let pumped = match &mut self.state {
            State::Header(first) => {
                let first = *first;
                self.header(input, first)?
            }
            State::Body(inflate, output) => {
                let start = out.len();
                let pumped = inflate.pump(input, u64::MAX, out)?;
                output.checksum.update(&out[start..]);
                output.length += (out.len() - start) as u64;
                check(self.limits, input.position(), self.unpacked + output.length, input.position())?;
                if pumped == Pumped::End {
                    self.state = State::Trailer(std::mem::take(output));
                    return Ok(Pumped::Progress);
                }
                pumped
            }
            State::Trailer(output) => {
                if input.rest().len() < 8 {
                    return more(input);
                }
                let (checksum, length) = (number(input.rest(), 0, 4), number(input.rest(), 4, 4));
                let found = u64::from(output.checksum.clone().finalize());
                if checksum != found || length != output.length & 0xffff_ffff {
                    return Err(Unreadable::at(
                        input.position(),
                        "the compressed data is damaged: its checksum is another",
                    ));
                }
                input.consume(8);
                self.unpacked += output.length;
                self.state = State::Header(false);
                return Ok(Pumped::Progress);
            }
        };
        if pumped == Pumped::More { more(input) } else { Ok(pumped) }
    }

    fn header(&mut self, input: &mut Input, first: bool) -> Result<Pumped, Unreadable> {
        if !first {
            // Tapes and disks pad with zeros.
            let zeros = input.rest().iter().take_while(|byte| **byte == 0).count();
            input.consume(zeros);
            if input.rest().is_empty() {
                return Ok(if input.ended() { Pumped::End } else { Pumped::More });
            }
        }
        let rest = input.rest();
        match header_length(rest) {
            Some(Ok(length)) => {
                input.consume(length);
                self.state = State::Body(Box::new(Inflate::new()), Output::default());
                Ok(Pumped::Progress)
            }
            Some(Err(cause)) => Err(Unreadable::at(input.position(), cause)),
            None if rest.len() > MAX_HEADER => Err(Unreadable::at(input.position(), "the gzip header is too long")),
            None => Ok(Pumped::More),
        }
    }
}

fn more(input: &Input) -> Result<Pumped, Unreadable> {
    if input.ended() {
        let end = input.position() + input.rest().len() as u64;
        return Err(Unreadable::at(end, "the file breaks off in the middle of the compressed data"));
    }
    Ok(Pumped::More)
}

/// The length of a member's header, or what is wrong with it; `None` if it is not all there.
fn header_length(bytes: &[u8]) -> Option<Result<usize, &'static str>> {
    const CHECKSUM: u8 = 2;
    const EXTRA: u8 = 4;
    const NAME: u8 = 8;
    const COMMENT: u8 = 16;
    let (start, flags) = (bytes.get(..10)?, *bytes.get(3)?);
    if start[..2] != [0x1f, 0x8b] {
        return Some(Err("the gzip data is followed by something that is not gzip"));
    }
    if start[2] != 8 || flags & 0xe0 != 0 {
        return Some(Err("the gzip header has what nobody knows"));
    }
    let mut at = 10;
    if flags & EXTRA != 0 {
        at += 2 + number(bytes.get(at..at + 2)?, 0, 2) as usize;
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
