//! Finds the rows of a file that has them one after the other: CSV and JSON Lines. What is in them does not matter here, so
//! that planning and reading come to the same rows.

use super::buffer::{Buffer, lines};
use super::csv::Scan;
use super::fields::Fault;
use super::layout::Shape;
use super::limits::MAX_ROW_BYTES;
use super::place::RowPlace;
use crate::imports::rows::csv;

/// Where a row was found.
#[derive(Debug)]
pub(super) enum Found {
    /// In so many of the first bytes of the buffer.
    Row(usize),
    /// It is broken.
    Broken(Fault),
    /// Not yet.
    More,
    /// There are no more.
    End,
}

/// Finds one row after the other.
pub(super) struct Lines {
    /// The delimiter of CSV; JSON Lines have none.
    delimiter: Option<u8>,
    /// Whether a header is still to come.
    header: bool,
    number: u64,
    /// The line that the last row began on.
    line: u64,
    /// Within a broken row: everything up to the next line is left out.
    skipping: Option<Fault>,
    /// Bytes of the buffer that are the last row, and the line ends in them.
    used: (usize, u64),
}

impl Lines {
    /// The rows from `place` on; `None` if the file has another shape.
    pub(super) fn new(shape: &Shape, place: RowPlace) -> Option<Self> {
        let (delimiter, header) = match shape {
            Shape::Csv { delimiter, header, .. } => (Some(*delimiter), *header && place.byte == 0),
            Shape::JsonLines => (None, false),
            Shape::JsonDocument | Shape::Bookmarks | Shape::Sheet => return None,
        };
        Some(Self { delimiter, header, number: place.row.saturating_sub(1), line: 0, skipping: None, used: (0, 0) })
    }

    /// The last row's number, and the line that it began on.
    pub(super) fn last(&self) -> (u64, u64) {
        (self.number, self.line)
    }

    /// The place behind the last row.
    #[inline]
    pub(super) fn place(&self, buffer: &Buffer) -> RowPlace {
        RowPlace {
            byte: buffer.position() + self.used.0 as u64,
            row: self.number + 1,
            line: buffer.line() + self.used.1,
        }
    }

    /// Leaves the last row behind.
    #[inline]
    pub(super) fn release(&mut self, buffer: &mut Buffer) {
        let (length, lines) = std::mem::take(&mut self.used);
        buffer.consume_lines(length, lines);
    }

    /// The next row.
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
            buffer.skip_blank_lines();
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
            let lines = if one_line {
                u64::from(buffer.rest()[..length].ends_with(b"\n"))
            } else {
                lines(&buffer.rest()[..length])
            };
            self.used = (length, lines);
            if std::mem::take(&mut self.header) {
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

/// What is wrong with a row that does not end.
///
/// Where a quotation mark is never closed, everything after it would be one row. Only its first line is given up, so that
/// the rows after it are not lost. Whether the file ends before the limit makes no difference, or a part of a file would be
/// read otherwise than the whole.
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
