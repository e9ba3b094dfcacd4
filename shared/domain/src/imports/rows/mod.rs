//! Reads a file row by row, whatever the pieces it comes in: bytes in, rows out, nothing else. Memory is bounded by the
//! longest row that is allowed and the longest piece.

mod buffer;
mod columns;
mod csv;
mod json_lines;
mod sniff;

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use self::buffer::Buffer;
pub use self::columns::Column;
use self::columns::Columns;
use self::csv::CsvReader;
pub use self::sniff::{Layout, SNIFF_BYTES, sniff};

/// The longest row, in bytes of the file with its line end. A longer one is reported, and reading goes on after it.
pub const MAX_ROW_BYTES: usize = 64 * 1024;

/// What a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "ImportFormat"))]
pub enum Format {
    /// Comma-separated values (RFC 4180).
    Csv,
    /// One JSON object on each line.
    JsonLines,
}

/// The fields of a row as they are in the file, without surrounding white space. A blank field is absent.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Fields<'a> {
    /// Where the link leads.
    pub url: Option<Cow<'a, str>>,
    /// Its path.
    pub slug: Option<Cow<'a, str>>,
    /// The host that serves it.
    pub domain: Option<Cow<'a, str>>,
    /// What its owner calls it.
    pub title: Option<Cow<'a, str>>,
    /// Words to find it by.
    pub tags: Vec<Cow<'a, str>>,
}

/// Why a row is not a link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// In which column, if it is one.
    pub column: Option<Column>,
    /// What stands there; cut when it is reported.
    pub value: String,
    /// What is wrong with it, for a person.
    pub cause: String,
}

impl Fault {
    /// A fault of the whole row.
    fn of_row(text: &[u8], cause: impl Into<String>) -> Self {
        let start = &text[..text.len().min(MAX_FAULT_BYTES)];
        Self { column: None, value: String::from_utf8_lossy(start).into_owned(), cause: cause.into() }
    }
}

/// How much of a broken row is kept; a report shows less.
const MAX_FAULT_BYTES: usize = 1024;

/// A row of data.
#[derive(Debug)]
pub struct Row<'a> {
    /// 1 for the first row of data; a header is not counted, nor are blank lines.
    pub number: u64,
    /// The line it begins on, 1 for the first of the file.
    pub line: u64,
    /// Its fields, if they can be read.
    pub fields: Result<Fields<'a>, Fault>,
}

/// What comes next.
#[derive(Debug)]
pub enum Next<'a> {
    /// A row.
    Row(Row<'a>),
    /// Nothing until there is more of the file: call [`Rows::feed`] or [`Rows::end`].
    More,
    /// Nothing: the file is read.
    End,
}

/// Where a row was found.
enum Found {
    /// In the CSV reader.
    Record,
    /// In the first bytes of the buffer, which are then to be left behind.
    Line(usize),
    /// It is broken.
    Broken(Fault),
    More,
    End,
}

/// The rows of one file.
pub struct Rows {
    buffer: Buffer,
    reader: Reader,
    number: u64,
    /// The line that the last row began on.
    line: u64,
    /// Within a row that is too long: everything up to the next line is left out.
    skipping: bool,
    /// Bytes of the buffer that the row before still needed.
    used: usize,
}

enum Reader {
    Csv { reader: Box<CsvReader>, columns: Columns, header: bool },
    JsonLines,
}

impl Rows {
    /// The rows of a file with this layout.
    pub fn new(layout: Layout) -> Self {
        let reader = match layout {
            Layout::Csv { columns, header } => Reader::Csv { reader: Box::default(), columns, header },
            Layout::JsonLines => Reader::JsonLines,
        };
        Self { buffer: Buffer::default(), reader, number: 0, line: 0, skipping: false, used: 0 }
    }

    /// Takes the next piece of the file.
    pub fn feed(&mut self, bytes: &[u8]) {
        self.buffer.consume(std::mem::take(&mut self.used));
        self.buffer.extend(bytes);
        if self.buffer.position() == 0 {
            self.buffer.consume(sniff::byte_order_mark(self.buffer.rest()));
        }
    }

    /// Says that there are no more pieces.
    pub fn end(&mut self) {
        self.buffer.end();
    }

    /// How many bytes of the file are behind the last row.
    pub fn position(&self) -> u64 {
        self.buffer.position() + self.used as u64
    }

    /// The next row.
    pub fn next_row(&mut self) -> Next<'_> {
        let found = self.find();
        if matches!(found, Found::Record | Found::Line(_) | Found::Broken(_)) {
            self.number += 1;
        }
        let fields = match (found, &self.reader) {
            (Found::Broken(fault), _) => Err(fault),
            (Found::Line(length), _) => json_lines::fields(&self.buffer.rest()[..length]),
            (Found::Record, Reader::Csv { reader, columns, .. }) => columns.fields(reader),
            (Found::More, _) => return Next::More,
            (Found::End | Found::Record, _) => return Next::End,
        };
        Next::Row(Row { number: self.number, line: self.line, fields })
    }

    fn find(&mut self) -> Found {
        self.buffer.consume(std::mem::take(&mut self.used));
        loop {
            if self.skipping && !self.buffer.skip_line() {
                return if self.buffer.ended() { Found::End } else { Found::More };
            }
            self.skipping = false;
            self.buffer.skip_blank_lines();
            if self.buffer.rest().is_empty() {
                return if self.buffer.ended() { Found::End } else { Found::More };
            }
            self.line = self.buffer.line();
            let Reader::Csv { reader, header, .. } = &mut self.reader else { return self.find_line() };
            let scan = reader.scan(self.buffer.rest(), self.buffer.ended());
            if let csv::Scan::Record(length) = scan {
                self.buffer.consume(length);
                if std::mem::take(header) {
                    continue;
                }
                return Found::Record;
            }
            return self.broken_record(scan);
        }
    }

    /// A CSV row that is not (yet) whole.
    ///
    /// Where a quotation mark is never closed, everything after it would be one row. Only its first line is given up, so
    /// that the rows after it are not lost.
    fn broken_record(&mut self, scan: csv::Scan) -> Found {
        let rest = self.buffer.rest();
        let window = &rest[..rest.len().min(MAX_ROW_BYTES)];
        let newline = memchr::memchr(b'\n', window);
        let cause = match scan {
            csv::Scan::Unclosed => "has a quotation mark that is not closed".to_owned(),
            csv::Scan::TooLong if newline.is_some() => {
                format!("has a quotation mark that is not closed within {MAX_ROW_BYTES} bytes")
            }
            csv::Scan::TooLong => too_long(),
            csv::Scan::Partial | csv::Scan::Record(_) => return Found::More,
        };
        let fault = Fault::of_row(&window[..newline.unwrap_or(window.len())], cause);
        self.skipping = true;
        Found::Broken(fault)
    }

    /// A line of JSON.
    fn find_line(&mut self) -> Found {
        let rest = self.buffer.rest();
        let window = &rest[..rest.len().min(MAX_ROW_BYTES)];
        match memchr::memchr(b'\n', window) {
            Some(length) => {
                self.used = length + 1;
                Found::Line(length)
            }
            None if window.len() == MAX_ROW_BYTES => {
                let fault = Fault::of_row(window, too_long());
                self.skipping = true;
                Found::Broken(fault)
            }
            None if self.buffer.ended() => {
                self.used = rest.len();
                Found::Line(rest.len())
            }
            None => Found::More,
        }
    }
}

fn too_long() -> String {
    format!("is longer than {MAX_ROW_BYTES} bytes")
}

#[cfg(test)]
mod tests;
