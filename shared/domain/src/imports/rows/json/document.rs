//! Finds the links in a JSON document one by one.

use std::borrow::Cow;

use super::flatten::flatten;
use super::known_names::decode;
use super::links::{Index, SpanKind};
use super::list_names::ListNames;
use super::nesting::Nesting;
use super::walk::{Expect, Walk};
use crate::imports::rows::buffer::Buffer;
use crate::imports::rows::fields::{Fault, Fields, Tags};
use crate::imports::rows::folders::Folders;
use crate::imports::rows::unreadable::Unreadable;

/// What [`Document::find`] found.
#[derive(Debug)]
pub(in crate::imports::rows) enum Element {
    /// A link: this many of the first bytes of the buffer.
    Whole(usize),
    /// A link that was put together from several objects.
    Flat(Vec<u8>),
    /// A broken link.
    Broken(Fault),
    More,
    End,
}

/// Finds the links of a document one by one.
#[derive(Default)]
pub(in crate::imports::rows) struct Document {
    pub(super) walk: Walk,
    pub(super) lists: ListNames,
    /// Whether a list of links was there, be it an empty one.
    pub(super) list_found: bool,
    /// How far the value at the start of the buffer is scanned.
    pub(super) nesting: Nesting,
    pub(super) seen: usize,
    /// What is wrong with the value that is being skipped, if it is a link.
    pub(super) skipping: Option<Option<Fault>>,
    /// The links in the object at the start of the buffer.
    pub(super) open: Option<Open>,
    /// The slug and the folders of the last link.
    pub(super) slug: Option<String>,
    pub(super) folders: Vec<String>,
    pub(super) number: u64,
    pub(super) line: u64,
    pub(super) used: usize,
}

/// An object whose links are known.
pub(super) struct Open {
    pub(super) index: Index,
    pub(super) next: usize,
    /// How many bytes of it are consumed.
    pub(super) done: usize,
    pub(super) length: usize,
}

impl Document {
    /// Returns the last link's number and the line on which it began.
    pub(in crate::imports::rows) fn last(&self) -> (u64, u64) {
        (self.number, self.line)
    }

    /// Consumes the last link.
    pub(in crate::imports::rows) fn release(&mut self, buffer: &mut Buffer) {
        let used = std::mem::take(&mut self.used);
        buffer.consume(used);
        if let Some(open) = &mut self.open {
            open.done += used;
        }
    }

    /// Adds to the fields of the last link what stands outside it: its slug and its folders.
    pub(in crate::imports::rows) fn complete<'a>(&self, mut fields: Fields<'a>) -> Fields<'a> {
        if fields.slug.is_none() && fields.short_url.is_none() {
            fields.slug = self.slug.clone().map(Cow::Owned);
        }
        if !self.folders.is_empty() {
            let own = fields.tags.iter().map(str::to_owned).collect();
            let mut folders = Folders::default();
            for name in &self.folders {
                if folders.open(Some(name.clone())).is_err() {
                    break; // a link cannot have so many tags
                }
            }
            fields.tags = Tags::List(folders.add_to(own).into_iter().map(Cow::Owned).collect());
        }
        fields
    }

    /// Finds the next link.
    pub(in crate::imports::rows) fn find(&mut self, buffer: &mut Buffer) -> Result<Element, Unreadable> {
        self.release(buffer);
        loop {
            if let Some(element) = self.next_span(buffer) {
                return Ok(element);
            }
            if self.skipping.is_some() {
                match self.skip_value(buffer) {
                    Some(Some(fault)) => return Ok(self.broken(fault)),
                    Some(None) => continue,
                    None => return self.need_more(buffer),
                }
            }
            if self.seen == 0 {
                let blank = buffer.rest().iter().take_while(|byte| byte.is_ascii_whitespace()).count();
                buffer.consume(blank);
            }
            let Some(&first) = buffer.rest().first() else { return self.need_more(buffer) };
            let found = match (self.walk.expect, first) {
                (Expect::Value | Expect::First, _) if self.value_begins(first) => self.take_value(first, buffer)?,
                (Expect::Name | Expect::First, b'"') => self.take_name(buffer)?,
                _ => {
                    self.walk.take(first).map_err(|cause| Unreadable::at(buffer.file_position(), cause))?;
                    buffer.consume(1);
                    None
                }
            };
            match found {
                Some(Element::More) => return self.need_more(buffer),
                Some(element) => return Ok(element),
                None => {}
            }
        }
    }

    /// Asks for more text, or checks that the document is complete if the text has ended.
    fn need_more(&self, buffer: &Buffer) -> Result<Element, Unreadable> {
        if !buffer.ended() {
            return Ok(Element::More);
        }
        if self.walk.closed.is_none() || !self.walk.levels.is_empty() || self.skipping.is_some() || self.seen > 0 {
            return Err(Unreadable::at(buffer.file_end_position(), "the JSON document breaks off"));
        }
        if !self.list_found {
            return Err(Unreadable::because("the JSON document has no list of links"));
        }
        Ok(Element::End)
    }

    /// Tells whether `first` begins a value where one may be.
    fn value_begins(&self, first: u8) -> bool {
        let is_object = self.walk.levels.last().is_some_and(|level| !level.is_list);
        !(self.walk.expect == Expect::First && (is_object || first == b']'))
    }

    pub(super) fn broken(&mut self, fault: Fault) -> Element {
        self.number += 1;
        Element::Broken(fault)
    }

    /// Returns the next link of the object that is open.
    fn next_span(&mut self, buffer: &mut Buffer) -> Option<Element> {
        let open = self.open.as_mut()?;
        let Some(span) = open.index.spans.get(open.next).cloned() else {
            buffer.consume(open.length - open.done);
            self.open = None;
            self.walk.value_ends(true);
            return None;
        };
        open.next += 1;
        let key =
            span.key.clone().map(|key| decode(&buffer.rest()[key.start - open.done..key.end - open.done]).into_owned());
        self.slug =
            key.or_else(|| self.walk.levels.last().filter(|level| level.is_map).and_then(|level| level.key.clone()));
        let outer = self.walk.levels.iter().skip(1).filter_map(|level| level.label.clone());
        self.folders = outer.chain(open.index.folders(&span)).collect();
        buffer.consume(span.range.start - open.done);
        open.done = span.range.start;
        self.used = span.range.len();
        self.line = buffer.line();
        self.number += 1;
        let text = &buffer.rest()[..self.used];
        Some(match span.kind {
            SpanKind::Merged => flatten(text).map_or(Element::Whole(self.used), Element::Flat),
            SpanKind::Refused => Element::Broken(Fault::of_row(text, "is another list of links, which is not read")),
            _ => Element::Whole(self.used),
        })
    }
}

/// Returns the first link of the document that begins with `head`, or nothing of it if the document has a list of links
/// whose first one is not there. Returns `None` if it has no list of links.
pub(in crate::imports::rows) fn find_first_link(head: &[u8]) -> Option<Vec<u8>> {
    let mut document = Document::default();
    let mut buffer = Buffer::new(0, 1);
    buffer.extend(head);
    buffer.end();
    // Ignore errors: the reader will find them too.
    match document.find(&mut buffer) {
        Ok(Element::Whole(_) | Element::Flat(_)) => Some(buffer.rest()[..document.used].to_vec()),
        Ok(Element::Broken(_)) => Some(Vec::new()),
        _ => document.list_found.then(Vec::new),
    }
}
