//! Bookmarks as browsers, Pocket and Shaarli export them: HTML with a link a bookmark, in folders.

use std::borrow::Cow;

use super::buffer::Buffer;
use super::column::Column;
use super::column::Source;
use super::fields::{Fields, Tags};
use super::markup::{Markup, Tag, Token, decode};
use super::unreadable::Unreadable;
use crate::links::link::Link;

/// How much of a title or a folder's name is kept, in bytes.
const MAX_TEXT_BYTES: usize = 4096;
/// How deep folders may be.
const MAX_FOLDERS: usize = 200;

/// What was found.
pub(super) enum Bookmark {
    Row(Box<Fields<'static>>),
    More,
    End,
}

/// Finds one bookmark after the other.
#[derive(Default)]
pub(super) struct Bookmarks {
    markup: Markup,
    /// The folders that are open; those that say nothing have no name.
    folders: Vec<Option<String>>,
    /// The folder that is about to be opened.
    heading: Option<String>,
    reading: Reading,
    text: Vec<u8>,
    number: u64,
    line: u64,
}

/// What the text belongs to.
#[derive(Default)]
enum Reading {
    #[default]
    Nothing,
    Heading,
    Anchor(Box<Fields<'static>>),
}

impl Bookmarks {
    /// The last bookmark's number, and the line that it began on.
    pub(super) fn last(&self) -> (u64, u64) {
        (self.number, self.line)
    }

    /// The next bookmark.
    pub(super) fn find(&mut self, buffer: &mut Buffer) -> Result<Bookmark, Unreadable> {
        loop {
            match self.markup.next(buffer) {
                Token::More => return Ok(Bookmark::More),
                Token::End => return Ok(self.anchor_ends().map_or(Bookmark::End, Bookmark::Row)),
                Token::Text(length) => {
                    if !matches!(self.reading, Reading::Nothing) {
                        let room = MAX_TEXT_BYTES - self.text.len();
                        self.text.extend_from_slice(&buffer.rest()[..length.min(room)]);
                    }
                    buffer.consume(length);
                }
                Token::Tag(length) => {
                    // A tag that begins something else ends a link that was not closed.
                    let tag = Tag::parse(&buffer.rest()[..length]);
                    let ends = ["a", "dt", "dd", "dl", "h3", "li", "ul"].iter().any(|name| tag.is(name));
                    if ends && let Some(row) = self.anchor_ends() {
                        return Ok(Bookmark::Row(row));
                    }
                    self.tag(&tag, buffer)?;
                    buffer.consume(length);
                }
            }
        }
    }

    fn tag(&mut self, tag: &Tag<'_>, buffer: &Buffer) -> Result<(), Unreadable> {
        if tag.is("a") && !tag.closes {
            self.anchor_begins(tag, buffer.line());
        } else if tag.is("h3") && !tag.closes {
            self.text.clear();
            // The browser's own folders are where things are, not what they are.
            let own = ["personal_toolbar_folder", "unfiled_bookmarks_folder"];
            let named = own.iter().all(|name| tag.attribute(name).is_none());
            self.reading = if named { Reading::Heading } else { Reading::Nothing };
            self.heading = None;
        } else if tag.is("h3") {
            if matches!(self.reading, Reading::Heading) {
                self.heading = Some(decode(&self.text).trim().to_owned());
            }
            self.reading = Reading::Nothing;
        } else if tag.is("dl") && tag.closes {
            self.folders.pop();
        } else if tag.is("dl") {
            if self.folders.len() == MAX_FOLDERS {
                return Err(Unreadable::at(
                    buffer.at(),
                    format!("there are more than {MAX_FOLDERS} folders in one another"),
                ));
            }
            self.folders.push(self.heading.take());
        }
        Ok(())
    }

    fn anchor_begins(&mut self, tag: &Tag<'_>, line: u64) {
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

    /// The bookmark that was being read, if one was.
    fn anchor_ends(&mut self) -> Option<Box<Fields<'static>>> {
        if !matches!(self.reading, Reading::Anchor(_)) {
            return None;
        }
        let Reading::Anchor(mut fields) = std::mem::take(&mut self.reading) else { return None };
        fields.set(Column::Title, Cow::Owned(decode(&self.text).into_owned()));
        self.number += 1;
        Some(fields)
    }
}

/// Whether the name of a folder can be a tag.
fn is_tag(name: &str) -> bool {
    !name.is_empty() && name.chars().count() <= Link::MAX_TAG_CHARS && !name.chars().any(char::is_control)
}
