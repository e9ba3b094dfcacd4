//! Defines what each column of a table holds, and reads rows by it.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::calendar::DateOrder;
use super::column::{Column, Source};
use super::column_names::ColumnNames;
use super::fields::{Fault, Fields};
use super::limits::MAX_COLUMNS;
use super::names::{WEAK_URL_NAMES, column_of_source, common_column, normalize, recognise_source};
use super::notes::Notes;
use super::unnamed::{are_urls, describe_unnamed_slugs};
use crate::files::csv::unescape_formulas;

/// What each column of a table holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Columns {
    /// The columns in the order of the file; `None` for a column whose meaning is not known.
    columns: Vec<Option<Column>>,
    /// The order of day and month in the file's dates.
    #[serde(default)]
    dates: DateOrder,
}

/// The first rows of a table after its header, as far as they are known. They need not all be there.
pub(super) type Sample<'a> = [Vec<Cow<'a, str>>];

impl Columns {
    /// Reads the columns from a header and a `sample` of the rows below it; `None` if no column holds URLs. Of two columns with
    /// the same meaning, the first counts, unless they restrict the link: then both do. If no name tells which column holds the
    /// URLs, it is the one whose cells all are URLs.
    pub(super) fn from_header(
        header: &[Cow<'_, str>],
        sample: &Sample<'_>,
        given: &ColumnNames,
        notes: &mut Notes,
    ) -> Option<(Self, Option<Source>)> {
        let names: Vec<String> = header.iter().map(|name| normalize(name)).collect();
        let source = recognise_source(&names);
        let mut columns: Vec<Option<Column>> = Vec::with_capacity(names.len());
        let is_given = |wanted| names.iter().any(|name| given.get(name) == Some(wanted));
        for name in &names {
            let of_source = || source.and_then(|source| column_of_source(name, source));
            let found = || of_source().or_else(|| common_column(name)).filter(|column| !is_given(*column));
            let column = given.get(name).or_else(found);
            let again = |column: &Column| !column.restricts() && columns.contains(&Some(*column));
            let column = column.filter(|column| *column == Column::Ignored || !again(column));
            columns.push(column);
        }
        for (index, column) in columns.iter_mut().enumerate().filter(|(index, _)| names[*index] == "code") {
            // The code may be that of the redirect.
            let mut cells =
                sample.iter().filter_map(|row| row.get(index)).filter(|cell| !cell.trim().is_empty()).peekable();
            if *column == Some(Column::Slug) && cells.peek().is_some() && cells.all(|cell| is_redirect_status(cell)) {
                *column = Some(Column::RedirectStatus);
            }
        }
        if !columns.contains(&Some(Column::Url)) {
            let url = find_url_column(header, &names, &columns, sample)?;
            columns[url] = Some(Column::Url);
        }
        let unknown = header.iter().zip(&columns).filter(|(_, column)| column.is_none());
        unknown.for_each(|(name, _)| notes.add_unknown_column(name));
        let times = columns.iter().enumerate().filter(|(_, column)| column.is_some_and(Column::is_time));
        let cells = times.flat_map(|(index, _)| sample.iter().filter_map(move |row| row.get(index)));
        let dates = DateOrder::shown_by(cells.map(AsRef::as_ref));
        Some((Self { columns, dates }, source))
    }

    /// Describes the column that probably holds the slugs of a table without a column of slugs, if there is one. Without it the
    /// links would get other slugs.
    pub(super) fn describe_unnamed_slugs(&self, header: &[Cow<'_, str>], sample: &Sample<'_>) -> Option<String> {
        let is_slug = |column: &Column| matches!(column, Column::Slug | Column::ShortUrl | Column::CustomUrl);
        if self.columns.iter().flatten().any(is_slug) {
            return None;
        }
        let unknown = header.iter().enumerate().filter(|(index, _)| self.columns.get(*index) == Some(&None));
        describe_unnamed_slugs(unknown.map(|(index, name)| {
            let cells = sample.iter().map(|row| row.get(index).map_or("", AsRef::as_ref)).collect();
            (name.as_ref(), cells)
        }))
    }

    /// Returns the columns of a file without a header, whose first row has `width` fields: `url[,slug[,title[,tags]]]`.
    pub(super) fn by_position(width: usize) -> Self {
        let known = [Column::Url, Column::Slug, Column::Title, Column::Tags];
        let mut columns: Vec<Option<Column>> = known.into_iter().map(Some).collect();
        columns.resize(width.clamp(columns.len(), MAX_COLUMNS), None);
        Self { columns, dates: DateOrder::Unknown }
    }

    /// Returns columns in this order.
    pub(super) fn in_order(columns: &[Column]) -> Self {
        Self { columns: columns.iter().copied().map(Some).collect(), dates: DateOrder::Unknown }
    }

    /// Returns how many fields a row may have.
    pub(super) fn width(&self) -> usize {
        self.columns.len()
    }

    /// Returns what the column `index` holds, 0 for the first.
    pub(super) fn get(&self, index: usize) -> Option<Column> {
        *self.columns.get(index)?
    }

    /// Counts the columns whose meaning is known.
    pub(super) fn count_known(&self) -> usize {
        self.columns.iter().flatten().count()
    }

    /// Reads a row from its cells. The fault of a broken row shows `text`, the whole row.
    #[inline]
    pub(super) fn fields<'a>(
        &self,
        cells: impl Iterator<Item = Cow<'a, str>>,
        text: &str,
        source: Option<Source>,
    ) -> Result<Fields<'a>, Fault> {
        let mut fields = Fields { source, dates: self.dates, ..Fields::default() };
        let mut cells = cells.into_iter();
        for column in &self.columns {
            let Some(cell) = cells.next() else { return Ok(fields) };
            if let Some(column) = *column {
                fields.set(column, if source == Some(Source::Waypost) { unescaped(cell) } else { cell });
            }
        }
        // A delimiter without quotation marks moves every field after it into the wrong column.
        let (mut width, mut has_more) = (self.width(), false);
        for cell in cells {
            width += 1;
            has_more |= !cell.trim().is_empty();
        }
        if has_more {
            let cause =
                format!("has {width} fields instead of {}: is a comma not in quotation marks?", self.columns.len());
            return Err(Fault::of_row(text.as_bytes(), cause));
        }
        Ok(fields)
    }
}

