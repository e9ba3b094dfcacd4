//! Reads the rows of decoded text with the parser of its format.

use super::bookmarks::{Bookmark, Bookmarks};
use super::buffer::Buffer;
use super::column::Source;
use super::column_names::ColumnNames;
use super::csv::Cells;
use super::fields::{Fault, Fields};
use super::json_document::{Document, Element};
use super::json_object::ObjectParser;
use super::layout::Shape;
use super::lines::{self, Lines};
use super::notes::Notes;
use super::place::RowPlace;
use super::unreadable::Unreadable;
use super::workbook::{self, Workbook};

/// Reads rows of one format.
pub(super) enum Reader {
    Lines { lines: Lines, shape: Shape, objects: ObjectParser, source: Option<Source> },
    Document { document: Document, objects: ObjectParser },
    Bookmarks(Box<Bookmarks>),
    Workbook(Box<Workbook>),
}

/// What [`Reader::find`] found.
pub(super) enum Found {
    /// A row: this many of the first bytes of the buffer.
    Text(usize),
    /// A row that is already read, or is broken.
    Fields(Box<Result<Fields<'static>, Fault>>),
    More,
    End,
}

impl Reader {
    /// Reads text of this format from `place` on.
    pub(super) fn new(shape: &Shape, source: Option<Source>, columns: &ColumnNames, place: RowPlace) -> Self {
        let objects = ObjectParser::new(source, columns);
        match Lines::new(shape, place) {
            Some(lines) => Self::Lines { lines, shape: shape.clone(), objects, source },
            None if *shape == Shape::JsonDocument => Self::Document { document: Document::new(), objects },
            None if *shape == Shape::Bookmarks => Self::Bookmarks(Box::default()),
            None => Self::Workbook(Box::new(Workbook::new(columns))),
        }
    }

    /// Returns the last row's number and the line on which it began.
    #[inline]
    pub(super) fn last(&self) -> (u64, u64) {
        match self {
            Self::Lines { lines, .. } => lines.last(),
            Self::Document { document, .. } => document.last(),
            Self::Bookmarks(bookmarks) => bookmarks.last(),
            Self::Workbook(workbook) => workbook.last(),
        }
    }

    /// Returns the place after the last row, if reading can resume there.
    #[inline]
    pub(super) fn place(&self, buffer: &Buffer) -> Option<RowPlace> {
        match self {
            Self::Lines { lines, .. } => Some(lines.place(buffer)),
            _ => None,
        }
    }

    /// Returns the notes on the rows so far.
    pub(super) fn notes(&self) -> Option<&Notes> {
        match self {
            Self::Lines { objects, .. } | Self::Document { objects, .. } => Some(&objects.notes),
            Self::Bookmarks(_) => None,
            Self::Workbook(workbook) => Some(&workbook.notes),
        }
    }

    /// Consumes the last row.
    pub(super) fn release(&mut self, buffer: &mut Buffer) {
        match self {
            Self::Lines { lines, .. } => lines.release(buffer),
            Self::Document { document, .. } => document.release(buffer),
            Self::Bookmarks(_) | Self::Workbook(_) => {}
        }
    }

    /// Finds the next row.
    #[inline]
    pub(super) fn find(&mut self, buffer: &mut Buffer) -> Result<Found, Unreadable> {
        Ok(match self {
            Self::Lines { lines, .. } => match lines.find(buffer) {
                lines::Found::Row(length) => Found::Text(length),
                lines::Found::Broken(fault) => Found::Fields(Box::new(Err(fault))),
                lines::Found::More => Found::More,
                lines::Found::End => Found::End,
            },
            Self::Document { document, .. } => match document.find(buffer)? {
                Element::Whole(length) => Found::Text(length),
                Element::Broken(fault) => Found::Fields(Box::new(Err(fault))),
                Element::More => Found::More,
                Element::End => Found::End,
            },
            Self::Bookmarks(bookmarks) => match bookmarks.find(buffer)? {
                Bookmark::Row(fields) => Found::Fields(Box::new(Ok(*fields))),
                Bookmark::More => Found::More,
                Bookmark::End => Found::End,
            },
            Self::Workbook(workbook) => match workbook.find(buffer)? {
                workbook::Found::Row(fields) => Found::Fields(fields),
                workbook::Found::More => Found::More,
                workbook::Found::End => Found::End,
            },
        })
    }

    /// Reads the fields of the row `text`.
    #[inline]
    pub(super) fn fields<'a>(&mut self, text: &'a [u8]) -> Result<Fields<'a>, Fault> {
        match self {
            Self::Lines { shape: Shape::Csv { delimiter, columns, .. }, source, .. } => {
                let row = std::str::from_utf8(text)
                    .map_err(|_| Fault::of_row(text, "is not valid text (UTF-8 or UTF-16)"))?;
                columns.fields(Cells::new(row, *delimiter), row, *source)
            }
            Self::Lines { objects, .. } | Self::Document { objects, .. } => objects.fields(text),
            // These return the fields of a row when they find it.
            Self::Bookmarks(_) | Self::Workbook(_) => Ok(Fields::default()),
        }
    }
}
