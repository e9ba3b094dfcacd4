//! Finds the columns of a sheet in its first rows. Titles may precede the header.

use std::borrow::Cow;
use std::collections::VecDeque;

use super::column::Source;
use super::columns::Columns;
use super::notes::Notes;
use super::sheet::{Cell, SheetRow};

/// In how many rows the header is looked for.
const MAX_ROWS: usize = 20;

/// The first rows of a sheet.
#[derive(Default)]
pub(super) struct SheetHead {
    rows: VecDeque<SheetRow>,
    state: State,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum State {
    /// More rows may tell.
    #[default]
    Searching,
    /// The sheet has no more rows.
    Ended,
    /// The columns are known. The remaining rows are to be read.
    Read,
    /// The columns are known, but the rows are not wanted.
    Left,
}

impl SheetHead {
    /// Adds the next row.
    pub(super) fn push(&mut self, row: SheetRow) {
        self.rows.push_back(row);
    }

    /// Ends the sheet after the last row.
    pub(super) fn end(&mut self) {
        self.state = State::Ended;
    }

    /// Leaves the sheet, whose columns are known.
    pub(super) fn leave(&mut self) {
        self.state = State::Left;
        self.rows.clear();
    }

    /// Tells whether the columns are known.
    pub(super) fn is_read(&self) -> bool {
        matches!(self.state, State::Read | State::Left)
    }

    /// Tells whether no more rows of the sheet are wanted.
    pub(super) fn is_rejected(&self) -> bool {
        match self.state {
            State::Searching => self.rows.len() >= MAX_ROWS,
            State::Ended | State::Left => true,
            State::Read => false,
        }
    }

    /// Returns the first row.
    pub(super) fn first(&self) -> Option<&SheetRow> {
        self.rows.front()
    }

    /// Returns the next row after the header, as far as it was added.
    pub(super) fn next_row(&mut self) -> Option<SheetRow> {
        if self.state == State::Read { self.rows.pop_front() } else { None }
    }

    /// Returns the columns, if the rows show them.
    ///
    /// A sheet whose first cell is a URL has no header; a title that leads to a URL is still a title. Otherwise the first row that names a column of URLs is the header, and
    /// what precedes it are titles. Without a header the first row that begins with a URL shows that there is none; the rows
    /// before it are then read too, since they may be links that are mistyped.
    pub(super) fn columns(&mut self, notes: &mut Notes) -> Option<(Columns, Option<Source>)> {
        if self.is_read() {
            return None;
        }
        if let Some(first) = self.rows.front().filter(|row| is_url(row.cells.first().map(|cell| cell.text.as_str()))) {
            let columns = Columns::by_position(first.cells.len());
            self.state = State::Read;
            return Some((columns, None));
        }
        // The rows before the last one were looked at when they were the last.
        if self.state == State::Searching {
            let cells: Vec<Cow<'_, str>> =
                self.rows.back()?.cells.iter().map(|cell| Cow::Borrowed(cell.text.as_str())).collect();
            if let Some(columns) = Columns::from_header(&cells, notes) {
                self.rows.clear();
                self.state = State::Read;
                return Some(columns);
            }
        }
        if self.state == State::Ended || self.rows.len() >= MAX_ROWS {
            let width = self.rows.iter().find(|row| begins_with_url(row))?.cells.len();
            self.state = State::Read;
            return Some((Columns::by_position(width), None));
        }
        None
    }
}

fn begins_with_url(row: &SheetRow) -> bool {
    is_url(row.cells.first().map(Cell::url))
}

fn is_url(text: Option<&str>) -> bool {
    text.is_some_and(|text| text.contains("://"))
}
