//! Reads bookmarks in XML: OPML, the outlines of feed readers and note books, XBEL, and the posts of Delicious and
//! Pinboard.

use std::borrow::Cow;

use super::bookmarks::Bookmark;
use super::buffer::Buffer;
use super::column::{Column, Source};
use super::fields::{Fault, Fields, Tags};
use super::folders::Folders;
use super::html::{Html, Tag, Token, decode_text};
use super::unreadable::Unreadable;

/// The greatest length of a title that is kept, in bytes.
const MAX_TEXT_BYTES: usize = 4096;

type Row = Box<Result<Fields<'static>, Fault>>;

/// Reads bookmarks one by one.
#[derive(Default)]
pub(super) struct Outline {
    html: Html,
    folders: Folders,
    /// The bookmark of XBEL that is open, and the line on which it began.
    bookmark: Option<(Row, u64)>,
    /// Whether the text of a title is being read.
    in_title: bool,
    text: Vec<u8>,
    number: u64,
    line: u64,
}

impl Outline {
    /// Returns the last bookmark's number and the line on which it began.
    pub(super) fn last(&self) -> (u64, u64) {
        (self.number, self.line)
    }

    /// Finds the next bookmark.
    pub(super) fn find(&mut self, buffer: &mut Buffer) -> Result<Bookmark, Unreadable> {
        loop {
            match self.html.next(buffer) {
                Token::More => return Ok(Bookmark::More),
                Token::End if self.html.is_in_tag() => {
                    return Err(Unreadable::at(buffer.file_end_position(), "the XML document breaks off"));
                }
                Token::End => return Ok(self.end_bookmark().map_or(Bookmark::End, Bookmark::Row)),
                Token::Text(length) => {
                    if self.in_title {
                        let room = MAX_TEXT_BYTES - self.text.len();
                        self.text.extend_from_slice(&buffer.rest()[..length.min(room)]);
                    }
                    buffer.consume(length);
                }
                Token::Tag => {
                    let row = self.take_tag().map_err(|cause| Unreadable::at(buffer.file_position(), cause))?;
                    if let Some(row) = row {
                        return Ok(Bookmark::Row(row));
                    }
                }
            }
        }
    }

    /// Takes a tag. Returns the bookmark that it completes.
    fn take_tag(&mut self) -> Result<Option<Row>, String> {
        let tag = self.html.tag();
        let (opens, empty) = (!tag.closes, tag.empty);
        if tag.is("outline") && opens {
            let row = read_outline(tag, &self.folders);
            let line = tag.line;
            if !empty {
                let name = tag.value("text").or_else(|| tag.value("title")).map(Cow::into_owned);
                self.folders.open(name)?;
            }
            return Ok(row.map(|row| self.number_row(Box::new(row), line)));
        }
        if tag.is("post") && opens {
            let (row, line) = (read_post(tag), tag.line);
            return Ok(Some(self.number_row(Box::new(row), line)));
        }
        if tag.is("bookmark") && opens {
            let (row, line) = (Box::new(read_bookmark(tag, &self.folders)), tag.line);
            let unclosed = self.end_bookmark();
            self.bookmark = Some((row, line));
            return Ok(if empty && unclosed.is_none() { self.end_bookmark() } else { unclosed });
        }
        if tag.is("bookmark") {
            return Ok(self.end_bookmark());
        }
        if tag.is("folder") && opens && !empty {
            self.folders.open(None)?;
        } else if (tag.is("folder") || tag.is("outline")) && !opens {
            self.folders.close();
        } else if tag.is("title") {
            self.in_title = opens && !empty;
            if opens {
                self.text.clear();
            } else {
                self.end_title();
            }
        }
        Ok(None)
    }

    fn end_title(&mut self) {
        let title = decode_text(&self.text);
        match self.bookmark.as_mut().map(|(row, _)| row.as_mut()) {
            Some(Ok(fields)) => fields.set(Column::Title, Cow::Owned(title)),
            Some(Err(_)) => {}
            None => self.folders.name(title.trim()),
        }
    }

    /// Returns the bookmark that is open, if any.
    fn end_bookmark(&mut self) -> Option<Row> {
        let (row, line) = self.bookmark.take()?;
        Some(self.number_row(row, line))
    }

    fn number_row(&mut self, row: Row, line: u64) -> Row {
        self.line = line;
        self.number += 1;
        row
    }
}

/// Reads an element of OPML, if it is a link. A feed leads to its site.
fn read_outline(tag: &Tag, folders: &Folders) -> Option<Result<Fields<'static>, Fault>> {
    let url =
        ["url", "htmlUrl", "xmlUrl"].iter().find_map(|name| tag.attribute(name).filter(|url| !url.raw().is_empty()));
    let is_link = tag.value("type").is_some_and(|kind| kind.eq_ignore_ascii_case("link"));
    let row = match url {
        None if !is_link => return None,
        None => Ok(String::new()),
        Some(url) => tag.url(url).map_err(|cause| Fault::of_row(url.raw(), cause)),
    };
    Some(row.map(|url| {
        let mut fields = new_fields(url, folders);
        for (column, names) in [(Column::Title, ["text", "title"]), (Column::CreatedAt, ["created", "added"])] {
            if let Some(value) = names.iter().find_map(|name| tag.value(name)) {
                fields.set(column, Cow::Owned(value.into_owned()));
            }
        }
        fields
    }))
}

/// Reads a bookmark of XBEL without its title.
fn read_bookmark(tag: &Tag, folders: &Folders) -> Result<Fields<'static>, Fault> {
    let Some(href) = tag.attribute("href") else { return Ok(new_fields(String::new(), folders)) };
    let url = tag.url(href).map_err(|cause| Fault::of_row(href.raw(), cause))?;
    let mut fields = new_fields(url, folders);
    if let Some(added) = tag.value("added") {
        fields.set(Column::CreatedAt, Cow::Owned(added.into_owned()));
    }
    Ok(fields)
}

/// Reads a bookmark of Delicious or Pinboard.
fn read_post(tag: &Tag) -> Result<Fields<'static>, Fault> {
    let mut fields = Fields { source: Some(Source::Pinboard), ..Fields::default() };
    if let Some(href) = tag.attribute("href") {
        let url = tag.url(href).map_err(|cause| Fault::of_row(href.raw(), cause))?;
        fields.set(Column::Url, Cow::Owned(url));
    }
    for (column, name) in [(Column::Title, "description"), (Column::CreatedAt, "time"), (Column::Tags, "tag")] {
        if let Some(value) = tag.value(name) {
            fields.set(column, Cow::Owned(value.into_owned()));
        }
    }
    Ok(fields)
}

fn new_fields(url: String, folders: &Folders) -> Fields<'static> {
    let mut fields = Fields { source: Some(Source::Bookmarks), ..Fields::default() };
    fields.set(Column::Url, Cow::Owned(url));
    fields.tags = Tags::List(folders.add_to(Vec::new()).into_iter().map(Cow::Owned).collect());
    fields
}
