//! Decompresses xz, also several streams one after the other.

use xz4rust::{XzDecoder, XzError, XzNextBlockResult};

use super::input::Input;
use super::status::{PIECE_BYTES, UnpackStatus, check_limits, need_input};
use crate::imports::rows::limits::Limits;
use crate::imports::rows::unreadable::Unreadable;

/// The largest dictionary, in bytes; it is kept in memory. `xz` uses no more at any of its levels.
const MAX_DICTIONARY: usize = 64 << 20;
/// The dictionary before a header asks for more, in bytes.
const FIRST_DICTIONARY: usize = 64 * 1024;
/// How many bytes the decoder is given at once: few, and the same ones in whatever pieces they arrive, since it keeps what it
/// makes of them to itself where they are damaged.
const BLOCK: u64 = 16;
/// How many bytes the decoder may write at once.
const ROOM: usize = 4 * 1024;
/// A byte that no text ends with.
const NOT_TEXT: u8 = 0xff;

/// Decompresses an xz file.
pub(in crate::imports::rows) struct Xz {
    limits: Limits,
    decoder: Box<XzDecoder<'static>>,
    /// What the decoder writes into, filled with [`NOT_TEXT`].
    room: Box<[u8]>,
    /// Whether a stream has ended, and no other has begun.
    between: bool,
    unpacked: u64,
}

impl Xz {
    pub(super) fn new(limits: Limits) -> Self {
        let decoder = XzDecoder::in_heap_with_alloc_dict_size(FIRST_DICTIONARY, MAX_DICTIONARY);
        Self { limits, decoder, room: vec![NOT_TEXT; ROOM].into(), between: false, unpacked: 0 }
    }

    pub(super) fn unpack(&mut self, input: &mut Input, out: &mut Vec<u8>) -> Result<UnpackStatus, Unreadable> {
        if self.between {
            // The format allows zero bytes between streams and after the last one.
            let zeros = input.rest().iter().take_while(|byte| **byte == 0).count();
            input.consume(zeros);
            if input.rest().is_empty() {
                return Ok(if input.ended() { UnpackStatus::End } else { UnpackStatus::NeedsInput });
            }
            self.decoder.reset();
            self.between = false;
        }
        let most = out.len() + PIECE_BYTES - ROOM;
        let before = input.position();
        while out.len() <= most && input.position() - before < PIECE_BYTES as u64 {
            let block = (BLOCK - input.position() % BLOCK) as usize;
            let rest = input.rest();
            if rest.len() < block && !input.ended() {
                return Ok(UnpackStatus::NeedsInput);
            }
            let result = self.decoder.decode(&rest[..rest.len().min(block)], &mut self.room);
            let (read, written) = match &result {
                Ok(result) => (result.input_consumed(), result.output_produced()),
                // The decoder does not say how much it wrote before it found the damage.
                Err(_) => (0, self.room.iter().rposition(|byte| *byte != NOT_TEXT).map_or(0, |last| last + 1)),
            };
            out.extend_from_slice(&self.room[..written]);
            self.room[..written].fill(NOT_TEXT);
            input.consume(read);
            self.unpacked += written as u64;
            check_limits(self.limits, input.position(), self.unpacked, input.position())?;
            match result {
                Ok(XzNextBlockResult::EndOfStream(..)) => {
                    self.between = true;
                    break;
                }
                Ok(XzNextBlockResult::NeedMoreData(..)) if read > 0 || written > 0 => {}
                Ok(XzNextBlockResult::NeedMoreData(..)) | Err(XzError::NeedsLargerInputBuffer)
                    if input.rest().is_empty() =>
                {
                    return need_input(input);
                }
                Ok(XzNextBlockResult::NeedMoreData(..)) => {
                    return Err(Unreadable::at(input.position(), "the compressed data is damaged"));
                }
                Err(error) => return Err(Unreadable::at(input.position(), describe(&error))),
            }
        }
        Ok(UnpackStatus::Progress)
    }
}

/// Says what is wrong in words for a person.
fn describe(error: &XzError) -> String {
    match error {
        XzError::DictionaryTooLarge(_) => {
            format!("the xz data has a dictionary of more than {MAX_DICTIONARY} bytes; pack it with a level up to 9")
        }
        XzError::Sha256NotSupported | XzError::UnsupportedCheckType(_) => {
            "the xz data has a check that is not known here; pack it with --check=crc64".to_owned()
        }
        XzError::BcjFilterNotSupported => "the xz data has a filter for programs; pack it without --x86".to_owned(),
        XzError::StreamHeaderMagicNumberMismatch => "the xz data is followed by something that is not xz".to_owned(),
        error => format!("the compressed data is damaged: {error}"),
    }
}
