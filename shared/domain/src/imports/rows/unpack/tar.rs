//! Reads a tar archive from its beginning: each file follows its own header.

use tar::{EntryType, Header, PaxExtensions};

use super::input::Input;
use super::status::{PIECE_BYTES, UnpackStatus};
use super::zip_directory::printable;
use crate::imports::rows::limits::{MAX_MEMBER_NAME, MAX_MEMBERS};
use crate::imports::rows::unreadable::Unreadable;

/// The size of a header; files are padded to a multiple of it.
const BLOCK: usize = 512;
/// The longest extended header, in bytes. It holds a long name.
const MAX_EXTENSION: u64 = 64 * 1024;

/// Unpacks the files of an archive.
#[derive(Default)]
pub(in crate::imports::rows) struct Tar {
    state: State,
    /// The name of the file that is open.
    name: Option<String>,
    /// What an extended header says about the next file.
    next_name: Option<String>,
    next_size: Option<u64>,
    members: usize,
}

#[derive(Clone, Copy, Default)]
enum State {
    /// At a header, after `skip` bytes.
    #[default]
    Header,
    /// In an extended header of this many bytes.
    Extension { size: u64, kind: u8 },
    /// In a file of which `left` bytes remain, with padding after them.
    Body { left: u64, padding: u64 },
    /// After the last file.
    Finished,
}

impl Tar {
    /// Returns the name of the file that is open, made printable.
    pub(in crate::imports::rows) fn member(&self) -> Option<String> {
        self.name.as_deref().map(printable)
    }

    /// Closes the open file, and skips what is left of it.
    pub(in crate::imports::rows) fn close(&mut self, input: &mut Input) {
        if let State::Body { left, padding } = self.state {
            input.skip(left.saturating_add(padding));
            self.state = State::Header;
        }
        self.name = None;
    }

    pub(super) fn unpack(&mut self, input: &mut Input, out: &mut Vec<u8>) -> Result<UnpackStatus, Unreadable> {
        match self.state {
            State::Finished => Ok(UnpackStatus::Finished),
            State::Header => self.read_header(input),
            State::Extension { size, kind } => self.read_extension(input, size, kind),
            State::Body { left, padding } => {
                let most = usize::try_from(left).unwrap_or(usize::MAX).min(PIECE_BYTES);
                let length = input.rest().len().min(most);
                out.extend_from_slice(&input.rest()[..length]);
                input.consume(length);
                let left = left - length as u64;
                self.state = State::Body { left, padding };
                match length {
                    _ if left == 0 => Ok(UnpackStatus::End),
                    0 => need_input(input),
                    _ => Ok(UnpackStatus::Progress),
                }
            }
        }
    }

    fn read_header(&mut self, input: &mut Input) -> Result<UnpackStatus, Unreadable> {
        if input.rest().is_empty() && input.ended() && !input.is_skipping() {
            // Some programs leave out the blocks of zeros that end an archive.
            self.state = State::Finished;
            return Ok(UnpackStatus::Progress);
        }
        let Some(block) = input.rest().get(..BLOCK) else { return need_input(input) };
        if block.iter().all(|byte| *byte == 0) {
            self.state = State::Finished;
            return Ok(UnpackStatus::Progress);
        }
        let at = input.position();
        let broken = |cause: &str| Unreadable::at(at, format!("the tar archive is damaged: {cause}"));
        if !is_header(block) {
            return Err(broken("no file is where the next one should begin"));
        }
        let header = Header::from_byte_slice(block);
        let size = header.entry_size().map_err(|_| broken("the size of a file is not a number"))?;
        let (kind, name) = (header.entry_type(), String::from_utf8_lossy(&header.path_bytes()).into_owned());
        input.consume(BLOCK);
        if kind.is_gnu_longname() || kind.is_gnu_longlink() || kind.is_pax_local_extensions() {
            if size > MAX_EXTENSION {
                return Err(broken("an extended header is too long"));
            }
            self.state = State::Extension { size, kind: kind.as_byte() };
            return Ok(UnpackStatus::Progress);
        }
        if kind.is_pax_global_extensions() {
            input.skip(size.saturating_add(padding_of(size)));
            return Ok(UnpackStatus::Progress);
        }
        let name = self.next_name.take().unwrap_or(name);
        let size = self.next_size.take().unwrap_or(size);
        self.members += 1;
        if self.members > MAX_MEMBERS {
            return Err(Unreadable::at(at, format!("the archive has more than {MAX_MEMBERS} files")));
        }
        if name.len() > MAX_MEMBER_NAME {
            let cause = format!("the archive has a file with a name of more than {MAX_MEMBER_NAME} bytes");
            return Err(Unreadable::at(at, cause));
        }
        if !matches!(kind, EntryType::Regular | EntryType::Continuous) || size == 0 {
            // A folder, a link or a device has no rows.
            input.skip(size.saturating_add(padding_of(size)));
            return Ok(UnpackStatus::Progress);
        }
        self.name = Some(name);
        self.state = State::Body { left: size, padding: padding_of(size) };
        Ok(UnpackStatus::Opened)
    }

    /// Reads a long name, or the records of POSIX, that belong to the next file.
    fn read_extension(&mut self, input: &mut Input, size: u64, kind: u8) -> Result<UnpackStatus, Unreadable> {
        let Some(bytes) = input.rest().get(..size as usize) else { return need_input(input) };
        let kind = EntryType::new(kind);
        if kind.is_gnu_longname() {
            let name = bytes.split(|byte| *byte == 0).next().unwrap_or_default();
            self.next_name = Some(String::from_utf8_lossy(name).into_owned());
        } else if kind.is_pax_local_extensions() {
            for record in PaxExtensions::new(bytes).filter_map(Result::ok) {
                match record.key_bytes() {
                    b"path" => self.next_name = Some(String::from_utf8_lossy(record.value_bytes()).into_owned()),
                    b"size" => self.next_size = record.value().ok().and_then(|size| size.parse().ok()),
                    _ => {}
                }
            }
        }
        input.skip(size.saturating_add(padding_of(size)));
        self.state = State::Header;
        Ok(UnpackStatus::Progress)
    }
}

fn need_input(input: &Input) -> Result<UnpackStatus, Unreadable> {
    if input.ended() {
        let end = input.position() + input.rest().len() as u64;
        return Err(Unreadable::at(end, "the tar archive breaks off"));
    }
    Ok(UnpackStatus::NeedsInput)
}

/// Returns how many bytes fill up the last block of a file.
fn padding_of(size: u64) -> u64 {
    size.wrapping_neg() % BLOCK as u64
}

/// Tells whether `head` begins with the header of a file: its checksum is right.
pub(super) fn is_header(head: &[u8]) -> bool {
    const CHECKSUM: std::ops::Range<usize> = 148..156;
    let Some(block) = head.get(..BLOCK) else { return false };
    if block[0] == 0 {
        return false;
    }
    let sum: u32 =
        block.iter().enumerate().map(|(at, byte)| u32::from(if CHECKSUM.contains(&at) { b' ' } else { *byte })).sum();
    Header::from_byte_slice(block).cksum().is_ok_and(|stated| stated == sum)
}
