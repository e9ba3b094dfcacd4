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

/// How many rows below a header are looked at before the first becomes a link.
const SAMPLE_ROWS: usize = 50;

/// The columns of a sheet, and the service that wrote it.
type Recognised = (Columns, Option<Source>);

/// The first rows of a sheet.
#[derive(Default)]
pub(super) struct SheetHead {
    rows: VecDeque<SheetRow>,
    /// The index of the header in `rows`, once it is found.
    header: Option<usize>,
    /// Whether the sheet has no more rows.
    ended: bool,
    state: State,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum State {
    /// More rows may tell.
    #[default]
    Searching,
    /// No row can tell any more.
    Rejected,
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
        self.ended = true;
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
            State::Searching => self.header.is_none() && (self.ended || self.rows.len() >= MAX_ROWS),
            State::Rejected | State::Left => true,
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
    /// The first row that names a column of URLs is the header, and what precedes it are titles, as long as no row has a URL
    /// in a cell. If none does, it is the row above the first one with a URL, and the cells below it must show which column has
    /// the URLs. A sheet whose first cell is a URL has no header. Neither has one with a single column whose first rows are
    /// not URLs; these are read too, since they may be links that are mistyped.
    ///
    /// # Errors
    /// What the owner of the file must say first.
    pub(super) fn columns(&mut self, given: &ColumnNames, notes: &mut Notes) -> Result<Option<Recognised>, String> {
        if self.state != State::Searching {
            return Ok(None);
        }
        if self.header.is_none()
            && !self.ended
            && let Some(columns) = self.find_header(given)
        {
            self.state = State::Read;
            return Ok(Some((columns, None)));
        }
        let Some(header) = self.header else { return Ok(None) };
        if self.rows.len() <= header + SAMPLE_ROWS && !self.ended {
            return Ok(None);
        }
        let sample: Vec<_> = self.rows.range(header + 1..).map(texts).collect();
        let names = texts(&self.rows[header]);
        let Some(found) = Columns::from_header(&names, &sample, given, notes) else {
            self.state = State::Rejected;
            return Ok(None);
        };
        if let Some(question) = found.0.describe_unnamed_slugs(&names, &sample) {
            return Err(question);
        }
        self.rows.drain(..=header);
        self.state = State::Read;
        Ok(Some(found))
    }

    /// Looks for the header in the last rows. Returns the columns of a sheet without one.
    fn find_header(&mut self, given: &ColumnNames) -> Option<Columns> {
        let last = self.rows.back()?;
        if !has_url(last) {
            let names = Columns::from_header(&texts(last), &[], given, &mut Notes::default());
            self.header = names.map(|_| self.rows.len() - 1);
            return None;
        }
        let is_first = self.rows.len() == 1 && last.cells.first().is_some_and(|cell| cell.text.contains("://"));
        if is_first || self.rows.iter().all(|row| row.cells.len() == 1) {
            return Some(Columns::by_position(last.cells.len()));
        }
        let above = self.rows.len().checked_sub(2);
        self.header = above.filter(|&above| self.rows[above].cells.len() >= last.cells.len());
        if self.header.is_none() {
            self.state = State::Rejected;
        }
        None
    }
}

fn has_url(row: &SheetRow) -> bool {
    row.cells.iter().any(|cell| cell.text.contains("://"))
}

/// Returns the cells of a row, with the URL that is behind a text in its place.
fn texts(row: &SheetRow) -> Vec<Cow<'_, str>> {
    row.cells.iter().map(|cell| Cow::Borrowed(cell.url())).collect()
}

#[cfg(test)]
mod tests {
    use super::super::column::Column;
    use super::super::sheet::Cell;
    use super::*;

    /// The known columns of a sheet, and how many of its rows are read.
    type Found = (Vec<Option<Column>>, usize);

    /// Returns what a sheet with these rows has.
    fn head(rows: &[&[&str]]) -> Result<Option<Found>, String> {
        let (mut head, mut columns) = (SheetHead::default(), None);
        let (given, mut notes) = (ColumnNames::default(), Notes::default());
        for row in rows {
            let cells = row.iter().map(|text| Cell { text: (*text).to_owned(), ..Cell::default() }).collect();
            head.push(SheetRow { cells, ..SheetRow::default() });
            columns = columns.or(head.columns(&given, &mut notes)?);
        }
        head.end();
        let Some((columns, _)) = columns.or(head.columns(&given, &mut notes)?) else { return Ok(None) };
        let read = std::iter::from_fn(|| head.next_row()).count();
        Ok(Some(((0..columns.width()).map(|index| columns.get(index)).collect(), read)))
    }

    #[test]
    fn header_is_found_below_titles() {
        use Column::{Slug, Tags, Title, Url};
        let by_position = vec![Some(Url), Some(Slug), Some(Title), Some(Tags)];
        for (rows, expected) in [
            (vec![&["url", "slug"][..], &["https://a.example/", "a"]], Some((vec![Some(Url), Some(Slug)], 1))),
            (vec![&["Our links"], &["2026"], &["x", "url"]], Some((vec![None, Some(Url)], 0))),
            (vec![&["https://a.example/", "a"], &["url", "slug"]], Some((by_position.clone(), 2))),
            (vec![&["htps:/typo.example/"], &["https://a.example/"]], Some((by_position, 2))),
            // A header without a known name: the cells show the URLs. A cell of the second row is called like a column.
            (vec![&["Where", "Name"], &["https://a.example/", "Target"]], Some((vec![Some(Url), None], 1))),
            (vec![&["Links", ""], &["Where", "Name"], &["https://a.example/", "x"]], Some((vec![Some(Url), None], 1))),
            // Two columns have URLs, and a title is above a table without a header.
            (vec![&["From", "To"], &["https://a.example/", "https://b.example/"]], None),
            (vec![&["Our links"], &["https://a.example/", "a"]], None),
            (vec![&["Name"], &["nothing"]], None),
        ] {
            assert_eq!(head(&rows), Ok(expected), "{rows:?}");
        }
    }

    #[test]
    fn owner_is_asked_about_slugs_below_a_name_that_is_not_known() {
        for header in ["url", "Where"] {
            let rows: [&[&str]; 3] =
                [&[header, "Kürzel"], &["https://a.example/1", "aa"], &["https://a.example/2", "bb"]];
            assert!(head(&rows).unwrap_err().contains("Kürzel"), "{header}");
        }
    }

    #[test]
    fn header_is_looked_for_in_the_first_rows_only() {
        for (titles, found) in [(MAX_ROWS - 1, true), (MAX_ROWS, false)] {
            let mut head = SheetHead::default();
            for _ in 0..titles {
                head.push(SheetRow { cells: vec![Cell::default()], ..SheetRow::default() });
                assert!(matches!(head.columns(&ColumnNames::default(), &mut Notes::default()), Ok(None)));
            }
            assert_eq!(head.is_rejected(), !found, "{titles} titles");
        }
    }
}
