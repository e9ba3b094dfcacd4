//! Reads a ZIP archive: its directory, then its files one by one. Seeks to where the directory says they are.

use super::inflate::Inflate;
use super::input::Input;
use super::status::{PIECE_BYTES, UnpackStatus, check_limits, little_endian};
use super::zip_directory::{
    DirectoryLocation, LOCAL_HEADER, MAX_TAIL, Member, locate_directory, printable, read_directory,
};
use crate::imports::rows::limits::Limits;
use crate::imports::rows::unreadable::Unreadable;

/// Unpacks the files of an archive.
pub(in crate::imports::rows) struct Zip {
    size: u64,
    limits: Limits,
    state: State,
    members: Vec<Member>,
    /// The byte at which the directory begins.
    directory: u64,
    /// The index of the file that was opened last.
    current: Option<usize>,
    /// How many bytes the earlier files have, unpacked.
    unpacked: u64,
    /// The byte up to which files are read.
    position: u64,
}

enum State {
    Start,
    Tail,
    Directory(DirectoryLocation),
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
    pub(super) fn new(size: u64, limits: Limits) -> Self {
        let (state, members) = (State::Start, Vec::new());
        Self { size, limits, state, members, directory: size, current: None, unpacked: 0, position: 0 }
    }

    /// Returns the names of the files in the order of the archive; none before [`UnpackStatus::Opened`].
    pub(in crate::imports::rows) fn names(&self) -> impl Iterator<Item = &str> {
        self.members.iter().map(|member| member.name.as_str())
    }

    /// Returns the byte up to which the archive is read.
    pub(in crate::imports::rows) fn position(&self) -> u64 {
        self.position
    }

    /// Returns the name of the file that was opened last, made printable.
    pub(in crate::imports::rows) fn member(&self) -> Option<String> {
        Some(printable(&self.members.get(self.current?)?.name))
    }

    /// Opens the file with this index in [`Zip::names`].
    pub(in crate::imports::rows) fn open(&mut self, index: usize) {
        if let State::Body { unpacked, .. } = self.state {
            self.unpacked += unpacked;
        }
        self.current = Some(index);
        self.state = State::Header;
    }

    pub(super) fn unpack(&mut self, input: &mut Input, out: &mut Vec<u8>) -> Result<UnpackStatus, Unreadable> {
        let status = match &mut self.state {
            State::Start => {
                self.state = State::Tail;
                return Ok(seek(input, self.size.saturating_sub(MAX_TAIL)));
            }
            State::Tail if !input.ended() => Ok(UnpackStatus::NeedsInput),
            State::Tail => self.read_tail(input),
            State::Directory(location) => {
                let location = *location;
                self.read_directory(input, location)
            }
            State::Idle => Ok(UnpackStatus::End),
            State::Header => self.read_header(input),
            State::Body { .. } => self.read_body(input, out),
        };
        match status {
            Ok(UnpackStatus::NeedsInput) if input.ended() && !matches!(self.state, State::Tail) => {
                let end = input.position() + input.rest().len() as u64;
                Err(self.broken(end, "the archive breaks off"))
            }
            status => status,
        }
    }

    /// Creates an error that names the file that was opened last.
    fn broken(&self, byte: u64, cause: impl Into<String>) -> Unreadable {
        Unreadable { member: self.member(), ..Unreadable::at(byte, cause) }
    }

    fn read_tail(&mut self, input: &mut Input) -> Result<UnpackStatus, Unreadable> {
        let location = locate_directory(input.rest(), self.size).map_err(|cause| Unreadable::at(self.size, cause))?;
        self.directory = location.offset;
        self.state = State::Directory(location);
        Ok(seek(input, location.offset))
    }

    fn read_directory(&mut self, input: &mut Input, location: DirectoryLocation) -> Result<UnpackStatus, Unreadable> {
        let Some(directory) = input.rest().get(..location.length as usize) else {
            return Ok(UnpackStatus::NeedsInput);
        };
        let members = read_directory(directory, location, self.limits);
        self.members = members.map_err(|cause| Unreadable::at(location.offset, cause))?;
        self.state = State::Idle;
        Ok(UnpackStatus::Opened)
    }

