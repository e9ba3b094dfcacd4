//! Reads bookmarks as browsers, Pocket and Shaarli export them: HTML with one link per bookmark, in folders.

use std::borrow::Cow;

use super::buffer::Buffer;
use super::column::{Column, Source};
use super::fields::{Fault, Fields, Tags};
use super::folders::Folders;
use super::html::{Html, Tag, Token, decode_text};
use super::unreadable::Unreadable;

/// The greatest length of a title or a folder's name that is kept, in bytes.
const MAX_TEXT_BYTES: usize = 4096;
/// The elements whose start ends a link that was not closed.
const ENDS_ANCHOR: [&str; 7] = ["a", "dt", "dd", "dl", "h3", "li", "ul"];

/// What [`Bookmarks::find`] found.
pub(super) enum Bookmark {
    Row(Box<Result<Fields<'static>, Fault>>),
    More,
    End,
}

/// Reads bookmarks one by one.
#[derive(Default)]
pub(super) struct Bookmarks {
    html: Html,
    /// Whether the tag that was found last is still to be taken.
    has_tag: bool,
    folders: Folders,
    /// The name of the folder that opens next. The browser's own folders have none.
    heading: Option<String>,
    reading: Reading,
    /// Whether a link belongs to the description of a bookmark.
    in_description: bool,
    text: Vec<u8>,
    number: u64,
    line: u64,
}

/// The element whose text is being read.
#[derive(Default)]
enum Reading {
    #[default]
    Nothing,
    Heading,
    Anchor(Box<Result<Fields<'static>, Fault>>),
}

impl Bookmarks {
    /// Returns the last bookmark's number and the line on which it began.
    pub(super) fn last(&self) -> (u64, u64) {
        (self.number, self.line)
    }

    /// Finds the next bookmark.
    pub(super) fn find(&mut self, buffer: &mut Buffer) -> Result<Bookmark, Unreadable> {
        loop {
            if std::mem::take(&mut self.has_tag) {
                self.take_tag(buffer)?;
            }
            match self.html.next(buffer) {
                Token::More => return Ok(Bookmark::More),
                Token::End => return Ok(self.end()),
                Token::Text(length) => {
                    if !matches!(self.reading, Reading::Nothing) {
                        let room = MAX_TEXT_BYTES - self.text.len();
                        self.text.extend_from_slice(&buffer.rest()[..length.min(room)]);
                    }
                    buffer.consume(length);
                }
                Token::Tag => {
                    self.has_tag = true;
                    let tag = self.html.tag();
                    if ENDS_ANCHOR.iter().any(|name| tag.is(name))
                        && let Some(row) = self.end_anchor()
                    {
                        return Ok(Bookmark::Row(row));
                    }
                }
            }
        }
    }

    /// Returns the last bookmark, which nothing closed. A tag that does not end may have swallowed others.
    fn end(&mut self) -> Bookmark {
        if let Some(row) = self.end_anchor() {
            return Bookmark::Row(row);
        }
        let tag = self.html.tag();
        if !self.html.is_in_tag() || !tag.is("a") || tag.closes {
            return Bookmark::End;
        }
        self.line = tag.line;
        let fault = Fault::of_row(tag.attribute("href").map_or(b"", |href| href.raw()), "its tag does not end");
        self.html = Html::default();
        self.number += 1;
        Bookmark::Row(Box::new(Err(fault)))
    }

    fn take_tag(&mut self, buffer: &Buffer) -> Result<(), Unreadable> {
        let tag = self.html.tag();
        if tag.is("a") && !tag.closes {
            self.begin_anchor();
        } else if tag.is("h3") && !tag.closes {
            self.text.clear();
            // Ignore the names of the browser's own folders: they say nothing about the links in them.
            let own = ["personal_toolbar_folder", "unfiled_bookmarks_folder"];
            let is_own = own.iter().any(|name| tag.attribute(name).is_some());
            self.reading = if is_own { Reading::Nothing } else { Reading::Heading };
            self.heading = None;
            self.in_description = false;
        } else if tag.is("h3") {
            self.end_heading();
        } else if tag.is("dl") {
            let closes = tag.closes;
            self.in_description = false;
            self.end_heading();
            if closes {
                self.folders.close();
            } else {
                let name = self.heading.take();
                self.folders.open(name).map_err(|cause| Unreadable::at(buffer.file_position(), cause))?;
            }
        } else if tag.is("dd") {
            self.in_description = !tag.closes;
        } else if tag.is("dt") || tag.is("li") {
            self.in_description = false;
        }
        Ok(())
    }

    fn end_heading(&mut self) {
        if matches!(self.reading, Reading::Heading) {
            self.heading = Some(decode_text(&self.text).trim().to_owned());
            self.reading = Reading::Nothing;
        }
    }

    fn begin_anchor(&mut self) {
        let tag = self.html.tag();
        // Bookmarks have a date even where they follow a description that is not closed.
        if self.in_description && added(tag).is_none() {
            return;
        }
        // A place in the page that links can lead to.
        if tag.attribute("href").is_none() && ["name", "id"].iter().any(|name| tag.attribute(name).is_some()) {
            return;
        }
        let row = read_anchor(tag, &self.folders);
        self.in_description = false;
        self.text.clear();
        self.line = tag.line;
        self.reading = Reading::Anchor(Box::new(row));
    }

    /// Returns the bookmark that was being read, if any.
    fn end_anchor(&mut self) -> Option<Box<Result<Fields<'static>, Fault>>> {
        if !matches!(self.reading, Reading::Anchor(_)) {
            return None;
        }
        let Reading::Anchor(mut row) = std::mem::take(&mut self.reading) else { return None };
        if let Ok(fields) = row.as_mut() {
            fields.set(Column::Title, Cow::Owned(decode_text(&self.text)));
        }
        self.number += 1;
        Some(row)
    }
}

/// Returns when a bookmark was made.
fn added(tag: &Tag) -> Option<Cow<'_, str>> {
    tag.value("add_date").or_else(|| tag.value("time_added"))
}

fn read_anchor(tag: &Tag, folders: &Folders) -> Result<Fields<'static>, Fault> {
    let mut fields = Fields { source: Some(Source::Bookmarks), ..Fields::default() };
    if let Some(href) = tag.attribute("href") {
        let url = tag.url(href).map_err(|cause| Fault::of_row(href.raw(), cause))?;
        fields.set(Column::Url, Cow::Owned(url));
    }
    if let Some(added) = added(tag).filter(|added| added != "0") {
        fields.set(Column::CreatedAt, Cow::Owned(added.into_owned()));
    }
    let tags = tag.value("tags").unwrap_or_default();
    let tags = tags.split(',').map(str::trim).filter(|tag| !tag.is_empty()).map(str::to_owned).collect();
    fields.tags = Tags::List(folders.add_to(tags).into_iter().map(Cow::Owned).collect());
    Ok(fields)
}
