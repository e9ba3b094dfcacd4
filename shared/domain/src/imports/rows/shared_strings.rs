//! Keeps the shared strings of a spreadsheet, to which its cells refer by index.

use super::limits::MAX_ROW_BYTES;
use super::xml::{Tag, decode};

/// How many bytes the shared strings may have, since they are kept in memory.
pub(super) const MAX_TEXT_BYTES: usize = 64 << 20;

/// The shared strings in one text, and where each of them ends.
#[derive(Default)]
pub(super) struct SharedStrings {
    texts: String,
    ends: Vec<u32>,
    /// The string that is being read.
    text: Vec<u8>,
    /// Whether the text belongs to that string.
    in_string: bool,
    /// Whether the text says how the string is pronounced. Then it does not belong to the string.
    phonetic: bool,
}

impl SharedStrings {
    /// Returns the string with this index.
    pub(super) fn get(&self, index: usize) -> Option<&str> {
        let end = *self.ends.get(index)? as usize;
        let start = index.checked_sub(1).map_or(0, |before| self.ends[before] as usize);
        self.texts.get(start..end)
    }

    /// Takes text. Returns `false` if the strings have more than [`MAX_TEXT_BYTES`].
    pub(super) fn take_text(&mut self, text: &[u8]) -> bool {
        if self.in_string {
            // A longer text makes its row too long anyway.
            let room = (MAX_ROW_BYTES + 1).saturating_sub(self.text.len());
            self.text.extend_from_slice(&text[..text.len().min(room)]);
        }
        self.has_room()
    }

    /// Takes a tag. Returns `false` if the strings have more than [`MAX_TEXT_BYTES`].
    pub(super) fn take_tag(&mut self, tag: &Tag<'_>) -> bool {
        if tag.is("t") {
            self.in_string = tag.opens() && !self.phonetic;
        } else if tag.is("rPh") {
            self.phonetic = tag.opens();
        } else if tag.is("si") && (tag.closes || tag.empty) {
            self.texts.push_str(&decode(&self.text));
            self.text.clear();
            self.ends.push(u32::try_from(self.texts.len()).unwrap_or(u32::MAX));
        }
        self.has_room()
    }

    fn has_room(&self) -> bool {
        // Count the end of each string too: it takes four bytes.
        self.texts.len() + self.text.len() + self.ends.len() * 4 <= MAX_TEXT_BYTES
    }
}
