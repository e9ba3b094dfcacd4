//! Converts text to UTF-8, one piece at a time.

use super::buffer::Buffer;
use super::layout::Encoding;

/// How many bytes it takes to detect the encoding.
const HEAD_BYTES: usize = 4;
/// Replaces half a character. UTF-8 never has this byte, so the row that has it is reported as broken.
const BROKEN: u8 = 0xff;

/// Decodes text in pieces, which may end within a character.
#[derive(Default)]
pub(super) struct Decoder {
    encoding: Option<Encoding>,
    /// The bytes that are not decoded yet.
    rest: Vec<u8>,
    /// The high surrogate of a pair whose low surrogate is not decoded yet.
    high_surrogate: Option<u16>,
}

impl Decoder {
    /// Returns the encoding, once it is known.
    pub(super) fn encoding(&self) -> Option<Encoding> {
        self.encoding
    }

    /// Decodes a piece into `buffer`, and ends the buffer after the `last` one.
    pub(super) fn push(&mut self, piece: &[u8], last: bool, buffer: &mut Buffer) {
        if self.encoding == Some(Encoding::Utf8) {
            buffer.extend(piece);
        } else {
            self.rest.extend_from_slice(piece);
            self.decode(last, buffer);
        }
        if last {
            if self.encoding != Some(Encoding::Utf8) && (!self.rest.is_empty() || self.high_surrogate.take().is_some())
            {
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
            self.encoding = Some(detect_encoding(&self.rest));
        }
        if self.encoding == Some(Encoding::Utf8) {
            return buffer.extend(&std::mem::take(&mut self.rest));
        }
        let from = if self.encoding == Some(Encoding::Utf16Be) { u16::from_be_bytes } else { u16::from_le_bytes };
        let rest = std::mem::take(&mut self.rest);
        let (units, odd) = rest.as_chunks::<2>();
        let out = buffer.make_room();
        out.reserve(rest.len());
        for unit in units {
            self.decode_unit(from(*unit), out);
        }
        self.rest = odd.to_vec();
    }

    fn decode_unit(&mut self, unit: u16, out: &mut Vec<u8>) {
        let high = self.high_surrogate.take();
        let character = match (high, unit) {
            (None, 0xd800..=0xdbff) => {
                self.high_surrogate = Some(unit);
                return;
            }
            (Some(high), 0xdc00..=0xdfff) => char::decode_utf16([high, unit]).next().and_then(Result::ok),
            (Some(_), _) => {
                out.push(BROKEN);
                return self.decode_unit(unit, out);
            }
            (None, unit) => char::from_u32(unit.into()),
        };
        match character {
            Some(character) => out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes()),
            None => out.push(BROKEN),
        }
    }
}

/// Detects the encoding of a text from its first bytes: from the byte order mark, or from the positions of the zero
/// bytes, since every list of links begins with ASCII characters.
fn detect_encoding(head: &[u8]) -> Encoding {
    match head {
        [0xff, 0xfe, ..] => Encoding::Utf16Le,
        [0xfe, 0xff, ..] => Encoding::Utf16Be,
        [1..=0x7f, 0, 1..=0x7f, 0, ..] => Encoding::Utf16Le,
        [0, 1..=0x7f, 0, 1..=0x7f, ..] => Encoding::Utf16Be,
        _ => Encoding::Utf8,
    }
}
