//! Takes the values of a document: goes into lists and objects, and stops at links.

use std::sync::LazyLock;

use memchr::memmem::Finder;

use super::document::{Document, Element, Open};
use super::index::index;
use super::known_names::{decode, is_own_folder, is_url, names_links, names_others};
use super::links::{Place, SpanKind};
use super::list_names::Choice;
use super::nesting::Nesting;
use super::slug_map::is_map;
use super::walk::{Expect, Level};
use crate::imports::rows::buffer::Buffer;
use crate::imports::rows::fields::Fault;
use crate::imports::rows::unreadable::Unreadable;

/// The longest object that is looked at as a whole, in bytes: a link, or a folder with its links. The lists in a longer
/// one are read one element after the other.
const MAX_OBJECT_BYTES: usize = 1024 * 1024;
/// The longest name and the longest other text outside links that is kept, in bytes.
const MAX_NAME_BYTES: usize = 4096;

impl Document {
    /// Takes the value at the start of the buffer, as far as it is there.
    pub(super) fn take_value(&mut self, first: u8, buffer: &mut Buffer) -> Result<Option<Element>, Unreadable> {
        let error = |buffer: &Buffer, cause| Unreadable::at(buffer.file_position(), cause);
        let (is_root, is_list) =
            (self.walk.levels.is_empty(), self.walk.levels.last().is_some_and(|level| level.is_list));
        if is_root && self.walk.closed.is_some_and(|was_object| !was_object || first != b'{') {
            return Err(error(buffer, "the JSON document is followed by something else"));
        }
        match first {
            b'[' if !is_list => {
                let name = self.walk.levels.last_mut().and_then(|level| level.key.take());
                if name.as_deref().is_some_and(names_others) {
                    self.nesting = Nesting::default();
                    self.skipping = Some(None);
                    return Ok(None);
                }
                let is_named = name.as_deref().is_none_or(names_links);
                self.list_found |= is_named;
                let choice = is_named.then(|| self.lists.choose(name.as_deref()));
                self.walk
                    .open(Level { is_list: true, name, choice, ..Level::default() })
                    .map_err(|cause| error(buffer, cause))?;
                buffer.consume(1);
                Ok(None)
            }
            b'{' | b'[' => self.take_brackets(first, buffer),
            b'"' if !is_root => Ok(self.take_text(is_list, buffer)),
            _ if is_list || is_root => {
                Err(error(buffer, "the JSON document is broken: no object is where the next one should be"))
            }
            _ => {
                let end = buffer.rest().iter().position(|byte| b",]}\"{[: \t\r\n".contains(byte));
                match end {
                    Some(0) => Err(error(buffer, "the JSON document is broken: no value is where one should be")),
                    None if buffer.rest().len() < MAX_NAME_BYTES => Ok(Some(Element::More)),
                    end => {
                        buffer.consume(end.unwrap_or(buffer.rest().len()));
                        if end.is_some() {
                            self.walk.value_ends(false);
                        }
                        Ok(None)
                    }
                }
            }
        }
    }

    /// Scans the value at the start of the buffer. Returns its length if its end is there.
    fn scan(&mut self, buffer: &Buffer) -> Option<usize> {
        let window = &buffer.rest()[..buffer.rest().len().min(MAX_OBJECT_BYTES)];
        for (at, &byte) in window.iter().enumerate().skip(self.seen) {
            if self.nesting.step(byte) {
                self.seen = 0;
                return Some(at + 1);
            }
        }
        self.seen = window.len();
        None
    }

    /// Takes an object, or a list in a list.
    fn take_brackets(&mut self, first: u8, buffer: &mut Buffer) -> Result<Option<Element>, Unreadable> {
        if self.seen == 0 {
            self.nesting = Nesting::default();
            self.line = buffer.line();
        }
        if let Some(length) = self.scan(buffer) {
            let found = self.take_whole(first, length, buffer);
            return found.map_or_else(|| self.descend(false, buffer), Ok);
        }
        let is_full = self.seen == MAX_OBJECT_BYTES;
        if !is_full && !buffer.ended() {
            return Ok(Some(Element::More));
        }
        let is_map = first == b'{' && is_map(buffer.rest());
        if first == b'{' && (self.nesting.has_objects || is_map || self.walk.levels.is_empty()) {
            return self.descend(is_map, buffer);
        }
        if is_full {
            let is_link = self.walk.levels.last().is_some_and(|level| level.is_list);
            let fault = Fault::of_row(buffer.rest(), format!("is longer than {MAX_OBJECT_BYTES} bytes"));
            self.skipping = Some(is_link.then_some(fault));
            return Ok(None);
        }
        Ok(Some(Element::More))
    }

    /// Goes into the object at the start of the buffer, to read its members one after the other.
    fn descend(&mut self, is_map: bool, buffer: &mut Buffer) -> Result<Option<Element>, Unreadable> {
        let name = self.walk.levels.last_mut().and_then(|level| level.key.take());
        let level = Level { name, is_map, ..Level::default() };
        self.walk.open(level).map_err(|cause| Unreadable::at(buffer.file_position(), cause))?;
        self.seen = 0;
        self.list_found |= is_map;
        buffer.consume(1);
        Ok(None)
    }

