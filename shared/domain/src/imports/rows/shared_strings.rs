//! The texts of a spreadsheet, which its cells refer to by number.

use super::markup::{Tag, decode};

/// How many bytes of texts there may be. They have to be kept in memory.
pub(super) const MAX_TEXTS: usize = 64 << 20;

/// All texts, one after the other.
#[derive(Default)]
pub(super) struct SharedStrings {
    texts: String,
    ends: Vec<u32>,
    /// The text that is being read, and whether its parts are read now.
    text: Vec<u8>,
    reading: bool,
    /// Within what says how a text is pronounced, which is no part of it.
    phonetic: bool,
}

impl SharedStrings {
    /// The text with this number.
    pub(super) fn get(&self, index: usize) -> Option<&str> {
        let end = *self.ends.get(index)? as usize;
        let start = index.checked_sub(1).map_or(0, |before| self.ends[before] as usize);
        self.texts.get(start..end)
    }

    pub(super) fn text(&mut self, text: &[u8]) {
        if self.reading {
            self.text.extend_from_slice(text);
        }
    }

    /// Goes over a tag; `false` if there is more text than may be.
    pub(super) fn tag(&mut self, tag: &Tag<'_>) -> bool {
        if tag.is("t") {
            self.reading = !tag.closes && !tag.empty && !self.phonetic;
        } else if tag.is("rPh") {
            self.phonetic = !tag.closes && !tag.empty;
        } else if tag.is("si") && (tag.closes || tag.empty) {
            self.texts.push_str(&decode(&self.text));
            self.text.clear();
            self.ends.push(u32::try_from(self.texts.len()).unwrap_or(u32::MAX));
        }
        // A number for each text is kept as well.
        self.texts.len() + self.text.len() + self.ends.len() * 4 <= MAX_TEXTS
    }
}
