//! CSV as RFC 4180 has it, with any delimiter: fields in quotation marks may hold delimiters, line ends and doubled
//! quotation marks. A quotation mark within a field that does not begin with one is a character like any other.

use std::borrow::Cow;

use memchr::{memchr, memchr3};

use super::limits::MAX_ROW_BYTES;

/// What some bytes begin with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scan {
    /// A row.
    Record {
        /// Its length, the line end included.
        length: usize,
        /// Its length without the line end.
        text: usize,
        /// Whether it is within one line.
        one_line: bool,
    },
    /// The beginning of a row.
    Partial,
    /// A row that does not end within [`MAX_ROW_BYTES`].
    TooLong,
    /// A quotation mark that is open at the end of the file.
    Unclosed,
}

/// Finds the row that `input` begins with. `ended` says that the file ends where `input` does.
#[inline]
pub(super) fn scan(input: &[u8], delimiter: u8, ended: bool) -> Scan {
    let window = &input[..input.len().min(MAX_ROW_BYTES)];
    let full = window.len() == MAX_ROW_BYTES;
    let ended = ended && !full;
    let unfinished = if full { Scan::TooLong } else { Scan::Partial };
    let (mut at, mut one_line) = (0, true);
    loop {
        let Some(found) = memchr3(b'\n', b'\r', b'"', &window[at..]).map(|found| at + found) else {
            let rest = Scan::Record { length: window.len(), text: window.len(), one_line };
            return if ended { rest } else { unfinished };
        };
        match window[found] {
            b'\n' => return Scan::Record { length: found + 1, text: found, one_line },
            b'\r' => {
                // Alone it ends a row as well.
                let end = usize::from(window.get(found + 1) == Some(&b'\n'));
                let known = ended || found + 1 < window.len();
                let row = Scan::Record { length: found + 1 + end, text: found, one_line };
                return if known { row } else { unfinished };
            }
            _ if found > 0 && window[found - 1] != delimiter => at = found + 1,
            _ => match closing_mark(window, found + 1, ended) {
                Some(close) => {
                    one_line &= memchr(b'\n', &window[found..close]).is_none();
                    at = close + 1;
                }
                None => return if ended { Scan::Unclosed } else { unfinished },
            },
        }
    }
}

/// Where the quotation mark is that closes the field which begins at `start`, behind its own. At the end of `input` it is
/// only known to be one if nothing follows.
fn closing_mark(input: &[u8], start: usize, ended: bool) -> Option<usize> {
    let mut at = start;
    loop {
        let mark = at + memchr(b'"', &input[at..])?;
        match input.get(mark + 1) {
            Some(b'"') => at = mark + 2,
            Some(_) => return Some(mark),
            None => return ended.then_some(mark),
        }
    }
}

/// The fields of a row, which [`scan`] found.
pub(super) struct Cells<'a> {
    rest: Option<&'a str>,
    delimiter: u8,
}

impl<'a> Cells<'a> {
    pub(super) fn new(text: &'a str, delimiter: u8) -> Self {
        Self { rest: Some(text), delimiter }
    }
}

impl<'a> Iterator for Cells<'a> {
    type Item = Cow<'a, str>;

    #[inline]
    fn next(&mut self) -> Option<Cow<'a, str>> {
        let rest = self.rest?;
        if let Some(quoted) = rest.strip_prefix('"') {
            return Some(self.quoted(quoted));
        }
        let (cell, rest) = cut(rest, memchr(self.delimiter, rest.as_bytes()));
        self.rest = rest;
        Some(Cow::Borrowed(cell))
    }
}

impl<'a> Cells<'a> {
    /// A field in quotation marks, the first of which is left behind.
    fn quoted(&mut self, text: &'a str) -> Cow<'a, str> {
        // A row that was found has it.
        let close = closing_mark(text.as_bytes(), 0, true).unwrap_or(text.len());
        let (inner, after) = (&text[..close], text.get(close + 1..).unwrap_or(""));
        let (tail, rest) = cut(after, memchr(self.delimiter, after.as_bytes()));
        self.rest = rest;
        let doubled = memchr(b'"', inner.as_bytes()).is_some();
        if !doubled && tail.is_empty() {
            return Cow::Borrowed(inner);
        }
        let mut cell = inner.replace("\"\"", "\"");
        cell.push_str(tail);
        Cow::Owned(cell)
    }
}

/// What is before and behind the delimiter.
#[inline]
fn cut(text: &str, at: Option<usize>) -> (&str, Option<&str>) {
    match at {
        Some(at) => (&text[..at], Some(&text[at + 1..])),
        None => (text, None),
    }
}
