//! The text of a file that is not read yet.

use super::limits::MAX_ROW_BYTES;

/// Bytes that came and are not consumed, and where in the text they are.
#[derive(Default)]
pub(super) struct Buffer {
    bytes: Vec<u8>,
    start: usize,
    position: u64,
    line: u64,
    ended: bool,
    /// The byte of the file that is read now, if the text is not the file itself.
    outside: Option<u64>,
}

impl Buffer {
    /// A buffer whose first byte is at `position`, on `line`.
    pub(super) fn new(position: u64, line: u64) -> Self {
        Self { position, line, ..Self::default() }
    }

    /// What is not consumed yet.
    #[inline]
    pub(super) fn rest(&self) -> &[u8] {
        &self.bytes[self.start..]
    }

    /// Adds a piece, in the room of what is consumed.
    pub(super) fn extend(&mut self, piece: &[u8]) {
        self.room().extend_from_slice(piece);
    }

    /// Where more can be added.
    pub(super) fn room(&mut self) -> &mut Vec<u8> {
        self.bytes.drain(..std::mem::take(&mut self.start));
        &mut self.bytes
    }

    pub(super) fn end(&mut self) {
        self.ended = true;
    }

    #[inline]
    pub(super) fn ended(&self) -> bool {
        self.ended
    }

    /// Says that the text comes out of something else, of which byte `at` is read now.
    pub(super) fn comes_from(&mut self, at: u64) {
        self.outside = Some(at);
    }

    /// Says that the text is the file itself.
    pub(super) fn is_the_file(&mut self) {
        self.outside = None;
    }

    /// The byte of the file that [`Buffer::rest`] begins at, as far as that can be told.
    pub(super) fn at(&self) -> u64 {
        self.outside.unwrap_or(self.position)
    }

    /// The byte of the file that [`Buffer::rest`] ends at, as far as that can be told.
    pub(super) fn end_at(&self) -> u64 {
        self.outside.unwrap_or(self.position + self.rest().len() as u64)
    }

    /// How many bytes of the text are consumed.
    pub(super) fn position(&self) -> u64 {
        self.position
    }

    /// The line that [`Buffer::rest`] begins on.
    #[inline]
    pub(super) fn line(&self) -> u64 {
        self.line
    }

    /// Leaves `length` bytes behind, with so many line ends in them.
    #[inline]
    pub(super) fn consume_lines(&mut self, length: usize, lines: u64) {
        self.line += lines;
        self.start += length;
        self.position += length as u64;
    }

    /// Leaves `length` bytes behind.
    pub(super) fn consume(&mut self, length: usize) {
        self.consume_lines(length, lines(&self.rest()[..length]));
    }

    /// Leaves everything behind up to the end of this line; says whether the end was there.
    pub(super) fn skip_line(&mut self) -> bool {
        let newline = memchr::memchr(b'\n', self.rest());
        self.consume(newline.map_or(self.rest().len(), |at| at + 1));
        newline.is_some()
    }

    /// Leaves lines behind that have nothing but white space.
    #[inline]
    pub(super) fn skip_blank_lines(&mut self) {
        while self.rest().first().is_some_and(u8::is_ascii_whitespace) {
            let window = &self.rest()[..self.rest().len().min(MAX_ROW_BYTES)];
            let blank = blank_lines(window);
            let only_blank = self.ended && window.len() < MAX_ROW_BYTES && window.trim_ascii().is_empty();
            let length = if only_blank { window.len() } else { blank };
            if length == 0 {
                return;
            }
            self.consume(length);
        }
    }
}

/// How many line ends `text` has.
pub(super) fn lines(text: &[u8]) -> u64 {
    memchr::memchr_iter(b'\n', text).count() as u64
}

/// The length of the blank lines that `text` begins with. A carriage return ends a line, as it does in CSV.
pub(super) fn blank_lines(text: &[u8]) -> usize {
    let blank = text.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
    memchr::memrchr2(b'\n', b'\r', &text[..blank]).map_or(0, |last| last + 1)
}
