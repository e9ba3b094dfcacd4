//! Defines what each column of a table holds, and reads rows by it.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::column::{Column, Source};
use super::fields::{Fault, Fields};
use super::limits::MAX_COLUMNS;
use super::names::{column_of_source, common_column, normalize, recognise_source};
use super::notes::Notes;
use crate::files::csv::unescape_formulas;

/// What each column of a table holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Columns {
    /// The columns in the order of the file; `None` for a column whose meaning is not known.
    columns: Vec<Option<Column>>,
}

impl Columns {
    /// Reads the columns from a header; `None` if no column holds URLs. Of two columns with the same meaning, the first
    /// counts.
    pub(super) fn from_header(header: &[Cow<'_, str>], notes: &mut Notes) -> Option<(Self, Option<Source>)> {
        let names: Vec<String> = header.iter().map(|name| normalize(name)).collect();
        let source = recognise_source(&names);
        let mut columns: Vec<Option<Column>> = Vec::with_capacity(names.len());
        for name in &names {
            let of_source = source.and_then(|source| column_of_source(name, source));
            let column = of_source.or_else(|| common_column(name));
            columns.push(column.filter(|column| !columns.contains(&Some(*column))));
        }
        if !columns.contains(&Some(Column::Url)) {
            return None;
        }
        let unknown = header.iter().zip(&columns).filter(|(_, column)| column.is_none());
        unknown.for_each(|(name, _)| notes.add_unknown_column(name));
        Some((Self { columns }, source))
    }

    /// Returns the columns of a file without a header, whose first row has `width` fields: `url[,slug[,title[,tags]]]`.
    pub(super) fn by_position(width: usize) -> Self {
        let known = [Column::Url, Column::Slug, Column::Title, Column::Tags];
        let mut columns: Vec<Option<Column>> = known.into_iter().map(Some).collect();
        columns.resize(width.clamp(columns.len(), MAX_COLUMNS), None);
        Self { columns }
    }

    /// Returns columns in this order.
    pub(super) fn in_order(columns: &[Column]) -> Self {
        Self { columns: columns.iter().copied().map(Some).collect() }
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
        let mut fields = Fields { source, ..Fields::default() };
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

/// Reads a cell as our exports write it.
fn unescaped(cell: Cow<'_, str>) -> Cow<'_, str> {
    // Nearly no cell has an apostrophe.
    if cell.contains('\'') { Cow::Owned(unescape_formulas(&cell)) } else { cell }
}
