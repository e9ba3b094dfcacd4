//! Defines the fields of a row, and the fault of a row that cannot be a link.

use std::borrow::Cow;

use super::calendar::DateOrder;
use super::column::{Column, Source};
use super::dialects::{as_written, writes_otherwise};

/// The tags of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tags<'a> {
    /// One text with `|` or `,` between the tags.
    Text(Cow<'a, str>),
    /// A list with one text per tag.
    List(Vec<Cow<'a, str>>),
}

impl Default for Tags<'_> {
    fn default() -> Self {
        Self::Text(Cow::Borrowed(""))
    }
}

impl Tags<'_> {
    /// Returns the tags without surrounding white space, and leaves out blank ones.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        let (text, list): (&str, &[Cow<'_, str>]) = match self {
            Self::Text(text) => (text, &[]),
            Self::List(list) => ("", list),
        };
        let split = text.split(['|', ',']).map(str::trim);
        split.chain(list.iter().map(|tag| tag.trim())).filter(|tag| !tag.is_empty())
    }
}

/// The fields of a row as they are in the file, without surrounding white space. A blank field is absent.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Fields<'a> {
    /// The URL to which the link leads.
    pub url: Option<Cow<'a, str>>,
    /// The slug of the link.
    pub slug: Option<Cow<'a, str>>,
    /// The short link as a URL; its path is the slug if the row has no `slug`.
    pub short_url: Option<Cow<'a, str>>,
    /// A short link that its owner chose; its path is the slug rather than that of `short_url`.
    pub custom_url: Option<Cow<'a, str>>,
    /// The host that serves the link.
    pub domain: Option<Cow<'a, str>>,
    /// The title of the link.
    pub title: Option<Cow<'a, str>>,
    /// The tags of the link.
    pub tags: Tags<'a>,
    /// When the link was created.
    pub created_at: Option<Cow<'a, str>>,
    /// How many clicks another service counted.
    pub imported_clicks: Option<Cow<'a, str>>,
    /// The fields that few rows have.
    pub more: Vec<(Column, Cow<'a, str>)>,
    /// The fields that could not be read, which cost only themselves.
    pub faults: Vec<Fault>,
    /// The order of day and month in the dates.
    pub dates: DateOrder,
    /// The service that wrote the file.
    pub source: Option<Source>,
}

impl<'a> Fields<'a> {
    /// Sets the field of `column`, unless `text` is blank.
    #[inline]
    pub(crate) fn set(&mut self, column: Column, text: Cow<'a, str>) {
        let text = trimmed(text);
        let (column, text) = match self.source {
            Some(source) if writes_otherwise(source) || column == Column::ShortUrl => as_written(source, column, text),
            None if column == Column::ShortUrl => as_written(Source::Polr, column, text),
            _ => (column, text),
        };
        if text.is_empty() {
            return;
        }
        match column {
            Column::Url => self.url = Some(text),
            Column::Slug => self.slug = Some(text),
            Column::ShortUrl => self.short_url = Some(text),
            Column::CustomUrl => self.custom_url = Some(text),
            Column::Domain => self.domain = Some(text),
            Column::Title => self.title = Some(text),
            Column::Tags if self.source == Some(Source::Pinboard) => {
                self.tags = Tags::List(text.split_whitespace().map(|tag| Cow::Owned(tag.to_owned())).collect());
            }
            Column::Tags => self.tags = parse_tags(text),
            Column::CreatedAt => self.created_at = Some(text),
            Column::ImportedClicks => self.imported_clicks = Some(text),
            Column::Ignored => {}
            _ => self.more.push((column, text)),
        }
    }
}

impl Fields<'_> {
    /// Returns the same fields without the text that they are part of.
    pub(super) fn into_owned(self) -> Fields<'static> {
        let own = |text: Option<Cow<'_, str>>| text.map(|text| Cow::Owned(text.into_owned()));
        let tags = match self.tags {
            Tags::Text(text) => Tags::Text(Cow::Owned(text.into_owned())),
            Tags::List(list) => Tags::List(list.into_iter().map(|tag| Cow::Owned(tag.into_owned())).collect()),
        };
        Fields {
            url: own(self.url),
            slug: own(self.slug),
            short_url: own(self.short_url),
            custom_url: own(self.custom_url),
            domain: own(self.domain),
            title: own(self.title),
            tags,
            created_at: own(self.created_at),
            imported_clicks: own(self.imported_clicks),
            more: self.more.into_iter().map(|(column, text)| (column, Cow::Owned(text.into_owned()))).collect(),
            faults: self.faults,
            dates: self.dates,
            source: self.source,
        }
    }

    /// Checks that the addresses have no character whose encoding is only likely: a wrong one would lead elsewhere.
    ///
    /// # Errors
    /// The first column that has such a character.
    pub(super) fn with_certain_addresses(self) -> Result<Self, Fault> {
        let addresses = [
            (Column::Url, &self.url),
            (Column::Slug, &self.slug),
            (Column::ShortUrl, &self.short_url),
            (Column::CustomUrl, &self.custom_url),
        ];
        for (column, text) in addresses {
            if let Some(text) = text.as_deref().filter(|text| !text.is_ascii()) {
                let cause = "has a character whose encoding is not certain; save the file as UTF-8".to_owned();
                return Err(Fault { column: Some(column), value: text.to_owned(), cause });
            }
        }
        Ok(self)
    }
}

/// Parses tags with `|` or `,` between them, or a JSON list: only the list can hold a tag with a comma in CSV.
fn parse_tags(text: Cow<'_, str>) -> Tags<'_> {
    if text.starts_with('[')
        && let Ok(list) = serde_json::from_str::<Vec<String>>(&text)
    {
        return Tags::List(list.into_iter().map(Cow::Owned).collect());
    }
    Tags::Text(text)
}

fn trimmed(text: Cow<'_, str>) -> Cow<'_, str> {
    match text {
        Cow::Borrowed(text) => Cow::Borrowed(text.trim()),
        Cow::Owned(text) if text.trim().len() == text.len() => Cow::Owned(text),
        Cow::Owned(text) => Cow::Owned(text.trim().to_owned()),
    }
}

/// The reason why a row cannot be a link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The column that is wrong, or `None` if it is the whole row.
    pub column: Option<Column>,
    /// The value in the file. The report cuts it.
    pub value: String,
    /// What is wrong with the value, in words for a person.
    pub cause: String,
}

/// How many bytes of a broken row are kept; the report shows fewer.
const MAX_FAULT_BYTES: usize = 1024;

impl Fault {
    /// Creates the fault of a whole row.
    pub(super) fn of_row(text: &[u8], cause: impl Into<String>) -> Self {
        let start = &text[..text.len().min(MAX_FAULT_BYTES)];
        Self { column: None, value: String::from_utf8_lossy(start).into_owned(), cause: cause.into() }
    }
}
