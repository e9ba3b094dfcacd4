//! The rows of a sheet of a spreadsheet (ECMA-376, part 1, section 18.3.1).

use super::buffer::Buffer;
use super::limits::{MAX_COLUMNS, MAX_ROW_BYTES};
use super::markup::{Markup, Tag, Token, decode};
use super::shared_strings::SharedStrings;

/// What was found.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// A row; its cells are in [`Sheet::cells`].
    Row,
    /// A row with too much in it.
    TooLong,
    More,
    End,
}

/// Finds one row after the other.
#[derive(Default)]
pub(super) struct Sheet {
    markup: Markup,
    pub(super) cells: Vec<String>,
    /// Which of the cells are numbers, which may be dates.
    pub(super) numbers: Vec<bool>,
    /// The number of the row in the sheet.
    pub(super) line: u64,
    bytes: usize,
    too_long: bool,
    cell: Option<Cell>,
    text: Vec<u8>,
    reading: bool,
}

/// A cell that is being read.
struct Cell {
    column: usize,
    kind: Kind,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// The value is the number of a shared text.
    Shared,
    Number,
    /// True or false, as 1 or 0.
    Flag,
    Text,
}

impl Sheet {
    /// The next row that has something in it.
    pub(super) fn find(&mut self, buffer: &mut Buffer, strings: &SharedStrings) -> Found {
        loop {
            match self.markup.next(buffer) {
                Token::More => return Found::More,
                Token::End => return Found::End,
                Token::Text(length) => {
                    if self.reading && !self.too_long {
                        self.bytes += length;
                        self.too_long = self.bytes > MAX_ROW_BYTES;
                        self.text.extend_from_slice(&buffer.rest()[..length]);
                    }
                    buffer.consume(length);
                }
                Token::Tag(length) => {
                    let tag = Tag::parse(&buffer.rest()[..length]);
                    let whole = self.tag(&tag, strings);
                    buffer.consume(length);
                    if whole && self.too_long {
                        return Found::TooLong;
                    }
                    if whole && self.cells.iter().any(|cell| !cell.trim().is_empty()) {
                        return Found::Row;
                    }
                }
            }
        }
    }

    /// Goes over a tag; says whether it ends a row.
    fn tag(&mut self, tag: &Tag<'_>, strings: &SharedStrings) -> bool {
        if tag.is("row") && !tag.closes {
            self.cells.clear();
            self.numbers.clear();
            (self.bytes, self.too_long) = (0, false);
            let line = tag.attribute("r").and_then(|number| number.parse().ok());
            self.line = line.unwrap_or(self.line + 1);
        } else if tag.is("row") {
            return true;
        } else if tag.is("c") && !tag.closes && !tag.empty {
            self.cell_begins(tag);
        } else if tag.is("c") && tag.closes {
            self.cell_ends(strings);
        } else if tag.is("v") || tag.is("t") {
            self.reading = self.cell.is_some() && !tag.closes && !tag.empty;
        }
        false
    }

    fn cell_begins(&mut self, tag: &Tag<'_>) {
        let place = tag.attribute("r");
        let column = place.as_deref().and_then(column_of).unwrap_or(self.cells.len());
        let kind = match tag.attribute("t").as_deref() {
            Some("s") => Kind::Shared,
            Some("b") => Kind::Flag,
            None | Some("n") => Kind::Number,
            Some(_) => Kind::Text,
        };
        self.text.clear();
        self.cell = Some(Cell { column, kind });
    }

    fn cell_ends(&mut self, strings: &SharedStrings) {
        let Some(cell) = self.cell.take() else { return };
        self.reading = false;
        let text = decode(&self.text);
        let text = match cell.kind {
            Kind::Shared => strings.get(text.trim().parse().unwrap_or(usize::MAX)).unwrap_or_default().to_owned(),
            Kind::Flag => (if text.trim() == "1" { "true" } else { "false" }).to_owned(),
            Kind::Number | Kind::Text => text.into_owned(),
        };
        if cell.column >= MAX_COLUMNS || text.is_empty() {
            return;
        }
        self.bytes += if cell.kind == Kind::Shared { text.len() } else { 0 };
        self.too_long |= self.bytes > MAX_ROW_BYTES;
        if self.cells.len() <= cell.column {
            self.cells.resize(cell.column + 1, String::new());
            self.numbers.resize(cell.column + 1, false);
        }
        self.cells[cell.column] = text;
        self.numbers[cell.column] = cell.kind == Kind::Number;
    }
}

/// The column of a cell, 0 for the first, by its place such as `AB12`.
fn column_of(place: &str) -> Option<usize> {
    let letters = place.bytes().take_while(u8::is_ascii_alphabetic).take(4);
    let column = letters.fold(0, |column, letter| column * 26 + usize::from(letter.to_ascii_uppercase() - b'A') + 1);
    column.checked_sub(1)
}

/// A date as spreadsheets keep it, the days since 30 December 1899 (or 1904 years' count, which nobody uses any more), as
/// seconds since 1970; `None` if the number is too small or large to be a date of our time.
pub(super) fn date(text: &str) -> Option<i64> {
    let days: f64 = text.trim().parse().ok()?;
    (20_000.0..80_000.0).contains(&days).then(|| ((days - 25_569.0) * 86_400.0).round() as i64)
}
