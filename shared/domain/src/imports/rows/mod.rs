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
pub use self::sniff::Layout;
use self::sniff::{SNIFF_BYTES, sniff};

/// The longest row, in bytes of the file with its line end. A longer one is reported, and reading goes on after it.
pub const MAX_ROW_BYTES: usize = 64 * 1024;

/// What a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
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
    /// Nothing until the file is fed from this byte on.
    Seek(u64),
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

/// Why a file cannot be read, or not to its end; for a person.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Unreadable(String);

/// What a file may be.
#[derive(Debug, Clone, Copy, Default)]
pub struct Limits;

/// A place between two rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowPlace {
    /// How many bytes are before it.
    pub byte: u64,
    /// The number of the next row.
    pub row: u64,
    /// The line of the next byte.
    pub line: u64,
}

impl RowPlace {
    /// The beginning of a file.
    pub const START: Self = Self { byte: 0, row: 1, line: 1 };
}

/// Finds places between rows, to cut a file.
pub struct Boundaries {
    rows: Rows,
    every: u64,
    next: u64,
}

/// What [`Boundaries`] found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Boundary {
    /// A place between two rows.
    Place(RowPlace),
    /// Nothing until there is more of the file.
    More,
    /// The place behind the last row.
    End(RowPlace),
}

impl Boundaries {
    /// Places from `place` on that are at least `every` bytes apart.
    pub fn new(layout: &Layout, place: RowPlace, every: u64) -> Option<Self> {
        Some(Self { rows: Rows::resume(layout, place), every, next: place.byte + every })
    }
    /// Takes the next piece of the file.
    pub fn feed(&mut self, bytes: &[u8]) {
        self.rows.feed(bytes);
    }
    /// Says that there are no more pieces.
    pub fn end(&mut self) {
        self.rows.end();
    }
    /// The next place.
    pub fn next_boundary(&mut self) -> Boundary {
        loop {
            match self.rows.next_row() {
                Ok(Next::Row(_)) => {}
                Ok(Next::More | Next::Seek(_)) => return Boundary::More,
                _ => return Boundary::End(self.rows.place()),
            }
            let place = self.rows.place();
            if place.byte >= self.next {
                self.next = place.byte + self.every;
                return Boundary::Place(place);
            }
        }
    }
}

/// The rows of one file.
pub struct Rows {
    layout: Option<Layout>,
    head: Vec<u8>,
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
    /// The rows of a file of `size` bytes.
    pub fn new(_size: u64, _limits: Limits) -> Self {
        Self {
            layout: None,
            head: Vec::new(),
            buffer: Buffer::default(),
            reader: Reader::JsonLines,
            number: 0,
            line: 0,
            skipping: false,
            used: 0,
        }
    }

    /// The rows of a file from `place` on.
    pub fn resume(layout: &Layout, place: RowPlace) -> Self {
        let mut rows = Self::new(0, Limits);
        rows.recognised(layout.clone(), place == RowPlace::START);
        rows.buffer = Buffer::at(place.byte, place.line - 1);
        rows.number = place.row - 1;
        rows
    }

    fn recognised(&mut self, layout: Layout, start: bool) {
        self.reader = match layout.clone() {
            Layout::Csv { columns, header } => Reader::Csv { reader: Box::default(), columns, header: header && start },
            Layout::JsonLines => Reader::JsonLines,
        };
        self.layout = Some(layout);
    }

    fn recognise(&mut self) -> Result<bool, Unreadable> {
        if self.head.len() < SNIFF_BYTES && !self.buffer.ended() {
            return Ok(false);
        }
        let head = std::mem::take(&mut self.head);
        let whole = head.len() <= SNIFF_BYTES && self.buffer.ended();
        let layout = sniff(&head[..head.len().min(SNIFF_BYTES)], whole).map_err(Unreadable)?;
        self.recognised(layout, true);
        self.feed(&head);
        Ok(true)
    }

    /// What the file is, once it is known.
    pub fn layout(&self) -> Option<&Layout> {
        self.layout.as_ref()
    }

    /// The place behind the last row.
    pub fn place(&self) -> RowPlace {
        let unread = memchr::memchr_iter(b'\n', &self.buffer.rest()[..self.used]).count() as u64;
        RowPlace { byte: self.position(), row: self.number + 1, line: self.buffer.line() + unread }
    }

    /// Takes the next piece of the file.
    pub fn feed(&mut self, bytes: &[u8]) {
        if self.layout.is_none() {
            self.head.extend_from_slice(bytes);
            return;
        }
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
    pub fn next_row(&mut self) -> Result<Next<'_>, Unreadable> {
        if self.layout.is_none() && !self.recognise()? {
            return Ok(Next::More);
        }
        let found = self.find();
        if matches!(found, Found::Record | Found::Line(_) | Found::Broken(_)) {
            self.number += 1;
        }
        let fields = match (found, &self.reader) {
            (Found::Broken(fault), _) => Err(fault),
            (Found::Line(length), _) => json_lines::fields(&self.buffer.rest()[..length]),
            (Found::Record, Reader::Csv { reader, columns, .. }) => columns.fields(reader),
            (Found::More, _) => return Ok(Next::More),
            (Found::End | Found::Record, _) => return Ok(Next::End),
        };
        Ok(Next::Row(Row { number: self.number, line: self.line, fields }))
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
