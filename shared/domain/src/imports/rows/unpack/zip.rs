//! A ZIP archive: its directory, then one file of it after the other. It is read where the directory says, so the file has to
//! be given from another byte on now and then.

use super::inflate::{Inflate, check};
use super::zip_directory::{LOCAL_HEADER, MAX_TAIL, Member, Place, find, members, shown};
use crate::imports::rows::limits::Limits;
use crate::imports::rows::unpack::{Input, PIECE_BYTES, Pumped, number};
use crate::imports::rows::unreadable::Unreadable;

/// Unpacks the files of an archive.
pub(in crate::imports::rows) struct Zip {
    size: u64,
    limits: Limits,
    state: State,
    members: Vec<Member>,
    directory: u64,
    /// The file that is or was read last.
    current: Option<usize>,
    /// What came out of the files before this one.
    unpacked: u64,
    /// Up to where in the archive files have been read.
    done: u64,
}

enum State {
    Start,
    Tail,
    Directory(Place),
    /// No file is open.
    Idle,
    Header,
    Body {
        inflate: Option<Box<Inflate>>,
        packed: u64,
        unpacked: u64,
        checksum: crc32fast::Hasher,
    },
}

impl Zip {
    pub(in crate::imports::rows) fn new(size: u64, limits: Limits) -> Self {
        let (state, members) = (State::Start, Vec::new());
        Self { size, limits, state, members, directory: size, current: None, unpacked: 0, done: 0 }
    }

    /// The names of the files, in the order of the archive. Empty before [`Pumped::Opened`].
    pub(in crate::imports::rows) fn names(&self) -> impl Iterator<Item = &str> {
        self.members.iter().map(|member| member.name.as_str())
    }

    /// Up to which byte the archive is read.
    pub(in crate::imports::rows) fn done(&self) -> u64 {
        self.done
    }

    /// The name of the file that is open, as it may be told.
    pub(in crate::imports::rows) fn member(&self) -> Option<String> {
        Some(shown(&self.members.get(self.current?)?.name))
    }

    /// Opens a file by its index.
    pub(in crate::imports::rows) fn open(&mut self, index: usize) {
        self.current = Some(index);
        self.state = State::Header;
    }

    pub(super) fn pump(&mut self, input: &mut Input, out: &mut Vec<u8>) -> Result<Pumped, Unreadable> {
        let pumped = match &mut self.state {
            State::Start => {
                self.state = State::Tail;
                let tail = self.size.saturating_sub(MAX_TAIL);
                return Ok(input.go_to(tail).map_or(Pumped::Progress, Pumped::Seek));
            }
            State::Tail if !input.ended() => Ok(Pumped::More),
            State::Tail => self.tail(input),
            State::Directory(place) => {
                let place = *place;
                self.directory(input, place)
            }
            State::Idle => Ok(Pumped::End),
            State::Header => self.header(input),
            State::Body { .. } => self.body(input, out),
        };
        match pumped {
            Ok(Pumped::More) if input.ended() && !matches!(self.state, State::Tail) => {
                let end = input.position() + input.rest().len() as u64;
                Err(self.broken(end, "the archive breaks off"))
            }
            pumped => pumped,
        }
    }

    fn broken(&self, byte: u64, cause: impl Into<String>) -> Unreadable {
        Unreadable { member: self.member(), ..Unreadable::at(byte, cause) }
    }

    fn tail(&mut self, input: &mut Input) -> Result<Pumped, Unreadable> {
        let place = find(input.rest(), self.size).map_err(|cause| Unreadable::at(self.size, cause))?;
        self.directory = place.offset;
        self.state = State::Directory(place);
        // The end is read; what is before it is another matter.
        Ok(input.go_to(place.offset).map_or(Pumped::Progress, Pumped::Seek))
    }

