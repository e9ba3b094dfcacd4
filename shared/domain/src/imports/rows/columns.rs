//! Which column of a table holds what.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::column::Column;
use super::column::Source;
use super::fields::{Fault, Fields};
use super::limits::MAX_COLUMNS;
use super::notes::Notes;
use crate::imports::rows::names;

/// What each column of a table holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Columns {
    /// In their order in the file; a column that means nothing is `None`.
    columns: Vec<Option<Column>>,
}

impl Columns {
    /// The columns that a header names; `None` if none of them holds URLs. Of two with the same meaning, the first counts.
    pub(super) fn from_header(header: &[Cow<'_, str>], notes: &mut Notes) -> Option<(Self, Option<Source>)> {
        let plain: Vec<String> = header.iter().map(|name| names::plain(name)).collect();
        let source = names::source(&plain);
        let mut columns: Vec<Option<Column>> = Vec::with_capacity(plain.len());
        for name in &plain {
            let of_source = source.and_then(|source| names::column_of_source(name, source));
            let column = of_source.or_else(|| names::column(name));
            columns.push(column.filter(|column| !columns.contains(&Some(*column))));
        }
        if !columns.contains(&Some(Column::Url)) {
            return None;
        }
        let unknown = header.iter().zip(&columns).filter(|(_, column)| column.is_none());
        unknown.for_each(|(name, _)| notes.unknown_column(name));
        Some((Self { columns }, source))
    }

    /// The columns of a file without a header, whose first row has `width` fields: `url[,slug[,title[,tags]]]`.
    pub(super) fn positional(width: usize) -> Self {
        let known = [Column::Url, Column::Slug, Column::Title, Column::Tags];
        let mut columns: Vec<Option<Column>> = known.into_iter().map(Some).collect();
        columns.resize(width.clamp(columns.len(), MAX_COLUMNS), None);
        Self { columns }
    }

    /// How many fields a row has at most.
    pub(super) fn width(&self) -> usize {
        self.columns.len()
    }

    /// What the column `index` holds, 0 for the first.
    pub(super) fn get(&self, index: usize) -> Option<Column> {
        *self.columns.get(index)?
    }

    /// How many columns mean something.
    pub(super) fn known(&self) -> usize {
        self.columns.iter().flatten().count()
    }

    /// The row with these cells. `text` is all of it, to be shown if it is broken.
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
                fields.set(column, cell);
            }
        }
        // A delimiter without quotation marks would move every field after it into the wrong column.
        let (mut width, mut moved) = (self.width(), false);
        for cell in cells {
            width += 1;
            moved |= !cell.trim().is_empty();
        }
        if moved {
            let cause =
                format!("has {width} fields instead of {}: is a comma not in quotation marks?", self.columns.len());
            return Err(Fault::of_row(text.as_bytes(), cause));
        }
        Ok(fields)
    }
}
