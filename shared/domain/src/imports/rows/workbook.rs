//! Reads a spreadsheet: the files of its archive that list its sheets and shared strings, then its sheets, until one has a
//! column of links.

use std::borrow::Cow;

use super::buffer::Buffer;
use super::column::{Column, Source};
use super::column_names::ColumnNames;
use super::columns::Columns;
use super::fields::{Fault, Fields};
use super::limits::MAX_ROW_BYTES;
use super::notes::Notes;
use super::shared_strings::{MAX_TEXT_BYTES, SharedStrings};
use super::sheet::{self, Sheet, SheetRow, read_date};
use super::sheet_head::SheetHead;
use super::sheet_links::{MAX_LINK_BYTES, SheetLinks};
use super::sheet_list::SheetList;
use super::sniff::describe_missing_columns;
use super::unreadable::Unreadable;
use super::xml::{Tag, Token, Xml};

/// The file that lists the sheets.
pub(super) const WORKBOOK: &str = "xl/workbook.xml";
const RELATIONS: &str = "xl/_rels/workbook.xml.rels";

/// What [`Workbook::find`] found.
pub(super) enum Found {
    Row(Box<Result<Fields<'static>, Fault>>),
    More,
    /// The end of what matters in this file of the archive; see [`Workbook::next_file`].
    End,
}

/// Reads a spreadsheet.
#[derive(Default)]
pub(super) struct Workbook {
    /// The file that is being read.
    stage: Stage,
    xml: Xml,
    sheets: SheetList,
    strings: SharedStrings,
    /// The index of the visible sheet that is being read.
    sheet_index: usize,
    /// Whether any sheet has a file.
    sheet_found: bool,
    links: SheetLinks,
    sheet: Sheet,
    /// The first rows of the sheet.
    head: SheetHead,
    /// The columns of the sheet whose rows are links.
    columns: Option<(Columns, Option<Source>)>,
    /// The row that was returned last.
    row: SheetRow,
    number: u64,
    /// Why the first sheet that is not empty has no links.
    no_columns: Option<String>,
    pub(super) notes: Notes,
    /// What the owner says about the columns.
    given: ColumnNames,
}

/// A file of the archive.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Stage {
    #[default]
    Start,
    Workbook,
    Relations,
    Strings,
    /// The relationships of a sheet: the addresses of its hyperlinks.
    SheetRelations,
    /// A sheet, for the cells of its hyperlinks: they are listed after its rows.
    SheetLinks,
    /// A sheet, for its rows.
    SheetRows,
    Done,
}

impl Workbook {
    /// Reads columns as their owner says in `given`.
    pub(super) fn new(given: &ColumnNames) -> Self {
        Self { given: given.clone(), ..Self::default() }
    }

    /// Returns the last row's number, and its number in the sheet.
    pub(super) fn last(&self) -> (u64, u64) {
        (self.number, self.row.line)
    }

