//! Reads the rows of a spreadsheet's sheet (ECMA-376, part 1, section 18.3.1).

use super::buffer::Buffer;
use super::limits::{MAX_COLUMNS, MAX_ROW_BYTES};
use super::markup::{Markup, Tag, Token, decode_entities};
use super::shared_strings::SharedStrings;

/// What [`Sheet::find`] found.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// A row, whose cells are in [`Sheet::cells`].
    Row,
    /// A row that is longer than [`MAX_ROW_BYTES`].
    TooLong,
    More,
    End,
}

/// Reads rows one by one.
#[derive(Default)]
pub(super) struct Sheet {
    markup: Markup,
    pub(super) cells: Vec<String>,
    /// Whether each of the cells is a number. It may be a date.
    pub(super) is_number: Vec<bool>,
    /// The number of the row in the sheet.
    pub(super) line: u64,
    bytes: usize,
    too_long: bool,
    cell: Option<Cell>,
    text: Vec<u8>,
    /// Whether the text belongs to the cell's value.
    in_value: bool,
}

/// A cell that is being read.
struct Cell {
    column: usize,
    kind: CellKind,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum CellKind {
    /// The index of a shared string.
    Shared,
    Number,
    /// True or false, as 1 or 0.
    Flag,
    Text,
}

impl Sheet {
    /// Finds the next row that is not blank.
    pub(super) fn find(&mut self, buffer: &mut Buffer, strings: &SharedStrings) -> Found {
        loop {
            match self.markup.next(buffer) {
                Token::More => return Found::More,
                Token::End => return Found::End,
                Token::Text(length) => {
                    if self.in_value && !self.too_long {
                        self.bytes += length;
                        self.too_long = self.bytes > MAX_ROW_BYTES;
                        self.text.extend_from_slice(&buffer.rest()[..length]);
                    }
                    buffer.consume(length);
                }
                Token::Tag(length) => {
                    let tag = Tag::parse(&buffer.rest()[..length]);
                    let row_ends = self.take_tag(&tag, strings);
                    buffer.consume(length);
                    if row_ends && self.too_long {
                        return Found::TooLong;
                    }
                    if row_ends && self.cells.iter().any(|cell| !cell.trim().is_empty()) {
                        return Found::Row;
                    }
                }
            }
        }
    }

    /// Takes a tag. Returns whether it ends a row.
    fn take_tag(&mut self, tag: &Tag<'_>, strings: &SharedStrings) -> bool {
        if tag.is("row") && !tag.closes {
            self.cells.clear();
            self.is_number.clear();
            (self.bytes, self.too_long) = (0, false);
            let line = tag.attribute("r").and_then(|number| number.parse().ok());
            self.line = line.unwrap_or(self.line + 1);
        } else if tag.is("row") {
            return true;
        } else if tag.is("c") && !tag.closes && !tag.empty {
            self.begin_cell(tag);
        } else if tag.is("c") && tag.closes {
            self.end_cell(strings);
        } else if tag.is("v") || tag.is("t") {
            self.in_value = self.cell.is_some() && !tag.closes && !tag.empty;
        }
        false
    }

    fn begin_cell(&mut self, tag: &Tag<'_>) {
        let reference = tag.attribute("r");
        let column = reference.as_deref().and_then(column_index).unwrap_or(self.cells.len());
        let kind = match tag.attribute("t").as_deref() {
            Some("s") => CellKind::Shared,
            Some("b") => CellKind::Flag,
            None | Some("n") => CellKind::Number,
            Some(_) => CellKind::Text,
        };
        self.text.clear();
        self.cell = Some(Cell { column, kind });
    }

    fn end_cell(&mut self, strings: &SharedStrings) {
        let Some(cell) = self.cell.take() else { return };
        self.in_value = false;
        let text = decode_entities(&self.text);
        let text = match cell.kind {
            CellKind::Shared => strings.get(text.trim().parse().unwrap_or(usize::MAX)).unwrap_or_default().to_owned(),
            CellKind::Flag => (if text.trim() == "1" { "true" } else { "false" }).to_owned(),
            CellKind::Number | CellKind::Text => text.into_owned(),
        };
        if cell.column >= MAX_COLUMNS || text.is_empty() {
            return;
        }
        self.bytes += if cell.kind == CellKind::Shared { text.len() } else { 0 };
        self.too_long |= self.bytes > MAX_ROW_BYTES;
        if self.cells.len() <= cell.column {
            self.cells.resize(cell.column + 1, String::new());
            self.is_number.resize(cell.column + 1, false);
        }
        self.cells[cell.column] = text;
        self.is_number[cell.column] = cell.kind == CellKind::Number;
    }
}

/// Returns the column of a cell, 0 for the first, from a reference such as `AB12`.
fn column_index(reference: &str) -> Option<usize> {
    let letters = reference.bytes().take_while(u8::is_ascii_alphabetic).take(4);
    let column = letters.fold(0, |column, letter| column * 26 + usize::from(letter.to_ascii_uppercase() - b'A') + 1);
    column.checked_sub(1)
}

/// Converts a date to seconds since 1970. Spreadsheets count dates in days since 30 December 1899 (the old system that
/// counts from 1904 is not supported). Returns `None` if the number is too small or too large for a plausible date.
pub(super) fn date_to_seconds(text: &str) -> Option<i64> {
    let days: f64 = text.trim().parse().ok()?;
    (20_000.0..80_000.0).contains(&days).then(|| ((days - 25_569.0) * 86_400.0).round() as i64)
}