    fn directory(&mut self, input: &mut Input, place: Place) -> Result<Pumped, Unreadable> {
        let Some(directory) = input.rest().get(..place.length as usize) else { return Ok(Pumped::More) };
        self.members = members(directory, place, self.limits).map_err(|cause| Unreadable::at(place.offset, cause))?;
        self.state = State::Idle;
        Ok(Pumped::Opened)
    }

    /// The header of the file that is to be read.
    fn header(&mut self, input: &mut Input) -> Result<Pumped, Unreadable> {
        const STORED: u64 = 0;
        const DEFLATED: u64 = 8;
        let Some(member) = self.current.and_then(|current| self.members.get(current)) else { return Ok(Pumped::End) };
        if input.position() != member.offset
            && let Some(seek) = input.go_to(member.offset)
        {
            return Ok(Pumped::Seek(seek));
        }
        let at = member.offset;
        if member.encrypted {
            return Err(self.broken(at, "the archive is encrypted"));
        }
        let inflate = match member.method {
            STORED => None,
            DEFLATED => Some(Box::new(Inflate::new())),
            _ => return Err(self.broken(at, "the archive is compressed in a way that is not known here; use deflate")),
        };
        let Some(header) = input.rest().get(..LOCAL_HEADER) else { return Ok(Pumped::More) };
        if !header.starts_with(b"PK\x03\x04") {
            return Err(self.broken(at, "the archive is damaged: no file is where its directory says"));
        }
        let length = LOCAL_HEADER as u64 + number(header, 26, 2) + number(header, 28, 2);
        if at + length + member.packed > self.directory {
            return Err(self.broken(at, "the archive is damaged: a file reaches into its directory"));
        }
        input.skip(length);
        self.state = State::Body { inflate, packed: 0, unpacked: 0, checksum: crc32fast::Hasher::new() };
        Ok(Pumped::Progress)
    }

    fn body(&mut self, input: &mut Input, out: &mut Vec<u8>) -> Result<Pumped, Unreadable> {
        let Some(member) = self.current.and_then(|current| self.members.get(current)) else { return Ok(Pumped::End) };
        let State::Body { inflate, packed, unpacked, checksum } = &mut self.state else { return Ok(Pumped::End) };
        let (start, before, left) = (out.len(), input.position(), member.packed - *packed);
        let pumped = match inflate {
            Some(inflate) => inflate.pump(input, left, out),
            None => Ok(stored(input, left, out)),
        };
        let pumped = pumped.map_err(|error| Unreadable { member: Some(shown(&member.name)), ..error })?;
        *packed += input.position() - before;
        *unpacked += (out.len() - start) as u64;
        checksum.update(&out[start..]);
        self.done = self.done.max(input.position());
        let at = input.position();
        check(self.limits, *packed, *unpacked, at)?;
        check(self.limits, u64::MAX, self.unpacked + *unpacked, at)?;
        if *unpacked > member.unpacked {
            return Err(self.broken(at, "the archive is damaged: a file is larger than its directory says"));
        }
        if pumped == Pumped::More && *packed == member.packed {
            return Err(self.broken(at, "the archive is damaged: a file breaks off"));
        }
        if pumped != Pumped::End {
            return Ok(pumped);
        }
        let found = u64::from(checksum.clone().finalize());
        if *unpacked != member.unpacked || found != member.checksum {
            return Err(self.broken(at, "the archive is damaged: a file's checksum is another"));
        }
        self.unpacked += *unpacked;
        self.state = State::Idle;
        Ok(Pumped::End)
    }
}

/// A file that is not compressed, of which `left` bytes are to come.
fn stored(input: &mut Input, left: u64, out: &mut Vec<u8>) -> Pumped {
    let most = usize::try_from(left).unwrap_or(usize::MAX).min(PIECE_BYTES);
    let length = input.rest().len().min(most);
    out.extend_from_slice(&input.rest()[..length]);
    input.consume(length);
    match length {
        _ if length as u64 == left => Pumped::End,
        0 => Pumped::More,
        _ => Pumped::Progress,
    }
}
