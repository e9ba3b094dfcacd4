//! Reads the rows of decoded text with the parser of its format.

use super::bookmarks::{Bookmark, Bookmarks};
use super::buffer::Buffer;
use super::column::Source;
use super::column_names::ColumnNames;
use super::csv::Cells;
use super::fields::{Fault, Fields};
use super::json::{Document, Element, read_redirection};
use super::json_object::ObjectParser;
use super::layout::Shape;
use super::lines::{self, Lines};
use super::notes::Notes;
use super::outline::Outline;
use super::place::RowPlace;
use super::rules::{Rule, Rules};
use super::unreadable::Unreadable;
use super::workbook::{self, Workbook};

/// Reads rows of one format.
pub(super) enum Reader {
    Lines { lines: Lines, shape: Shape, objects: ObjectParser, source: Option<Source> },
    Document { document: Box<Document>, objects: ObjectParser, source: Option<Source> },
    Bookmarks(Box<Bookmarks>),
    Outline(Box<Outline>),
    Rules(Box<Rules>),
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
        if let Some(lines) = Lines::new(shape, place) {
            return Self::Lines { lines, shape: shape.clone(), objects, source };
        }
        match shape {
            Shape::JsonDocument => Self::Document { document: Box::default(), objects, source },
            Shape::Bookmarks => Self::Bookmarks(Box::default()),
            Shape::Outline => Self::Outline(Box::default()),
            Shape::Rules(syntax) => Self::Rules(Box::new(Rules::new(*syntax))),
            Shape::Csv { .. } | Shape::JsonLines | Shape::Sheet => Self::Workbook(Box::new(Workbook::new(columns))),
        }
    }

    /// Returns the last row's number and the line on which it began.
    #[inline]
    pub(super) fn last(&self) -> (u64, u64) {
        match self {
            Self::Lines { lines, .. } => lines.last(),
            Self::Document { document, .. } => document.last(),
            Self::Bookmarks(bookmarks) => bookmarks.last(),
            Self::Outline(outline) => outline.last(),
            Self::Rules(rules) => rules.last(),
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
            Self::Bookmarks(_) | Self::Outline(_) | Self::Rules(_) => None,
            Self::Workbook(workbook) => Some(&workbook.notes),
        }
    }

    /// Consumes the last row.
    pub(super) fn release(&mut self, buffer: &mut Buffer) {
        match self {
            Self::Lines { lines, .. } => lines.release(buffer),
            Self::Document { document, .. } => document.release(buffer),
            Self::Bookmarks(_) | Self::Outline(_) | Self::Rules(_) | Self::Workbook(_) => {}
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
            Self::Document { document, objects, .. } => match document.find(buffer)? {
                Element::Whole(length) => Found::Text(length),
                Element::Flat(text) => {
                    let fields = objects.fields(&text).map(Fields::into_owned);
                    Found::Fields(Box::new(fields.map(|fields| document.complete(fields))))
                }
                Element::Broken(fault) => Found::Fields(Box::new(Err(fault))),
                Element::More => Found::More,
                Element::End => Found::End,
            },
            Self::Bookmarks(bookmarks) => found_bookmark(bookmarks.find(buffer)?),
            Self::Outline(outline) => found_bookmark(outline.find(buffer)?),
            Self::Rules(rules) => match rules.find(buffer) {
                Rule::Row(fields) => Found::Fields(fields),
                Rule::More => Found::More,
                Rule::End => Found::End,
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
            Self::Lines { objects, .. } => objects.fields(text),
            Self::Document { source: Some(Source::Redirection), .. } => read_redirection(text),
            Self::Document { document, objects, .. } => objects.fields(text).map(|fields| document.complete(fields)),
            // These return the fields of a row when they find it.
            Self::Bookmarks(_) | Self::Outline(_) | Self::Rules(_) | Self::Workbook(_) => Ok(Fields::default()),
        }
    }
}

fn found_bookmark(bookmark: Bookmark) -> Found {
    match bookmark {
        Bookmark::Row(fields) => Found::Fields(fields),
        Bookmark::More => Found::More,
        Bookmark::End => Found::End,
    }
}
