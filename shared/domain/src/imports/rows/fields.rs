//! The fields of a row, and what can be wrong with it.

use crate::imports::rows::column::Column;
use std::borrow::Cow;

use super::column::Source;

/// The tags of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tags<'a> {
    /// One text, with `|` or `,` between them.
    Text(Cow<'a, str>),
    /// One by one.
    List(Vec<Cow<'a, str>>),
}

impl Default for Tags<'_> {
    fn default() -> Self {
        Self::Text(Cow::Borrowed(""))
    }
}

impl Tags<'_> {
    /// Each of them, without surrounding white space; blank ones are left out.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        let (text, list): (&str, &[Cow<'_, str>]) = match self {
            Self::Text(text) => (text, &[]),
            Self::List(list) => ("", list),
        };
        let apart = text.split(['|', ',']).map(str::trim);
        apart.chain(list.iter().map(|tag| tag.trim())).filter(|tag| !tag.is_empty())
    }
}

/// The fields of a row as they are in the file, without surrounding white space. A blank field is absent.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Fields<'a> {
    /// Where the link leads.
    pub url: Option<Cow<'a, str>>,
    /// Its path.
    pub slug: Option<Cow<'a, str>>,
    /// The short link as a URL; its path is the slug if there is no other.
    pub short_url: Option<Cow<'a, str>>,
    /// The host that serves it.
    pub domain: Option<Cow<'a, str>>,
    /// What its owner calls it.
    pub title: Option<Cow<'a, str>>,
    /// Words to find it by.
    pub tags: Tags<'a>,
    /// When it was created.
    pub created_at: Option<Cow<'a, str>>,
    /// How many clicks another service had counted.
    pub imported_clicks: Option<Cow<'a, str>>,
    /// What few rows have.
    pub more: Vec<(Column, Cow<'a, str>)>,
    /// Who wrote the file.
    pub source: Option<Source>,
}

impl<'a> Fields<'a> {
    /// Sets the field `column`, unless `text` is blank.
    #[inline]
    pub(super) fn set(&mut self, column: Column, text: Cow<'a, str>) {
        let text = trimmed(text);
        if text.is_empty() {
            return;
        }
        match column {
            Column::Url => self.url = Some(text),
            Column::Slug => self.slug = Some(text),
            Column::ShortUrl => self.short_url = Some(text),
            Column::Domain => self.domain = Some(text),
            Column::Title => self.title = Some(text),
            Column::Tags => self.tags = tags(text),
            Column::CreatedAt => self.created_at = Some(text),
            Column::ImportedClicks => self.imported_clicks = Some(text),
            _ => self.more.push((column, text)),
        }
    }
}

/// A list of tags may also be JSON, which is the only way to write a tag with a comma in CSV.
fn tags(text: Cow<'_, str>) -> Tags<'_> {
    if text.starts_with("[\"")
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

/// Why a row is not a link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// In which column, if it is one.
    pub column: Option<Column>,
    /// What stands there; cut when it is reported.
    pub value: String,
    /// What is wrong with it, for a person.
    pub cause: String,
}

/// How much of a broken row is kept; a report shows less.
const MAX_FAULT_BYTES: usize = 1024;

impl Fault {
    /// A fault of the whole row.
    pub(super) fn of_row(text: &[u8], cause: impl Into<String>) -> Self {
        let start = &text[..text.len().min(MAX_FAULT_BYTES)];
        Self { column: None, value: String::from_utf8_lossy(start).into_owned(), cause: cause.into() }
    }
}
