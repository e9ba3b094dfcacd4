//! Finds where the rows of CSV and JSON Lines begin and end. Looks at no field, so that planning an import and reading
//! it find the same rows.

use super::buffer::{Buffer, count_line_ends};
use super::csv::{self, Scan};
use super::fields::Fault;
use super::layout::Shape;
use super::limits::MAX_ROW_BYTES;
use super::place::RowPlace;

/// What [`Lines::find`] found.
#[derive(Debug)]
pub(super) enum Found {
    /// A row: this many of the first bytes of the buffer.
    Row(usize),
    /// A broken row.
    Broken(Fault),
    /// More text is needed.
    More,
    /// The text has ended.
    End,
}

/// Finds the rows of CSV and JSON Lines one by one.
pub(super) struct Lines {
    /// The delimiter of CSV; JSON Lines have none.
    delimiter: Option<u8>,
    /// How many rows precede the first row of data: the header, and what stands above it.
    header_rows: u32,
    /// Whether a line that begins with `#` is a comment.
    comments: bool,
    number: u64,
    /// The line on which the last row began.
    line: u64,
    /// The fault of a broken row, while its bytes up to the next line are skipped.
    skipping: Option<Fault>,
    /// Whether the rest of a comment is skipped.
    in_comment: bool,
    /// How many bytes of the buffer the last row has, and how many line ends.
    used: (usize, u64),
}

impl Lines {
    /// Finds rows from `place` on; `None` if the file is neither CSV nor JSON Lines.
    pub(super) fn new(shape: &Shape, place: RowPlace) -> Option<Self> {
        let (delimiter, header_rows, comments) = match shape {
            Shape::Csv { delimiter, header, preamble, comments, .. } => {
                let header_rows = if place.byte == 0 { preamble.saturating_add(u32::from(*header)) } else { 0 };
                (Some(*delimiter), header_rows, *comments)
            }
            Shape::JsonLines => (None, 0, false),
            Shape::JsonDocument | Shape::Bookmarks | Shape::Outline | Shape::Rules(_) | Shape::Sheet => return None,
        };
        let number = place.row.saturating_sub(1);
        Some(Self {
            delimiter,
            header_rows,
            comments,
            number,
            line: 0,
            skipping: None,
            in_comment: false,
            used: (0, 0),
        })
    }

    /// Returns the last row's number and the line on which it began.
    pub(super) fn last(&self) -> (u64, u64) {
        (self.number, self.line)
    }

    /// Returns the place after the last row.
    #[inline]
    pub(super) fn place(&self, buffer: &Buffer) -> RowPlace {
        RowPlace {
            byte: buffer.position() + self.used.0 as u64,
            row: self.number + 1,
            line: buffer.line() + self.used.1,
        }
    }

    /// Consumes the last row.
    #[inline]
    pub(super) fn release(&mut self, buffer: &mut Buffer) {
        let (length, lines) = std::mem::take(&mut self.used);
        buffer.consume_lines(length, lines);
    }

    /// Finds the next row.
    #[inline]
    pub(super) fn find(&mut self, buffer: &mut Buffer) -> Found {
        self.release(buffer);
        loop {
            if self.skipping.is_some() {
                if !buffer.skip_line() && !buffer.ended() {
                    return Found::More;
                }
                if let Some(fault) = self.skipping.take() {
                    self.number += 1;
                    return Found::Broken(fault);
                }
            }
            if self.in_comment {
                let end = memchr::memchr2(b'\n', b'\r', buffer.rest());
                buffer.consume(end.map_or(buffer.rest().len(), |end| end + 1));
                self.in_comment = end.is_none();
            }
            buffer.skip_blank_lines();
            if self.comments && buffer.rest().first() == Some(&b'#') {
                self.in_comment = true;
                continue;
            }
            if buffer.rest().is_empty() {
                return if buffer.ended() { Found::End } else { Found::More };
            }
            let scan = match self.delimiter {
                Some(delimiter) => csv::scan(buffer.rest(), delimiter, buffer.ended()),
                None => scan_line(buffer.rest(), buffer.ended()),
            };
            let Scan::Record { length, text, one_line } = scan else {
                match scan_fault(scan, buffer.rest()) {
                    Some(fault) => {
                        self.line = buffer.line();
                        self.skipping = Some(fault);
                        continue;
                    }
                    None => return Found::More,
                }
            };
            self.line = buffer.line();
            let line_ends = if one_line {
                u64::from(buffer.rest()[..length].ends_with(b"\n"))
            } else {
                count_line_ends(&buffer.rest()[..length])
            };
            self.used = (length, line_ends);
            if self.header_rows > 0 {
                self.header_rows -= 1;
                self.release(buffer);
                continue;
            }
            self.number += 1;
            return Found::Row(text);
        }
    }
}

/// Finds the line that `input` begins with.
#[inline]
fn scan_line(input: &[u8], ended: bool) -> Scan {
    let window = &input[..input.len().min(MAX_ROW_BYTES)];
    match memchr::memchr(b'\n', window) {
        Some(text) => Scan::Record { length: text + 1, text, one_line: true },
        None if window.len() == MAX_ROW_BYTES => Scan::TooLong,
        None if ended => Scan::Record { length: window.len(), text: window.len(), one_line: true },
        None => Scan::Partial,
    }
}

/// Returns what is wrong with a row that does not end.
///
/// A quotation mark that is never closed would make one row of the rest of the file. Give up only its first line, so
/// that the rows after it are not lost. Do the same whether or not the file ends before the limit: otherwise a part of
/// a file would give other rows than the whole.
#[cold]
fn scan_fault(scan: Scan, rest: &[u8]) -> Option<Fault> {
    let window = &rest[..rest.len().min(MAX_ROW_BYTES)];
    let newline = memchr::memchr(b'\n', window);
    let cause = match scan {
        Scan::Partial | Scan::Record { .. } => return None,
        Scan::TooLong if newline.is_none() => format!("is longer than {MAX_ROW_BYTES} bytes"),
        Scan::TooLong | Scan::Unclosed => {
            format!("has a quotation mark that is not closed within {MAX_ROW_BYTES} bytes")
        }
    };
    Some(Fault::of_row(&window[..newline.unwrap_or(window.len())], cause))
}
