//! Reads bookmarks as browsers, Pocket and Shaarli export them: HTML with one link per bookmark, in folders.

use std::borrow::Cow;

use super::buffer::Buffer;
use super::column::{Column, Source};
use super::fields::{Fields, Tags};
use super::markup::{Markup, Tag, Token, decode_entities};
use super::unreadable::Unreadable;
use crate::links::link::Link;

/// The greatest length of a title or a folder's name that is kept, in bytes.
const MAX_TEXT_BYTES: usize = 4096;
/// How deeply folders may be nested.
const MAX_NESTED_FOLDERS: usize = 200;

/// What [`Bookmarks::find`] found.
pub(super) enum Bookmark {
    Row(Box<Fields<'static>>),
    More,
    End,
}

/// Reads bookmarks one by one.
#[derive(Default)]
pub(super) struct Bookmarks {
    markup: Markup,
    /// The names of the folders that are open. The browser's own folders have none.
    folders: Vec<Option<String>>,
    /// The name of the folder that opens next.
    heading: Option<String>,
    reading: Reading,
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
    Anchor(Box<Fields<'static>>),
}

impl Bookmarks {
    /// Returns the last bookmark's number and the line on which it began.
    pub(super) fn last(&self) -> (u64, u64) {
        (self.number, self.line)
    }

    /// Finds the next bookmark.
    pub(super) fn find(&mut self, buffer: &mut Buffer) -> Result<Bookmark, Unreadable> {
        loop {
            match self.markup.next(buffer) {
                Token::More => return Ok(Bookmark::More),
                Token::End => return Ok(self.end_anchor().map_or(Bookmark::End, Bookmark::Row)),
                Token::Text(length) => {
                    if !matches!(self.reading, Reading::Nothing) {
                        let room = MAX_TEXT_BYTES - self.text.len();
                        self.text.extend_from_slice(&buffer.rest()[..length.min(room)]);
                    }
                    buffer.consume(length);
                }
                Token::Tag(length) => {
                    // The start of another element ends a link that was not closed.
                    let tag = Tag::parse(&buffer.rest()[..length]);
                    let ends = ["a", "dt", "dd", "dl", "h3", "li", "ul"].iter().any(|name| tag.is(name));
                    if ends && let Some(row) = self.end_anchor() {
                        return Ok(Bookmark::Row(row));
                    }
                    self.take_tag(&tag, buffer)?;
                    buffer.consume(length);
                }
            }
        }
    }

    fn take_tag(&mut self, tag: &Tag<'_>, buffer: &Buffer) -> Result<(), Unreadable> {
        if tag.is("a") && !tag.closes {
            self.begin_anchor(tag, buffer.line());
        } else if tag.is("h3") && !tag.closes {
            self.text.clear();
            // Ignore the names of the browser's own folders: they say nothing about the links in them.
            let own = ["personal_toolbar_folder", "unfiled_bookmarks_folder"];
            let is_own = own.iter().any(|name| tag.attribute(name).is_some());
            self.reading = if is_own { Reading::Nothing } else { Reading::Heading };
            self.heading = None;
        } else if tag.is("h3") {
            if matches!(self.reading, Reading::Heading) {
                self.heading = Some(decode_entities(&self.text).trim().to_owned());
            }
            self.reading = Reading::Nothing;
        } else if tag.is("dl") && tag.closes {
            self.folders.pop();
        } else if tag.is("dl") {
            if self.folders.len() == MAX_NESTED_FOLDERS {
                let cause = format!("the bookmarks have more than {MAX_NESTED_FOLDERS} nested folders");
                return Err(Unreadable::at(buffer.file_position(), cause));
            }
            self.folders.push(self.heading.take());
        }
        Ok(())
    }

    fn begin_anchor(&mut self, tag: &Tag<'_>, line: u64) {
        let Some(url) = tag.attribute("href") else { return };
        let mut fields = Fields { source: Some(Source::Bookmarks), ..Fields::default() };
        fields.set(Column::Url, Cow::Owned(url.into_owned()));
        let added = tag.attribute("add_date").or_else(|| tag.attribute("time_added"));
        if let Some(added) = added.filter(|added| added != "0") {
            fields.set(Column::CreatedAt, Cow::Owned(added.into_owned()));
        }
        let tags = tag.attribute("tags").unwrap_or_default();
        let mut tags: Vec<String> = tags.split(',').map(|tag| tag.trim().to_owned()).collect();
        tags.retain(|tag| !tag.is_empty());
        for folder in self.folders.iter().flatten().filter(|folder| is_tag(folder)) {
            if tags.len() < Link::MAX_TAGS && !tags.contains(folder) {
                tags.push(folder.clone());
            }
        }
        fields.tags = Tags::List(tags.into_iter().map(Cow::Owned).collect());
        self.text.clear();
        self.line = line;
        self.reading = Reading::Anchor(Box::new(fields));
    }

    /// Returns the bookmark that was being read, if any.
    fn end_anchor(&mut self) -> Option<Box<Fields<'static>>> {
        if !matches!(self.reading, Reading::Anchor(_)) {
            return None;
        }
        let Reading::Anchor(mut fields) = std::mem::take(&mut self.reading) else { return None };
        fields.set(Column::Title, Cow::Owned(decode_entities(&self.text).into_owned()));
        self.number += 1;
        Some(fields)
    }
}

/// Tells whether the name of a folder can be a tag.
fn is_tag(name: &str) -> bool {
    !name.is_empty() && name.chars().count() <= Link::MAX_TAG_CHARS && !name.chars().any(char::is_control)
}