    /// Chooses the file to read next from `names`, and returns its index, or `None` at the end.
    pub(super) fn next_file<'a>(&mut self, names: impl Iterator<Item = &'a str>) -> Option<usize> {
        let names: Vec<&str> = names.collect();
        let position = |wanted: &str| names.iter().position(|name| name.eq_ignore_ascii_case(wanted));
        self.xml = Xml::default();
        loop {
            if self.stage == Stage::SheetRows {
                self.leave_sheet();
                self.sheet_index += 1;
            }
            self.stage = self.next_stage();
            let wanted = match self.stage {
                Stage::Start | Stage::Done => return None,
                Stage::Workbook => WORKBOOK.to_owned(),
                Stage::Relations => RELATIONS.to_owned(),
                Stage::Strings => self.sheets.strings_file().to_owned(),
                Stage::SheetRelations => {
                    self.links = SheetLinks::default();
                    self.sheets.relations_file(self.sheet_index)
                }
                Stage::SheetLinks | Stage::SheetRows => self.sheets.file(self.sheet_index).to_owned(),
            };
            if let Some(index) = position(&wanted) {
                self.sheet_found |= self.stage == Stage::SheetRows;
                self.sheet = Sheet::default();
                return Some(index);
            }
        }
    }

    fn next_stage(&self) -> Stage {
        match self.stage {
            Stage::Start => Stage::Workbook,
            Stage::Workbook => Stage::Relations,
            Stage::Relations => Stage::Strings,
            Stage::Strings | Stage::SheetRows if self.sheet_index < self.sheets.len() => Stage::SheetRelations,
            Stage::SheetRelations if self.links.has_targets() => Stage::SheetLinks,
            Stage::SheetRelations | Stage::SheetLinks => Stage::SheetRows,
            Stage::Strings | Stage::SheetRows | Stage::Done => Stage::Done,
        }
    }

    /// Leaves a sheet, and notes why its rows are not links.
    fn leave_sheet(&mut self) {
        let head = std::mem::take(&mut self.head);
        if head.is_read() {
            return;
        }
        if let Some(first) = head.first() {
            let cells: Vec<Cow<'_, str>> = first.cells.iter().map(|cell| Cow::Borrowed(cell.url())).collect();
            self.no_columns.get_or_insert_with(|| describe_missing_columns(&cells));
            self.notes.add_skipped_member(self.sheets.name(self.sheet_index), "the sheet has no column of links");
        }
    }

    /// Returns why the spreadsheet has no row, if it has none.
    pub(super) fn failure(&self) -> Option<String> {
        match (&self.columns, &self.no_columns) {
            (Some(_), _) => None,
            _ if !self.sheet_found => Some("the spreadsheet has no sheet".to_owned()),
            (None, Some(cause)) => Some(cause.clone()),
            (None, None) if self.sheets.len() > 1 => Some("the spreadsheet's sheets are empty".to_owned()),
            (None, None) => Some("the spreadsheet's first sheet is empty".to_owned()),
        }
    }

    /// Finds the next row in the file that [`Workbook::next_file`] chose.
    pub(super) fn find(&mut self, buffer: &mut Buffer) -> Result<Found, Unreadable> {
        if self.stage == Stage::SheetRows {
            return self.find_row(buffer);
        }
        loop {
            let has_room = match self.xml.next(buffer) {
                Token::More => return Ok(Found::More),
                Token::End => return Ok(Found::End),
                Token::Broken => return Err(damaged(buffer)),
                Token::Text(length) => {
                    let text = &buffer.rest()[..length];
                    let has_room = self.stage != Stage::Strings || self.strings.take_text(text);
                    buffer.consume(length);
                    has_room
                }
                Token::Tag(length) => {
                    let tag = Tag::parse(&buffer.rest()[..length]);
                    let has_room = self.take_tag(&tag);
                    buffer.consume(length);
                    has_room
                }
            };
            if !has_room {
                return Err(Unreadable::at(buffer.file_position(), self.describe_excess()));
            }
        }
    }

    /// Takes a tag. Returns `false` if there is no room for it.
    fn take_tag(&mut self, tag: &Tag<'_>) -> bool {
        match self.stage {
            Stage::Workbook => self.sheets.take_tag(tag),
            Stage::Relations => self.sheets.take_relation(tag),
            Stage::Strings => self.strings.take_tag(tag),
            Stage::SheetRelations => self.links.take_relation(tag),
            Stage::SheetLinks => self.links.take_tag(tag),
            Stage::Start | Stage::SheetRows | Stage::Done => true,
        }
    }

    fn describe_excess(&self) -> String {
        match self.stage {
            Stage::Strings => format!("the spreadsheet has more than {MAX_TEXT_BYTES} bytes of text; save it as CSV"),
            Stage::SheetRelations | Stage::SheetLinks => {
                format!("the spreadsheet has more than {MAX_LINK_BYTES} bytes of hyperlinks; divide it")
            }
            _ => format!("the spreadsheet has more than {} sheets", SheetList::MAX_SHEETS),
        }
    }

    fn find_row(&mut self, buffer: &mut Buffer) -> Result<Found, Unreadable> {
        loop {
            if let Some(row) = self.head.next_row() {
                return Ok(Found::Row(self.take_row(row)));
            }
            if self.head.is_rejected() {
                return Ok(Found::End);
            }
            match self.sheet.find(buffer, &self.strings, &self.links) {
                sheet::Found::More => return Ok(Found::More),
                sheet::Found::Broken => return Err(damaged(buffer)),
                sheet::Found::Row if self.head.is_read() => {
                    let row = std::mem::take(&mut self.sheet.row);
                    self.sheet.row.line = row.line;
                    return Ok(Found::Row(self.take_row(row)));
                }
                sheet::Found::Row => self.head.push(self.sheet.row.clone()),
                sheet::Found::End if self.head.is_read() => return Ok(Found::End),
                sheet::Found::End => self.head.end(),
            }
            self.choose_columns()?;
        }
    }

    /// Sets the columns, if the first rows show them. Notes a second sheet with links, and leaves it.
    fn choose_columns(&mut self) -> Result<(), Unreadable> {
        let mut notes = Notes::default();
        let found = self.head.columns(&self.given, &mut notes);
        if matches!(found, Ok(None)) {
            return Ok(());
        }
        if self.columns.is_some() {
            let cause = "only the first sheet with a column of links is read";
            self.notes.add_skipped_member(self.sheets.name(self.sheet_index), cause);
            self.head.leave();
            return Ok(());
        }
        self.columns = found.map_err(Unreadable::question)?;
        self.notes.merge(&notes);
        Ok(())
    }

    /// Reads a row, and makes it the last one.
    fn take_row(&mut self, row: SheetRow) -> Box<Result<Fields<'static>, Fault>> {
        self.row = row;
        self.number += 1;
        Box::new(self.fields())
    }

    fn fields(&self) -> Result<Fields<'static>, Fault> {
        let text = || self.row.cells.iter().map(|cell| cell.text.as_str()).collect::<Vec<_>>().join(",");
        if self.row.too_long {
            return Err(Fault::of_row(text().as_bytes(), format!("is longer than {MAX_ROW_BYTES} bytes")));
        }
        let Some((columns, source)) = &self.columns else { return Ok(Fields::default()) };
        let cells = self.row.cells.iter().enumerate().map(|(index, cell)| {
            let text = match columns.get(index) {
                Some(Column::Url) => cell.url().to_owned(),
                Some(Column::CreatedAt | Column::StartsAt | Column::ExpiresAt) if cell.is_number => {
                    read_date(&cell.text, self.sheets.dates_since_1904()).unwrap_or_else(|| cell.text.clone())
                }
                _ => cell.text.clone(),
            };
            Cow::Owned(text)
        });
        columns.fields(cells, &text(), *source)
    }
}

fn damaged(buffer: &Buffer) -> Unreadable {
    Unreadable::at(buffer.file_position(), "the spreadsheet is damaged: a file in it is not XML, or breaks off")
}
