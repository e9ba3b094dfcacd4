//! Reads the first rows of a text as CSV, to recognise its format.

use std::borrow::Cow;

use super::buffer::blank_lines_length;
use super::csv::{Cells, Scan, scan};

/// How many rows are examined.
const SAMPLE_ROWS: usize = 50;

/// The possible delimiters, the likelier first: it wins where the file leaves a choice.
pub(super) const DELIMITERS: [u8; 4] = [b',', b';', b'\t', b'|'];
/// The delimiter of rows that have one field: a character that no text has.
pub(super) const NO_DELIMITER: u8 = 0x1f;

/// Reads the first rows.
pub(super) fn sample_rows(head: &[u8], whole: bool, delimiter: u8) -> impl Iterator<Item = Vec<Cow<'_, str>>> {
    let mut rest = head;
    let rows = std::iter::from_fn(move || {
        rest = &rest[blank_lines_length(rest)..];
        if rest.is_empty() {
            return None;
        }
        let Scan::Record { length, text, .. } = scan(rest, delimiter, whole) else { return None };
        let row = std::str::from_utf8(&rest[..text]).ok()?;
        rest = &rest[length..];
        Some(Cells::new(row, delimiter).map(trim_cell).collect())
    });
    rows.take(SAMPLE_ROWS)
}

fn trim_cell(cell: Cow<'_, str>) -> Cow<'_, str> {
    match cell {
        Cow::Borrowed(cell) => Cow::Borrowed(cell.trim()),
        Cow::Owned(cell) => Cow::Owned(cell.trim().to_owned()),
    }
}
