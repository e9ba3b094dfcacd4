//! Reads a spreadsheet: the files of its archive that list its sheets and shared strings, then its first visible sheet.

use std::borrow::Cow;

use super::buffer::Buffer;
use super::column::{Column, Source};
use super::column_names::ColumnNames;
use super::columns::Columns;
use super::fields::{Fault, Fields};
use super::limits::MAX_ROW_BYTES;
use super::markup::{Markup, Tag, Token};
use super::notes::Notes;
use super::shared_strings::{MAX_TEXT_BYTES, SharedStrings};
use super::sheet::{self, Sheet};
use super::sniff::describe_missing_columns;
use super::unreadable::Unreadable;

/// The file that lists the sheets.
pub(super) const WORKBOOK: &str = "xl/workbook.xml";
const RELATIONS: &str = "xl/_rels/workbook.xml.rels";
const STRINGS: &str = "xl/sharedStrings.xml";

/// What [`Workbook::find`] found.
pub(super) enum Found {
    Row(Box<Result<Fields<'static>, Fault>>),
    More,
    /// The end of this file of the archive; see [`Workbook::next_file`].
    End,
}

/// Reads a spreadsheet.
#[derive(Default)]
pub(super) struct Workbook {
    stage: Stage,
    markup: Markup,
    /// The relationship id of the first visible sheet.
    sheet_id: Option<String>,
    /// The name of its file.
    sheet_file: Option<String>,
    strings: SharedStrings,
    sheet: Sheet,
    sheet_found: bool,
    columns: Option<(Columns, Option<Source>)>,
    number: u64,
    pub(super) notes: Notes,
    /// What the owner says about the columns.
    given: ColumnNames,
}

/// The file that [`Workbook::next_file`] opens next. While a file is read, the stage is already the next one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Stage {
    #[default]
    Workbook,
    Relations,
    Strings,
    Sheet,
    Done,
}

impl Workbook {
    /// Reads columns as their owner says in `given`.
    pub(super) fn new(given: &ColumnNames) -> Self {
        Self { given: given.clone(), ..Self::default() }
    }

    /// Returns the last row's number, and its number in the sheet.
    pub(super) fn last(&self) -> (u64, u64) {
        (self.number, self.sheet.line)
    }

