//! Converts text to UTF-8, one piece at a time.

use encoding_rs::{DecoderResult, UTF_16BE, UTF_16LE};

use super::buffer::Buffer;
use super::detect::{Detected, detect};
use super::layout::Encoding;
use super::limits::SNIFF_BYTES;

/// Replaces what is not a character. UTF-8 never has this byte, so the row that has it is reported as broken.
const BROKEN: u8 = 0xff;
/// How many bytes are decoded at once.
const SCRATCH_BYTES: usize = 4096;

/// Decodes text in pieces, which may end within a character.
#[derive(Default)]
pub(super) struct Decoder {
    detected: Option<Detected>,
    /// The first bytes, until they tell the encoding.
    head: Vec<u8>,
    /// Decodes what is not UTF-8.
    decoder: Option<encoding_rs::Decoder>,
    ended: bool,
}

impl Decoder {
    /// Returns the encoding, once it is known.
    pub(super) fn encoding(&self) -> Option<Encoding> {
        Some(match self.detected? {
            Detected::Utf8 => Encoding::Utf8,
            Detected::Declared(encoding) if encoding == UTF_16LE => Encoding::Utf16Le,
            Detected::Declared(encoding) if encoding == UTF_16BE => Encoding::Utf16Be,
            Detected::Declared(_) | Detected::Guessed(_) => Encoding::Other,
        })
    }

    /// Returns the name of an encoding that is neither UTF-8 nor UTF-16.
    pub(super) fn other_name(&self) -> Option<&'static str> {
        match self.detected? {
            Detected::Declared(encoding) | Detected::Guessed(encoding) if self.encoding() == Some(Encoding::Other) => {
                Some(encoding.name())
            }
            _ => None,
        }
    }

    /// Tells whether the encoding is only likely.
    pub(super) fn is_guess(&self) -> bool {
        matches!(self.detected, Some(Detected::Guessed(_)))
    }

    /// Decodes a piece into `buffer`, and ends the buffer after the `last` one.
    pub(super) fn push(&mut self, piece: &[u8], last: bool, buffer: &mut Buffer) {
        if self.detected.is_some() {
            self.decode(piece, last, buffer.make_room());
        } else {
            self.head.extend_from_slice(piece);
            if last || self.head.len() >= SNIFF_BYTES {
                self.settle(last, buffer);
            }
        }
        if last {
            buffer.end();
        }
    }

    /// Detects the encoding from the bytes so far, and decodes them. `last` tells whether they are the whole text.
    pub(super) fn settle(&mut self, last: bool, buffer: &mut Buffer) {
        if self.detected.is_some() {
            return;
        }
        let head = std::mem::take(&mut self.head);
        let detected = detect(&head[..head.len().min(SNIFF_BYTES)], last && head.len() <= SNIFF_BYTES);
        self.detected = Some(detected);
        if let Detected::Declared(encoding) | Detected::Guessed(encoding) = detected {
            self.decoder = Some(encoding.new_decoder_without_bom_handling());
        }
        self.decode(&head, last, buffer.make_room());
    }

    fn decode(&mut self, mut piece: &[u8], last: bool, out: &mut Vec<u8>) {
        let Some(decoder) = &mut self.decoder else { return out.extend_from_slice(piece) };
        if std::mem::replace(&mut self.ended, last) {
            return; // a decoder must not be used after the last piece
        }
        let mut scratch = [0; SCRATCH_BYTES];
        loop {
            let (result, read, written) = decoder.decode_to_utf8_without_replacement(piece, &mut scratch, last);
            out.extend_from_slice(&scratch[..written]);
            piece = &piece[read..];
            match result {
                DecoderResult::InputEmpty => return,
                DecoderResult::OutputFull => {}
                DecoderResult::Malformed(..) => out.push(BROKEN),
            }
        }
    }
}
