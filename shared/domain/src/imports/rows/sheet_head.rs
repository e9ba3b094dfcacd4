//! Finds the columns of a sheet in its first rows. Titles may precede the header.

use std::borrow::Cow;
use std::collections::VecDeque;

use super::column::Source;
use super::column_names::ColumnNames;
use super::columns::Columns;
use super::notes::Notes;
use super::sheet::SheetRow;

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
    /// No row can tell any more.
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

    /// Returns the columns, if the last row shows them.
    ///
    /// The first row that names a column of URLs is the header, and what precedes it are titles, as long as no row has a URL
    /// in a cell. A sheet whose first cell is a URL has no header. Neither has one with a single column whose first rows are
    /// not URLs; these are read too, since they may be links that are mistyped. Any other row with a URL is below a header
    /// that is not known, and the meaning of its columns must not be guessed.
    pub(super) fn columns(&mut self, given: &ColumnNames, notes: &mut Notes) -> Option<(Columns, Option<Source>)> {
        if self.state != State::Searching {
            return None;
        }
        let last = self.rows.back()?;
        if !last.cells.iter().any(|cell| cell.text.contains("://")) {
            let cells: Vec<Cow<'_, str>> = last.cells.iter().map(|cell| Cow::Borrowed(cell.text.as_str())).collect();
            let columns = Columns::from_header(&cells, &[], given, notes)?;
            self.rows.clear();
            self.state = State::Read;
            return Some(columns);
        }
        let is_first = self.rows.len() == 1 && last.cells.first().is_some_and(|cell| cell.text.contains("://"));
        if is_first || self.rows.iter().all(|row| row.cells.len() == 1) {
            let columns = Columns::by_position(last.cells.len());
            self.state = State::Read;
            return Some((columns, None));
        }
        self.state = State::Ended;
        None
    }
}

#[cfg(test)]
mod tests {
    use super::super::column::Column;
    use super::super::sheet::Cell;
    use super::*;

    /// Returns the known columns of a sheet with these rows, and how many of the rows are read.
    fn head(rows: &[&[&str]]) -> Option<(Vec<Option<Column>>, usize)> {
        let (mut head, mut columns) = (SheetHead::default(), None);
        for row in rows {
            let cells = row.iter().map(|text| Cell { text: (*text).to_owned(), ..Cell::default() }).collect();
            head.push(SheetRow { cells, ..SheetRow::default() });
            columns = columns.or_else(|| head.columns(&ColumnNames::default(), &mut Notes::default()));
        }
        let (columns, _) = columns?;
        let read = std::iter::from_fn(|| head.next_row()).count();
        Some(((0..columns.width()).map(|index| columns.get(index)).collect(), read))
    }

    #[test]
    fn header_is_found_below_titles_and_never_guessed() {
        use Column::{Slug, Tags, Title, Url};
        let by_position = vec![Some(Url), Some(Slug), Some(Title), Some(Tags)];
        for (rows, expected) in [
            (vec![&["url", "slug"][..], &["https://a.example/", "a"]], Some((vec![Some(Url), Some(Slug)], 1))),
            (vec![&["Our links"], &["2026"], &["x", "url"]], Some((vec![None, Some(Url)], 0))),
            (vec![&["https://a.example/", "a"], &["url", "slug"]], Some((by_position.clone(), 2))),
            (vec![&["htps:/typo.example/"], &["https://a.example/"]], Some((by_position, 2))),
            (vec![&["Website", "Name"], &["https://a.example/", "Target"]], Some((vec![Some(Url), None], 1))),
            // An unknown header: a cell of the second row is called like a column, and the first cells would be slugs.
            (vec![&["Where", "Name"], &["https://a.example/", "Target"]], None),
            (vec![&["Name", "Where"], &["x", "https://a.example/"], &["url", "slug"]], None),
            (vec![&["Name"], &["nothing"]], None),
        ] {
            assert_eq!(head(&rows), expected, "{rows:?}");
        }
    }

    #[test]
    fn header_is_looked_for_in_the_first_rows_only() {
        for (titles, found) in [(MAX_ROWS - 1, true), (MAX_ROWS, false)] {
            let mut head = SheetHead::default();
            for _ in 0..titles {
                head.push(SheetRow { cells: vec![Cell::default()], ..SheetRow::default() });
                assert!(head.columns(&ColumnNames::default(), &mut Notes::default()).is_none());
            }
            assert_eq!(head.is_rejected(), !found, "{titles} titles");
        }
    }
}
