//! Buffers the bytes of a file until they are unpacked.

/// The bytes of a file that are fed but not unpacked, and their position in the file.
#[derive(Default)]
pub(in crate::imports::rows) struct Input {
    bytes: Vec<u8>,
    start: usize,
    position: u64,
    /// How many of the next bytes to skip.
    skip: u64,
    ended: bool,
}

impl Input {
    /// Returns the bytes that are not unpacked yet.
    pub(in crate::imports::rows) fn rest(&self) -> &[u8] {
        &self.bytes[self.start..]
    }

    pub(in crate::imports::rows) fn extend(&mut self, piece: &[u8]) {
        self.bytes.drain(..std::mem::take(&mut self.start));
        self.bytes.extend_from_slice(piece);
        self.apply_skip();
    }

    pub(in crate::imports::rows) fn end(&mut self) {
        self.ended = true;
    }

    /// Tells whether the file ends where the rest does.
    pub(in crate::imports::rows) fn ended(&self) -> bool {
        self.ended
    }

    /// Returns the byte of the file at which the rest begins.
    pub(in crate::imports::rows) fn position(&self) -> u64 {
        self.position
    }

    pub(super) fn consume(&mut self, length: usize) {
        self.start += length;
        self.position += length as u64;
    }

    /// Skips the next `length` bytes, including those that are not fed yet.
    pub(super) fn skip(&mut self, length: u64) {
        self.skip = self.skip.saturating_add(length);
        self.apply_skip();
    }

    fn apply_skip(&mut self) {
        let now = usize::try_from(self.skip).unwrap_or(usize::MAX).min(self.rest().len());
        self.skip -= now as u64;
        self.consume(now);
    }

    /// Tells whether bytes that are not fed yet will be skipped.
    pub(super) fn is_skipping(&self) -> bool {
        self.skip > 0
    }

    /// Goes to byte `to` of the file. Returns `to` if the caller must feed the file from there: the byte is neither
    /// among the buffered ones nor close after them.
    pub(super) fn seek(&mut self, to: u64) -> Option<u64> {
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
