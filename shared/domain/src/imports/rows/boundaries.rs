//! Finds where a file can be split: at the boundaries of its rows, without reading the rows.

use super::buffer::Buffer;
use super::layout::Layout;
use super::lines::{Found, Lines};
use super::place::RowPlace;
use super::sniff::byte_order_mark_length;

/// What [`Boundaries::next_boundary`] found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Boundary {
    /// A row may begin here.
    Place(RowPlace),
    /// More of the file is needed: call [`Boundaries::feed`] or [`Boundaries::end`].
    More,
    /// The file ends here, after its last row.
    End(RowPlace),
}

/// Finds row boundaries of a splittable file, at a minimum distance from each other.
pub struct Boundaries {
    buffer: Buffer,
    lines: Lines,
    every: u64,
    next: u64,
}

impl Boundaries {
    /// Finds the boundaries of a file from `place` on, each at least `every` bytes after the one before. Returns `None`
    /// if the file cannot be split.
    pub fn new(layout: &Layout, place: RowPlace, every: u64) -> Option<Self> {
        if !layout.is_splittable() {
            return None;
        }
        let lines = Lines::new(&layout.shape, place)?;
        Some(Self { buffer: Buffer::new(place.byte, place.line), lines, every, next: place.byte.saturating_add(every) })
    }

    /// Finds the first boundary at the byte `first` or after it, whatever the distance.
    #[must_use]
    pub fn beginning_at(mut self, first: u64) -> Self {
        self.next = first;
        self
    }

    /// Takes the next piece of the file.
    pub fn feed(&mut self, bytes: &[u8]) {
        self.lines.release(&mut self.buffer);
        self.buffer.extend(bytes);
        if self.buffer.position() == 0 {
            self.buffer.consume(byte_order_mark_length(self.buffer.rest()));
        }
    }

    /// Ends the file after the last piece.
    pub fn end(&mut self) {
        self.buffer.end();
    }

    /// Finds the next boundary.
    pub fn next_boundary(&mut self) -> Boundary {
        loop {
            match self.lines.find(&mut self.buffer) {
                Found::Row(_) | Found::Broken(_) => {}
                Found::More => return Boundary::More,
                Found::End => return Boundary::End(self.lines.place(&self.buffer)),
            }
            let place = self.lines.place(&self.buffer);
            if place.byte >= self.next {
                self.next = place.byte.saturating_add(self.every);
                return Boundary::Place(place);
            }
        }
    }
}
