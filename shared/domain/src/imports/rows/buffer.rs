//! Buffers the text of a file until its rows are read.

use super::limits::MAX_ROW_BYTES;

/// Bytes that are fed but not consumed, and their position in the text.
#[derive(Default)]
pub(crate) struct Buffer {
    bytes: Vec<u8>,
    start: usize,
    position: u64,
    line: u64,
    ended: bool,
    /// How far the file is read, if the text is decompressed or decoded from it; `None` if the text is the file.
    file_position: Option<u64>,
}

impl Buffer {
    /// Creates an empty buffer whose first byte will be at `position`, on `line`.
    pub(crate) fn new(position: u64, line: u64) -> Self {
        Self { position, line, ..Self::default() }
    }

    /// Returns the bytes that are not consumed yet.
    #[inline]
    pub(crate) fn rest(&self) -> &[u8] {
        &self.bytes[self.start..]
    }

    /// Adds a piece.
    pub(crate) fn extend(&mut self, piece: &[u8]) {
        self.make_room().extend_from_slice(piece);
    }

    /// Drops the consumed bytes, and returns the vector to which more can be added.
    pub(super) fn make_room(&mut self) -> &mut Vec<u8> {
        self.bytes.drain(..std::mem::take(&mut self.start));
        &mut self.bytes
    }

    pub(crate) fn end(&mut self) {
        self.ended = true;
    }

    #[inline]
    pub(super) fn ended(&self) -> bool {
        self.ended
    }

    /// Records how far the file is read, for text that is decompressed or decoded from it.
    pub(super) fn set_file_position(&mut self, position: u64) {
        self.file_position = Some(position);
    }

    /// Records that the text is the file itself.
    pub(super) fn clear_file_position(&mut self) {
        self.file_position = None;
    }

    /// Returns the byte of the file at which [`Buffer::rest`] begins. If the text is not the file itself, returns how
    /// far the file is read.
    pub(super) fn file_position(&self) -> u64 {
        self.file_position.unwrap_or(self.position)
    }

    /// Returns the byte of the file that is byte `index` of [`Buffer::rest`]. If the text is not the file itself,
    /// returns how far the file is read.
    pub(super) fn file_position_of(&self, index: usize) -> u64 {
        self.file_position.unwrap_or(self.position + index as u64)
    }

    /// Returns the byte of the file at which [`Buffer::rest`] ends. If the text is not the file itself, returns how far
    /// the file is read.
    pub(super) fn file_end_position(&self) -> u64 {
        self.file_position.unwrap_or(self.position + self.rest().len() as u64)
    }

    /// Returns how many bytes of the text are consumed.
    pub(super) fn position(&self) -> u64 {
        self.position
    }

    /// Returns the line on which [`Buffer::rest`] begins.
    #[inline]
    pub(super) fn line(&self) -> u64 {
        self.line
    }

    /// Consumes `length` bytes that have `line_ends` line ends.
    #[inline]
    pub(super) fn consume_lines(&mut self, length: usize, line_ends: u64) {
        self.line += line_ends;
        self.start += length;
        self.position += length as u64;
    }

    /// Consumes `length` bytes.
    pub(crate) fn consume(&mut self, length: usize) {
        self.consume_lines(length, count_line_ends(&self.rest()[..length]));
    }

    /// Consumes the rest of this line. Returns whether the end of the line was there.
    pub(super) fn skip_line(&mut self) -> bool {
        let newline = memchr::memchr(b'\n', self.rest());
        self.consume(newline.map_or(self.rest().len(), |at| at + 1));
        newline.is_some()
    }

    /// Consumes lines that have only white space.
    #[inline]
    pub(super) fn skip_blank_lines(&mut self) {
        while self.rest().first().is_some_and(u8::is_ascii_whitespace) {
            let window = &self.rest()[..self.rest().len().min(MAX_ROW_BYTES)];
            let blank = blank_lines_length(window);
            let only_blank = self.ended && window.len() < MAX_ROW_BYTES && window.trim_ascii().is_empty();
            let length = if only_blank { window.len() } else { blank };
            if length == 0 {
                return;
            }
            self.consume(length);
        }
    }
}

/// Counts the line ends in `text`.
pub(super) fn count_line_ends(text: &[u8]) -> u64 {
    memchr::memchr_iter(b'\n', text).count() as u64
}

/// Returns the length of the blank lines at the start of `text`. A carriage return ends a line, as it does in CSV.
pub(super) fn blank_lines_length(text: &[u8]) -> usize {
    let blank = text.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
    memchr::memrchr2(b'\n', b'\r', &text[..blank]).map_or(0, |last| last + 1)
}
