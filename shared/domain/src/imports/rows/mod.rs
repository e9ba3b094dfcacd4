//! Reads a file row by row, whatever the pieces it comes in: bytes in, rows out, no input or output of its own. Memory is
//! bounded by the longest row that is allowed and the longest piece, for a spreadsheet by the texts that it may have.
//!
//! Bytes come out of what they are wrapped in (`unpack`), become UTF-8 (`encoding`), are recognised (`sniff`) and then
//! read (`reader`) by what knows their shape.

mod archive;
mod bookmarks;
mod boundaries;
mod buffer;
mod column;
mod columns;
mod csv;
mod encoding;
mod fields;
mod json_document;
mod json_object;
mod layout;
mod limits;
mod lines;
mod markup;
mod names;
mod notes;
mod place;
mod reader;
mod reading;
mod shared_strings;
mod sheet;
mod sniff;
pub(crate) mod time;
mod unpack;
mod unreadable;
mod workbook;

use std::sync::Arc;

pub use self::boundaries::{Boundaries, Boundary};
pub use self::column::Column;
pub use self::column::Source;
pub use self::columns::Columns;
pub use self::fields::{Fault, Fields, Tags};
pub use self::layout::{Encoding, Format, Layout, Packing};
pub use self::limits::{Limits, MAX_COLUMNS, MAX_MEMBER_NAME, MAX_MEMBERS, MAX_ROW_BYTES};
pub use self::notes::Notes;
pub use self::place::RowPlace;
pub use self::reading::Rows;
pub use self::unreadable::Unreadable;

/// Which row it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowAddress {
    /// 1 for the first row of data; a header is not counted, nor are blank lines. Goes on through the files of an archive.
    pub row: u64,
    /// The line it begins on, 1 for the first of the file.
    pub line: u64,
    /// The name of the file in the archive that it is from, if it is from an archive.
    pub file: Option<Arc<str>>,
}

/// A row of data.
#[derive(Debug)]
pub struct Row<'a> {
    /// Which one.
    pub address: RowAddress,
    /// Its fields, if they can be read.
    pub fields: Result<Fields<'a>, Fault>,
}

/// What comes next.
#[derive(Debug)]
// A row is what nearly always comes, and to box it would cost an allocation for each.
#[allow(clippy::large_enum_variant)]
pub enum Next<'a> {
    /// A row.
    Row(Row<'a>),
    /// Nothing until there is more of the file: call [`Rows::feed`] or [`Rows::end`].
    More,
    /// Nothing until the file comes from this byte on: what was fed last is to be left, and the pieces from there to the
    /// file's end to be fed. Only archives and spreadsheets ask for it.
    Seek(u64),
    /// Nothing: the file is read.
    End,
}

#[cfg(test)]
mod tests;