/// Finds the column of URLs in a table whose names do not tell: the one whose cells all are URLs, or the one with a name that
/// may mean a URL. A header has no URLs itself.
fn find_url_column(
    header: &[Cow<'_, str>],
    names: &[String],
    columns: &[Option<Column>],
    sample: &Sample<'_>,
) -> Option<usize> {
    if header.iter().any(|name| name.contains("://")) {
        return None;
    }
    let open = |index: &usize| columns[*index].is_none();
    let has_urls = |index: &usize| are_urls(sample.iter().filter_map(|row| row.get(*index)).map(AsRef::as_ref));
    let weak: Vec<usize> =
        WEAK_URL_NAMES.iter().filter_map(|weak| names.iter().position(|name| name == weak)).collect();
    if let Some(index) = weak.iter().copied().filter(open).find(|index| sample.is_empty() || has_urls(index)) {
        return Some(index);
    }
    let mut found = (0..names.len()).filter(open).filter(has_urls);
    let only = found.next().filter(|_| found.next().is_none());
    // Some cells of a column with a telling name may be wrong.
    only.or_else(|| weak.into_iter().find(open))
}

fn is_redirect_status(cell: &str) -> bool {
    matches!(cell.trim(), "301" | "302" | "303" | "307" | "308")
}

/// Reads a cell as our exports write it.
fn unescaped(cell: Cow<'_, str>) -> Cow<'_, str> {
    // Nearly no cell has an apostrophe.
    if cell.contains('\'') { Cow::Owned(unescape_formulas(&cell)) } else { cell }
}
