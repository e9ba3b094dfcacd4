//! Reads the rows of text, whatever its shape.

use super::bookmarks::{Bookmark, Bookmarks};
use super::buffer::Buffer;
use super::column::Source;
use super::csv::Cells;
use super::fields::{Fault, Fields};
use super::json_document::{Document, Element};
use super::json_object::Objects;
use super::layout::Shape;
use super::lines::Lines;
use super::notes::Notes;
use super::place::RowPlace;
use super::unreadable::Unreadable;
use super::workbook::Workbook;
use crate::imports::rows::lines;
use crate::imports::rows::workbook;

/// Reads rows of one shape.
pub(super) enum Reader {
    Lines { lines: Lines, shape: Shape, objects: Objects, source: Option<Source> },
    Document { document: Document, objects: Objects },
    Bookmarks(Box<Bookmarks>),
    Workbook(Box<Workbook>),
}

/// Where a row was found.
pub(super) enum Found {
    /// In so many of the first bytes of the buffer.
    Text(usize),
    /// It is read already, or broken.
    Fields(Box<Result<Fields<'static>, Fault>>),
    More,
    End,
}

impl Reader {
    /// Reads text of this shape from `place` on.
    pub(super) fn new(shape: &Shape, source: Option<Source>, place: RowPlace) -> Self {
        let objects = Objects::of(source);
        match Lines::new(shape, place) {
            Some(lines) => Self::Lines { lines, shape: shape.clone(), objects, source },
            None if *shape == Shape::JsonDocument => Self::Document { document: Document::new(), objects },
            None if *shape == Shape::Bookmarks => Self::Bookmarks(Box::default()),
            None => Self::Workbook(Box::default()),
        }
    }

    /// The last row's number, and the line that it began on.
    #[inline]
    pub(super) fn last(&self) -> (u64, u64) {
        match self {
            Self::Lines { lines, .. } => lines.last(),
            Self::Document { document, .. } => document.last(),
            Self::Bookmarks(bookmarks) => bookmarks.last(),
            Self::Workbook(workbook) => workbook.last(),
        }
    }

    /// The place behind the last row; `None` if none can be read from.
    #[inline]
    pub(super) fn place(&self, buffer: &Buffer) -> Option<RowPlace> {
        match self {
            Self::Lines { lines, .. } => Some(lines.place(buffer)),
            _ => None,
        }
    }

    /// What was noted.
    pub(super) fn notes(&self) -> Option<&Notes> {
        match self {
            Self::Lines { objects, .. } | Self::Document { objects, .. } => Some(&objects.notes),
            Self::Bookmarks(_) => None,
            Self::Workbook(workbook) => Some(&workbook.notes),
        }
    }

    /// Leaves the last row behind.
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

    /// The fields of the row that `text` is.
    #[inline]
    pub(super) fn fields<'a>(&mut self, text: &'a [u8]) -> Result<Fields<'a>, Fault> {
        match self {
            Self::Lines { shape: Shape::Csv { delimiter, columns, .. }, source, .. } => {
                let row = std::str::from_utf8(text)
                    .map_err(|_| Fault::of_row(text, "is not valid text (UTF-8 or UTF-16)"))?;
                columns.fields(Cells::new(row, *delimiter), row, *source)
            }
            Self::Lines { objects, .. } | Self::Document { objects, .. } => objects.fields(text),
            // These give their rows as they find them.
            Self::Bookmarks(_) | Self::Workbook(_) => Ok(Fields::default()),
        }
    }
}
