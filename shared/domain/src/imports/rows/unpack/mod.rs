//! Takes a file out of what it is wrapped in, a piece at a time. Memory does not depend on what comes out.

mod gzip;
mod inflate;
mod zip;
mod zip_directory;
mod zstd;

pub(super) use self::gzip::Gzip;
pub(super) use self::zip::Zip;
pub(super) use self::zstd::Zstd;
use super::layout::Packing;
use super::limits::Limits;
use super::unreadable::Unreadable;

/// How many bytes come out at a time.
pub(super) const PIECE_BYTES: usize = 64 * 1024;
/// How many of the first bytes tell what a file is wrapped in.
const MAGIC_BYTES: usize = 4;

/// The bytes of the file that are not unpacked yet, and where in the file they are.
#[derive(Default)]
pub(super) struct Input {
    bytes: Vec<u8>,
    start: usize,
    position: u64,
    /// How many of the next bytes are to be left out.
    skip: u64,
    ended: bool,
}

impl Input {
    pub(super) fn rest(&self) -> &[u8] {
        &self.bytes[self.start..]
    }

    pub(super) fn extend(&mut self, piece: &[u8]) {
        self.bytes.drain(..std::mem::take(&mut self.start));
        self.bytes.extend_from_slice(piece);
        self.skip_on();
    }

    pub(super) fn end(&mut self) {
        self.ended = true;
    }

    /// Whether the file ends where the rest does.
    pub(super) fn ended(&self) -> bool {
        self.ended
    }

    /// Where in the file the rest begins.
    pub(super) fn position(&self) -> u64 {
        self.position
    }

    pub(super) fn consume(&mut self, length: usize) {
        self.start += length;
        self.position += length as u64;
    }

    /// Leaves the next `length` bytes out, as they come.
    pub(super) fn skip(&mut self, length: u64) {
        self.skip += length;
        self.skip_on();
    }

    fn skip_on(&mut self) {
        let now = usize::try_from(self.skip).unwrap_or(usize::MAX).min(self.rest().len());
        self.skip -= now as u64;
        self.consume(now);
    }

    /// Whether bytes that have not come yet are to be left out.
    pub(super) fn is_skipping(&self) -> bool {
        self.skip > 0
    }

    /// Goes to byte `to`. Gives it back if it is not among those that are there and too far to get there by reading on.
    pub(super) fn go_to(&mut self, to: u64) -> Option<u64> {
        const NEAR: u64 = 256 * 1024;
        let first = self.position - self.start as u64;
        let last = self.position + self.rest().len() as u64;
        if to < first || to > last + NEAR || to > last && self.ended {
            *self = Self { position: to, ..Self::default() };
            return Some(to);
        }
        (self.start, self.position, self.skip) = (0, first, 0);
        self.skip(to - first);
        None
    }
}

/// What came of unpacking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pumped {
    /// Something, or there is more to be had without more input.
    Progress,
    /// Nothing: more input is needed.
    More,
    /// Nothing: input from there on is needed.
    Seek(u64),
    /// An archive is open: it is known what is in it.
    Opened,
    /// The end of what is unpacked.
    End,
}

/// What a file is wrapped in.
pub(super) enum Unpacker {
    Plain,
    Gzip(Box<Gzip>),
    Zstd(Box<Zstd>),
    Zip(Box<Zip>),
}

/// Recognises what a file of `size` bytes is wrapped in; `None` if too little of it is there.
pub(super) fn unpacker(input: &Input, size: u64, limits: Limits) -> Option<Unpacker> {
    let head = input.rest();
    if head.len() < MAGIC_BYTES && !input.ended() {
        return None;
    }
    Some(match packing(head) {
        Packing::Plain => Unpacker::Plain,
        Packing::Gzip => Unpacker::Gzip(Box::new(Gzip::new(limits))),
        Packing::Zstd => Unpacker::Zstd(Box::new(Zstd::new(size, limits))),
        Packing::Zip => Unpacker::Zip(Box::new(Zip::new(size, limits))),
    })
}

/// What the file is wrapped in that begins with `head`.
pub(super) fn packing(head: &[u8]) -> Packing {
    match head {
        [0x1f, 0x8b, ..] => Packing::Gzip,
        [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Packing::Zstd,
        [b'P', b'K', 3, 4, ..] | [b'P', b'K', 5, 6, ..] => Packing::Zip,
        _ => Packing::Plain,
    }
}

impl Unpacker {
    pub(super) fn packing(&self) -> Packing {
        match self {
            Self::Plain => Packing::Plain,
            Self::Gzip(_) => Packing::Gzip,
            Self::Zstd(_) => Packing::Zstd,
            Self::Zip(_) => Packing::Zip,
        }
    }

    /// Adds what comes next to `out`, about [`PIECE_BYTES`] of it.
    pub(super) fn pump(&mut self, input: &mut Input, out: &mut Vec<u8>) -> Result<Pumped, Unreadable> {
        match self {
            Self::Plain => Ok(plain(input, out)),
            Self::Gzip(gzip) => gzip.pump(input, out),
            Self::Zstd(zstd) => zstd.pump(input, out),
            Self::Zip(zip) => zip.pump(input, out),
        }
    }
}

fn plain(input: &mut Input, out: &mut Vec<u8>) -> Pumped {
    let length = input.rest().len().min(PIECE_BYTES);
    out.extend_from_slice(&input.rest()[..length]);
    input.consume(length);
    match length {
        0 if input.ended() => Pumped::End,
        0 => Pumped::More,
        _ => Pumped::Progress,
    }
}

/// The little-endian number in up to eight bytes of `bytes` from `at` on, or 0 if they are not there.
fn number(bytes: &[u8], at: usize, length: usize) -> u64 {
    let Some(bytes) = bytes.get(at..at + length) else { return 0 };
    bytes.iter().rev().fold(0, |number, &byte| number << 8 | u64::from(byte))
}