    /// Reads the header of the file that was opened last.
    fn read_header(&mut self, input: &mut Input) -> Result<UnpackStatus, Unreadable> {
        const STORED: u64 = 0;
        const DEFLATED: u64 = 8;
        let Some(member) = self.current.and_then(|current| self.members.get(current)) else {
            return Ok(UnpackStatus::End);
        };
        if input.position() != member.offset
            && let Some(to) = input.seek(member.offset)
        {
            return Ok(UnpackStatus::NeedsSeek(to));
        }
        let at = member.offset;
        if member.encrypted {
            return Err(self.broken(at, "the archive is encrypted"));
        }
        let inflate = match member.method {
            STORED => None,
            DEFLATED => Some(Box::new(Inflate::new())),
            _ => {
                let cause = "the archive uses a compression method that is not known here; use deflate";
                return Err(self.broken(at, cause));
            }
        };
        let Some(header) = input.rest().get(..LOCAL_HEADER) else { return Ok(UnpackStatus::NeedsInput) };
        if !header.starts_with(b"PK\x03\x04") {
            return Err(self.broken(at, "the archive is damaged: no file is where its directory says"));
        }
        let length = LOCAL_HEADER as u64 + little_endian(header, 26, 2) + little_endian(header, 28, 2);
        if at.saturating_add(length).saturating_add(member.packed) > self.directory {
            return Err(self.broken(at, "the archive is damaged: a file reaches into its directory"));
        }
        input.skip(length);
        self.state = State::Body { inflate, packed: 0, unpacked: 0, checksum: crc32fast::Hasher::new() };
        Ok(UnpackStatus::Progress)
    }

    /// Unpacks the next bytes of the file that was opened last.
    fn read_body(&mut self, input: &mut Input, out: &mut Vec<u8>) -> Result<UnpackStatus, Unreadable> {
        let Some(member) = self.current.and_then(|current| self.members.get(current)) else {
            return Ok(UnpackStatus::End);
        };
        let State::Body { inflate, packed, unpacked, checksum } = &mut self.state else {
            return Ok(UnpackStatus::End);
        };
        let (start, before, left) = (out.len(), input.position(), member.packed - *packed);
        let status = match inflate {
            Some(inflate) => inflate.unpack(input, left, out),
            None => Ok(copy_stored(input, left, out)),
        };
        let status = status.map_err(|error| Unreadable { member: Some(printable(&member.name)), ..error })?;
        *packed += input.position() - before;
        *unpacked += (out.len() - start) as u64;
        checksum.update(&out[start..]);
        self.position = self.position.max(input.position());
        let at = input.position();
        check_limits(self.limits, *packed, *unpacked, at)?;
        check_limits(self.limits, u64::MAX, self.unpacked + *unpacked, at)?;
        if *unpacked > member.unpacked {
            return Err(self.broken(at, "the archive is damaged: a file is larger than its directory says"));
        }
        if status == UnpackStatus::NeedsInput && *packed == member.packed {
            return Err(self.broken(at, "the archive is damaged: a file breaks off"));
        }
        if status != UnpackStatus::End {
            return Ok(status);
        }
        let found = u64::from(checksum.clone().finalize());
        if *unpacked != member.unpacked || found != member.checksum {
            return Err(self.broken(at, "the archive is damaged: a file's checksum does not match"));
        }
        self.unpacked += *unpacked;
        self.state = State::Idle;
        Ok(UnpackStatus::End)
    }
}

fn seek(input: &mut Input, to: u64) -> UnpackStatus {
    input.seek(to).map_or(UnpackStatus::Progress, UnpackStatus::NeedsSeek)
}

/// Copies the next bytes of a file that is not compressed, of which `left` bytes remain.
fn copy_stored(input: &mut Input, left: u64, out: &mut Vec<u8>) -> UnpackStatus {
    let most = usize::try_from(left).unwrap_or(usize::MAX).min(PIECE_BYTES);
    let length = input.rest().len().min(most);
    out.extend_from_slice(&input.rest()[..length]);
    input.consume(length);
    match length {
        _ if length as u64 == left => UnpackStatus::End,
        0 => UnpackStatus::NeedsInput,
        _ => UnpackStatus::Progress,
    }
}
