//! Brings text into UTF-8, a piece at a time.

use super::buffer::Buffer;
use super::layout::Encoding;

/// How many bytes tell how a text is written.
const HEAD_BYTES: usize = 4;
/// Stands for half a character: no byte of UTF-8, so that the row it is in is seen to be broken.
const BROKEN: u8 = 0xff;

/// Text that comes in pieces, some of which may end within a character.
#[derive(Default)]
pub(super) struct Decoder {
    encoding: Option<Encoding>,
    /// What is not decoded yet.
    rest: Vec<u8>,
    /// The first half of a character of two units.
    high: Option<u16>,
}

impl Decoder {
    /// How the text is written, once that is known.
    pub(super) fn encoding(&self) -> Option<Encoding> {
        self.encoding
    }

    /// Adds a piece to `buffer`. `last` says that there are no more.
    pub(super) fn push(&mut self, piece: &[u8], last: bool, buffer: &mut Buffer) {
        if self.encoding == Some(Encoding::Utf8) {
            buffer.extend(piece);
        } else {
            self.rest.extend_from_slice(piece);
            self.decode(last, buffer);
        }
        if last {
            if self.encoding != Some(Encoding::Utf8) && (!self.rest.is_empty() || self.high.take().is_some()) {
                buffer.extend(&[BROKEN]);
            }
            buffer.end();
        }
    }

    fn decode(&mut self, last: bool, buffer: &mut Buffer) {
        if self.encoding.is_none() {
            if self.rest.len() < HEAD_BYTES && !last {
                return;
            }
            self.encoding = Some(encoding(&self.rest));
        }
        if self.encoding == Some(Encoding::Utf8) {
            return buffer.extend(&std::mem::take(&mut self.rest));
        }
        let from = if self.encoding == Some(Encoding::Utf16Be) { u16::from_be_bytes } else { u16::from_le_bytes };
        let rest = std::mem::take(&mut self.rest);
        let (units, odd) = rest.as_chunks::<2>();
        let out = buffer.room();
        out.reserve(rest.len());
        for unit in units {
            self.unit(from(*unit), out);
        }
        self.rest = odd.to_vec();
    }

    fn unit(&mut self, unit: u16, out: &mut Vec<u8>) {
        let high = self.high.take();
        let character = match (high, unit) {
            (None, 0xd800..=0xdbff) => {
                self.high = Some(unit);
                return;
            }
            (Some(high), 0xdc00..=0xdfff) => char::decode_utf16([high, unit]).next().and_then(Result::ok),
            (Some(_), _) => {
                out.push(BROKEN);
                return self.unit(unit, out);
            }
            (None, unit) => char::from_u32(unit.into()),
        };
        match character {
            Some(character) => out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes()),
            None => out.push(BROKEN),
        }
    }
}

/// How the text is written that begins with `head`: by its byte order mark, or by where the zeros of its first characters
/// are, which are ASCII in every list of links.
fn encoding(head: &[u8]) -> Encoding {
    match head {
        [0xff, 0xfe, ..] => Encoding::Utf16Le,
        [0xfe, 0xff, ..] => Encoding::Utf16Be,
        [1..=0x7f, 0, 1..=0x7f, 0, ..] => Encoding::Utf16Le,
        [0, 1..=0x7f, 0, 1..=0x7f, ..] => Encoding::Utf16Be,
        _ => Encoding::Utf8,
    }
}
