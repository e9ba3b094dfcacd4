//! Which column holds what.

use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::csv::CsvReader;
use super::{Fault, Fields};

/// A field of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Column {
    /// Where the link leads.
    Url,
    /// Its path.
    Slug,
    /// The host that serves it.
    Domain,
    /// What its owner calls it.
    Title,
    /// Words to find it by.
    Tags,
}

impl Column {
    /// The column that a file calls `name`, without regard to case, spaces, `_` and `-`.
    pub(super) fn of(name: &str) -> Option<Self> {
        let plain: String =
            name.chars().filter(|c| !matches!(c, ' ' | '_' | '-')).take(32).flat_map(char::to_lowercase).collect();
        match plain.as_str() {
            "url" | "target" | "targeturl" | "longurl" | "destination" | "destinationurl" | "originalurl" => {
                Some(Self::Url)
            }
            "slug" | "shortcode" | "keyword" | "path" | "alias" => Some(Self::Slug),
            "domain" => Some(Self::Domain),
            "title" => Some(Self::Title),
            "tags" => Some(Self::Tags),
            _ => None,
        }
    }
}

impl fmt::Display for Column {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Url => "url",
            Self::Slug => "slug",
            Self::Domain => "domain",
            Self::Title => "title",
            Self::Tags => "tags",
        })
    }
}

/// Where in a CSV row each column is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Columns {
    url: usize,
    slug: Option<usize>,
    domain: Option<usize>,
    title: Option<usize>,
    tags: Option<usize>,
    /// How many fields a row has at most.
    width: usize,
}

impl Columns {
    /// The columns that a header names; `None` if none of them holds URLs. Of two with the same meaning, the first counts.
    pub(super) fn from_header<'a>(names: impl Iterator<Item = &'a str>) -> Option<Self> {
        let columns: Vec<Option<Column>> = names.map(Column::of).collect();
        let at = |column| columns.iter().position(|&named| named == Some(column));
        Some(Self {
            url: at(Column::Url)?,
            slug: at(Column::Slug),
            domain: at(Column::Domain),
            title: at(Column::Title),
            tags: at(Column::Tags),
            width: columns.len(),
        })
    }

    /// The columns of a file without a header, whose first row has `width` fields: `url[,slug[,title[,tags]]]`.
    pub(super) fn positional(width: usize) -> Self {
        Self { url: 0, slug: Some(1), domain: None, title: Some(2), tags: Some(3), width: width.max(4) }
    }

    /// The fields of the last row of `reader`.
    pub(super) fn fields<'a>(&self, reader: &'a CsvReader) -> Result<Fields<'a>, Fault> {
        let row = std::str::from_utf8(reader.text()).map_err(|_| Fault::of_row(reader.text(), "is not UTF-8 text"))?;
        let field = |index: usize| reader.range(index).and_then(|range| row.get(range)).map_or("", str::trim);
        // A comma without quotation marks would move every field after it into the wrong column.
        if (self.width..reader.len()).any(|index| !field(index).is_empty()) {
            let cause =
                format!("has {} fields instead of {}: is a comma not in quotation marks?", reader.len(), self.width);
            return Err(Fault::of_row(reader.text(), cause));
        }
        let given = |index: Option<usize>| index.map(field).filter(|text| !text.is_empty()).map(Cow::Borrowed);
        Ok(Fields {
            url: given(Some(self.url)),
            slug: given(self.slug),
            domain: given(self.domain),
            title: given(self.title),
            tags: split_tags(self.tags.map_or("", field)).map(Cow::Borrowed).collect(),
        })
    }
}

/// The tags in one field, which `|` or `,` stands between.
pub(super) fn split_tags(text: &str) -> impl Iterator<Item = &str> {
    text.split(['|', ',']).map(str::trim).filter(|tag| !tag.is_empty())
}