    /// Takes an object, or a list in a list, which is whole. Returns `None` if its brackets do not match, unless it is an
    /// element of a list: then its row says so.
    fn take_whole(&mut self, first: u8, length: usize, buffer: &mut Buffer) -> Option<Option<Element>> {
        let text = &buffer.rest()[..length];
        let place = match self.walk.levels.last() {
            None => Place::Document,
            Some(level) if level.is_list => Place::Element,
            Some(level) => Place::Member(level.key.as_deref().is_some_and(is_own_folder)),
        };
        let choice = self.walk.levels.last().and_then(|level| level.choice);
        let is_read = choice == Some(Choice::Read);
        if first == b'[' || is_read && !self.nesting.has_objects && !may_be_folder(text) {
            return Some(if is_read { Some(self.whole(length)) } else { self.pass(length, buffer) });
        }
        let Some(mut found) = index(text, place, &mut self.lists) else {
            return (place == Place::Element).then(|| Some(self.whole(length)));
        };
        let is_whole = found.spans.first().is_some_and(|span| span.range == (0..length));
        let is_link = is_whole && found.spans[0].kind != SpanKind::Broken;
        if place == Place::Element && is_link && choice.is_none() && self.choose() == Choice::Refuse {
            let fault = Fault::of_row(text, "is in another list of links, which is not read");
            self.pass(length, buffer);
            return Some(Some(self.broken(fault)));
        }
        let is_kept = self.walk.levels.last().is_none_or(|level| level.choice == Some(Choice::Read) || level.is_map);
        if is_whole && !is_kept {
            found.spans.clear();
        }
        self.list_found |= found.has_list || !found.spans.is_empty();
        self.open = Some(Open { index: found, next: 0, done: 0, length });
        Some(None)
    }

    /// Decides about the list whose first link was found.
    fn choose(&mut self) -> Choice {
        let Some(level) = self.walk.levels.last_mut() else { return Choice::Read };
        let choice = self.lists.choose(level.name.as_deref());
        level.choice = Some(choice);
        choice
    }

    /// Returns the element at the start of the buffer as it is.
    fn whole(&mut self, length: usize) -> Element {
        self.slug = None;
        self.folders = self.walk.levels.iter().skip(1).filter_map(|level| level.label.clone()).collect();
        self.number += 1;
        self.used = length;
        self.list_found = true;
        self.walk.value_ends(true);
        Element::Whole(length)
    }

    /// Passes over a value that is no link.
    fn pass(&mut self, length: usize, buffer: &mut Buffer) -> Option<Element> {
        buffer.consume(length);
        self.walk.value_ends(true);
        None
    }

    /// Takes a text: an element of a list, or a member of an object.
    fn take_text(&mut self, is_list: bool, buffer: &mut Buffer) -> Option<Element> {
        if self.seen == 0 {
            self.nesting = Nesting::default();
            self.line = buffer.line();
        }
        let Some(length) = self.scan(buffer) else {
            if self.seen < MAX_OBJECT_BYTES {
                return Some(Element::More);
            }
            let fault = Fault::of_row(buffer.rest(), format!("is longer than {MAX_OBJECT_BYTES} bytes"));
            self.skipping = Some(is_list.then_some(fault));
            return None;
        };
        let text = decode(&buffer.rest()[..length]);
        if is_list {
            let choice = self.walk.levels.last().and_then(|level| level.choice);
            let choice = if choice.is_none() && is_url(&text) { Some(self.choose()) } else { choice };
            return if choice == Some(Choice::Read) { Some(self.whole(length)) } else { self.pass(length, buffer) };
        }
        let level = self.walk.levels.last_mut()?;
        let key = level.key.take().unwrap_or_default();
        if level.is_map {
            let element = self.whole(length);
            self.slug = Some(key);
            return Some(element);
        }
        if matches!(key.as_str(), "name" | "title" | "label") && level.label.is_none() && length < MAX_NAME_BYTES {
            let is_own = level.name.as_deref().is_some_and(is_own_folder);
            level.label = (!is_own).then(|| text.into_owned());
        } else if key == "root" {
            level.name = Some("other".to_owned()); // Firefox names its own folders so
            level.label = None;
        }
        self.pass(length, buffer)
    }

    /// Takes the name of a member.
    pub(super) fn take_name(&mut self, buffer: &mut Buffer) -> Result<Option<Element>, Unreadable> {
        if self.seen == 0 {
            self.nesting = Nesting::default();
        }
        let Some(length) = self.scan(buffer) else {
            if self.seen < MAX_NAME_BYTES {
                return Ok(Some(Element::More));
            }
            return Err(Unreadable::at(buffer.file_position(), "the JSON document has a name that is too long"));
        };
        let name = decode(&buffer.rest()[..length]).into_owned();
        if let Some(level) = self.walk.levels.last_mut() {
            level.key = Some(name);
        }
        self.walk.expect = Expect::Colon;
        buffer.consume(length);
        Ok(None)
    }

    /// Skips a value. Returns its fault if its end is there.
    pub(super) fn skip_value(&mut self, buffer: &mut Buffer) -> Option<Option<Fault>> {
        buffer.consume(std::mem::take(&mut self.seen));
        let end = buffer.rest().iter().position(|&byte| self.nesting.step(byte));
        buffer.consume(end.map_or(buffer.rest().len(), |end| end + 1));
        end?;
        self.walk.value_ends(true);
        self.skipping.take()
    }
}

/// Tells whether an object without nested objects may be a folder or a separator.
fn may_be_folder(text: &[u8]) -> bool {
    static TYPE: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(b"\"type\""));
    TYPE.find(text).is_some()
}