    /// Chooses the file to read next from `names`, and returns its index, or `None` at the end.
    pub(super) fn next_file<'a>(&mut self, names: impl Iterator<Item = &'a str>) -> Option<usize> {
        let names: Vec<&str> = names.collect();
        let position = |wanted: &str| names.iter().position(|name| name.eq_ignore_ascii_case(wanted));
        self.markup = Markup::default();
        loop {
            let (wanted, next) = match self.stage {
                Stage::Workbook => (WORKBOOK, Stage::Relations),
                Stage::Relations => (RELATIONS, Stage::Strings),
                Stage::Strings => (STRINGS, Stage::Sheet),
                Stage::Sheet => (self.sheet_file.as_deref().unwrap_or("xl/worksheets/sheet1.xml"), Stage::Done),
                Stage::Done => return None,
            };
            let index = position(wanted);
            self.stage = next;
            self.sheet_found |= next == Stage::Done && index.is_some();
            // A spreadsheet without shared strings has no file for them.
            if index.is_some() || next == Stage::Done {
                return index;
            }
        }
    }

    /// Returns why the spreadsheet has no row, if it has none.
    pub(super) fn failure(&self) -> Option<&'static str> {
        match &self.columns {
            _ if !self.sheet_found => Some("the spreadsheet has no sheet"),
            None => Some("the spreadsheet's first sheet is empty"),
            Some(_) => None,
        }
    }

    /// Finds the next row in the file that [`Workbook::next_file`] chose.
    pub(super) fn find(&mut self, buffer: &mut Buffer) -> Result<Found, Unreadable> {
        if self.stage == Stage::Done {
            return self.find_row(buffer);
        }
        loop {
            match self.markup.next(buffer) {
                Token::More => return Ok(Found::More),
                Token::End => return Ok(Found::End),
                Token::Text(length) => {
                    self.strings.take_text(&buffer.rest()[..length]);
                    buffer.consume(length);
                }
                Token::Tag(length) => {
                    let tag = Tag::parse(&buffer.rest()[..length]);
                    if !self.take_tag(&tag) {
                        let cause =
                            format!("the spreadsheet has more than {MAX_TEXT_BYTES} bytes of text; save it as CSV");
                        return Err(Unreadable::at(buffer.file_position(), cause));
                    }
                    buffer.consume(length);
                }
            }
        }
    }

    /// Takes a tag. Returns `false` if the shared strings are too long.
    fn take_tag(&mut self, tag: &Tag<'_>) -> bool {
        match self.stage {
            Stage::Relations
                if tag.is("sheet")
                    && self.sheet_id.is_none()
                    && tag.attribute("state").is_none_or(|state| state == "visible") =>
            {
                self.sheet_id = ["r:id", "id"].iter().find_map(|name| tag.attribute(name)).map(Cow::into_owned);
            }
            Stage::Strings if tag.is("Relationship") && tag.attribute("Id").as_deref() == self.sheet_id.as_deref() => {
                self.sheet_file = tag.attribute("Target").map(|target| match target.strip_prefix('/') {
                    Some(whole) => whole.to_owned(),
                    None => format!("xl/{target}"),
                });
            }
            Stage::Sheet => return self.strings.take_tag(tag),
            _ => {}
        }
        true
    }

    fn find_row(&mut self, buffer: &mut Buffer) -> Result<Found, Unreadable> {
        loop {
            let found = self.sheet.find(buffer, &self.strings);
            match found {
                sheet::Found::More => return Ok(Found::More),
                sheet::Found::End => return Ok(Found::End),
                sheet::Found::Row | sheet::Found::TooLong => {}
            }
            if self.columns.is_none() && self.take_header(buffer)? {
                continue;
            }
            self.number += 1;
            if found == sheet::Found::TooLong {
                let text = self.sheet.cells.join(",");
                let fault = Fault::of_row(text.as_bytes(), format!("is longer than {MAX_ROW_BYTES} bytes"));
                return Ok(Found::Row(Box::new(Err(fault))));
            }
            return Ok(Found::Row(Box::new(self.fields())));
        }
    }

    /// Sets the columns from the first row. Returns whether that row is a header.
    fn take_header(&mut self, buffer: &Buffer) -> Result<bool, Unreadable> {
        let cells: Vec<Cow<'_, str>> = self.sheet.cells.iter().map(|cell| Cow::Borrowed(cell.as_str())).collect();
        if let Some(columns) = Columns::from_header(&cells, &[], &self.given, &mut self.notes) {
            self.columns = Some(columns);
            return Ok(true);
        }
        if cells.first().is_some_and(|first| first.contains("://")) {
            self.columns = Some((Columns::by_position(cells.len()), None));
            return Ok(false);
        }
        Err(Unreadable::at(buffer.file_position(), describe_missing_columns(&cells)))
    }

    fn fields(&self) -> Result<Fields<'static>, Fault> {
        let Some((columns, source)) = &self.columns else { return Ok(Fields::default()) };
        let cells = self.sheet.cells.iter().zip(&self.sheet.is_number).enumerate().map(|(index, (cell, is_number))| {
            let is_date = matches!(columns.get(index), Some(Column::CreatedAt | Column::StartsAt | Column::ExpiresAt));
            let date = if *is_number && is_date { sheet::date_to_seconds(cell) } else { None };
            Cow::Owned(date.map_or_else(|| cell.clone(), |seconds| seconds.to_string()))
        });
        columns.fields(cells, &self.sheet.cells.join(","), *source)
    }
}
