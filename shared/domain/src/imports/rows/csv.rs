//! Parses CSV as RFC 4180 defines it, with any delimiter: fields in quotation marks may hold delimiters, line ends and
//! doubled quotation marks. A quotation mark within a field that does not begin with one is an ordinary character.

use std::borrow::Cow;

use memchr::{memchr, memchr3};

use super::limits::MAX_ROW_BYTES;

/// What [`scan`] found at the start of its input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scan {
    /// A row.
    Record {
        /// The length of the row with its line end.
        length: usize,
        /// The length of the row without its line end.
        text: usize,
        /// Whether the row has no line end within a field.
        one_line: bool,
    },
    /// The beginning of a row, which more input completes.
    Partial,
    /// A row that does not end within [`MAX_ROW_BYTES`].
    TooLong,
    /// A row whose quotation mark is still open at the end of the file.
    Unclosed,
}

/// Finds the row at the start of `input`. `ended` tells whether the file ends where `input` does.
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
                // A carriage return alone ends a row too.
                let end = usize::from(window.get(found + 1) == Some(&b'\n'));
                let known = ended || found + 1 < window.len();
                let row = Scan::Record { length: found + 1 + end, text: found, one_line };
                return if known { row } else { unfinished };
            }
            _ if found > 0 && window[found - 1] != delimiter => at = found + 1,
            _ => match closing_quote(window, found + 1, ended) {
                Some(close) => {
                    one_line &= memchr(b'\n', &window[found..close]).is_none();
                    at = close + 1;
                }
                None => return if ended { Scan::Unclosed } else { unfinished },
            },
        }
    }
}

/// Finds the quotation mark that closes a field; `start` is the byte after the opening mark. A mark at the end of
/// `input` counts only if the file has `ended`: another one after it would make a doubled mark.
fn closing_quote(input: &[u8], start: usize, ended: bool) -> Option<usize> {
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

/// Splits a row that [`scan`] found into its fields. Several spaces are one delimiter, and ` # ` begins a comment, if the
/// delimiter is a space.
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
        let mut rest = self.rest?;
        if self.delimiter == b' ' {
            rest = rest.trim_start_matches(' ');
            if rest.is_empty() || rest == "#" || rest.starts_with("# ") {
                self.rest = None;
                return None;
            }
        }
        if let Some(quoted) = rest.strip_prefix('"') {
            return Some(self.quoted(quoted));
        }
        let (cell, rest) = split_at_delimiter(rest, memchr(self.delimiter, rest.as_bytes()));
        self.rest = rest;
        Some(Cow::Borrowed(cell))
    }
}

impl<'a> Cells<'a> {
    /// Reads a field in quotation marks; `text` begins after the opening mark.
    fn quoted(&mut self, text: &'a str) -> Cow<'a, str> {
        // `scan` finds no row without a closing mark.
        let close = closing_quote(text.as_bytes(), 0, true).unwrap_or(text.len());
        let (inner, after) = (&text[..close], text.get(close + 1..).unwrap_or(""));
        let (tail, rest) = split_at_delimiter(after, memchr(self.delimiter, after.as_bytes()));
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

/// Splits `text` at the delimiter at byte `at`.
#[inline]
fn split_at_delimiter(text: &str, at: Option<usize>) -> (&str, Option<&str>) {
    match at {
        Some(at) => (&text[..at], Some(&text[at + 1..])),
        None => (text, None),
    }
}
