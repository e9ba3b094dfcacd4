//! Decompresses a file, one piece at a time. The memory does not depend on the size of what is unpacked.

mod bzip2;
mod gzip;
mod inflate;
mod input;
mod status;
mod tar;
mod xz;
mod zip;
mod zip_directory;
mod zstd;

use self::bzip2::Bzip2;
use self::gzip::Gzip;
pub(super) use self::input::Input;
use self::status::PIECE_BYTES;
pub(super) use self::status::UnpackStatus;
use self::tar::Tar;
use self::xz::Xz;
pub(super) use self::zip::Zip;
use self::zstd::Zstd;
use super::layout::Packing;
use super::limits::Limits;
use super::unreadable::Unreadable;

/// How many bytes it takes to recognise a compressed file or an archive: as many as the header of tar has.
pub(super) const MAGIC_BYTES: usize = 512;

/// Decompresses one kind of file.
pub(super) enum Unpacker {
    Plain,
    Gzip(Box<Gzip>),
    Zstd(Box<Zstd>),
    Bzip2(Box<Bzip2>),
    Xz(Box<Xz>),
    Zip(Box<Zip>),
    Tar(Box<Tar>),
}

/// Chooses the unpacker of a file of `size` bytes by its first bytes; `None` if too few of them are there.
pub(super) fn unpacker(input: &Input, size: u64, limits: Limits) -> Option<Unpacker> {
    let head = input.rest();
    if head.len() < MAGIC_BYTES && !input.ended() {
        return None;
    }
    Some(match packing(head) {
        Packing::Plain => Unpacker::Plain,
        Packing::Gzip => Unpacker::Gzip(Box::new(Gzip::new(limits))),
        Packing::Zstd => Unpacker::Zstd(Box::new(Zstd::new(size, limits))),
        Packing::Bzip2 => Unpacker::Bzip2(Box::new(Bzip2::new(limits))),
        Packing::Xz => Unpacker::Xz(Box::new(Xz::new(limits))),
        Packing::Zip => Unpacker::Zip(Box::new(Zip::new(size, limits))),
        Packing::Tar => Unpacker::Tar(Box::default()),
    })
}

/// Recognises how a file is compressed by its first bytes.
pub(super) fn packing(head: &[u8]) -> Packing {
    match head {
        [0x1f, 0x8b, ..] => Packing::Gzip,
        [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Packing::Zstd,
        [b'P', b'K', 3, 4, ..] | [b'P', b'K', 5, 6, ..] => Packing::Zip,
        [b'B', b'Z', b'h', b'1'..=b'9', b'1', b'A', b'Y', b'&', b'S', b'Y', ..] => Packing::Bzip2,
        [b'B', b'Z', b'h', b'1'..=b'9', 0x17, b'r', b'E', b'8', b'P', 0x90, ..] => Packing::Bzip2,
        [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => Packing::Xz,
        _ if tar::is_header(head) => Packing::Tar,
        _ => Packing::Plain,
    }
}

impl Unpacker {
    pub(super) fn packing(&self) -> Packing {
        match self {
            Self::Plain => Packing::Plain,
            Self::Gzip(_) => Packing::Gzip,
            Self::Zstd(_) => Packing::Zstd,
            Self::Bzip2(_) => Packing::Bzip2,
            Self::Xz(_) => Packing::Xz,
            Self::Zip(_) => Packing::Zip,
            Self::Tar(_) => Packing::Tar,
        }
    }

    /// Adds the next bytes to `out`, at most [`PIECE_BYTES`].
    pub(super) fn unpack(&mut self, input: &mut Input, out: &mut Vec<u8>) -> Result<UnpackStatus, Unreadable> {
        match self {
            Self::Plain => Ok(copy(input, out)),
            Self::Gzip(gzip) => gzip.unpack(input, out),
            Self::Zstd(zstd) => zstd.unpack(input, out),
            Self::Bzip2(bzip2) => bzip2.unpack(input, out),
            Self::Xz(xz) => xz.unpack(input, out),
            Self::Zip(zip) => zip.unpack(input, out),
            Self::Tar(tar) => tar.unpack(input, out),
        }
    }
}

impl Unpacker {
    /// Returns the name of the archive's file that is open, made printable.
    pub(super) fn member(&self) -> Option<String> {
        match self {
            Self::Zip(zip) => zip.member(),
            Self::Tar(tar) => tar.member(),
            _ => None,
        }
    }
}

fn copy(input: &mut Input, out: &mut Vec<u8>) -> UnpackStatus {
    let length = input.rest().len().min(PIECE_BYTES);
    out.extend_from_slice(&input.rest()[..length]);
    input.consume(length);
    match length {
        0 if input.ended() => UnpackStatus::End,
        0 => UnpackStatus::NeedsInput,
        _ => UnpackStatus::Progress,
    }
}
