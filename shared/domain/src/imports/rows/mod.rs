//! Reads the rows of a file, in whatever pieces its bytes arrive. Does no input or output: the caller feeds bytes and
//! takes rows.
//!
//! The longest row allowed and the longest piece bound the memory; for a spreadsheet, the text that it may hold.
//!
//! `unpack` decompresses the bytes, `encoding` turns them into UTF-8, `sniff` recognises the format, and `reader` reads
//! the rows with the parser of that format.

mod archive;
mod bookmarks;
mod boundaries;
pub(crate) mod buffer;
mod calendar;
mod cell_reference;
mod column;
mod column_names;
mod columns;
mod csv;
mod detect;
mod dialects;
mod encoding;
mod fields;
mod folders;
mod foreign;
mod headerless;
pub(crate) mod html;
mod json;
mod json_object;
mod json_value;
mod layout;
mod limits;
mod lines;
mod names;
mod notes;
mod object_sample;
mod other_files;
mod outline;
mod place;
mod reader;
mod reading;
mod row;
mod rules;
mod samples;
mod shared_strings;
mod sheet;
mod sheet_head;
mod sheet_links;
mod sheet_list;
mod sniff;
pub(crate) mod time;
mod unnamed;
mod unpack;
mod unreadable;
mod workbook;
mod xml;

pub use self::boundaries::{Boundaries, Boundary};
pub use self::calendar::DateOrder;
pub use self::column::{Column, Source};
pub use self::column_names::ColumnNames;
pub use self::columns::Columns;
pub use self::fields::{Fault, Fields, Tags};
pub use self::layout::{Format, Layout};
pub use self::limits::Limits;
pub use self::notes::Notes;
pub use self::place::RowPlace;
pub use self::reading::Rows;
pub use self::row::{Next, Row, RowAddress};
pub use self::unreadable::Unreadable;

#[cfg(test)]
mod format_tests;
#[cfg(test)]
mod tests;
