//! Finds the links in a JSON document: the document is a list, or has a list named `links`, `items` or `data` in an
//! object. Keeps only one link in memory at a time.

use super::buffer::Buffer;
use super::fields::Fault;
use super::limits::MAX_ROW_BYTES;
use super::unreadable::Unreadable;

/// The names that a list of links may have.
const LIST_NAMES: [&[u8]; 3] = [b"links", b"items", b"data"];
/// How deeply the list may be nested in objects.
const MAX_LIST_DEPTH: usize = 2;

/// What [`Document::find`] found.
#[derive(Debug)]
pub(super) enum Element {
    /// A link: this many of the first bytes of the buffer.
    Whole(usize),
    /// A broken link.
    Broken(Fault),
    More,
    End,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Before the list, or after it.
    Outside,
    /// Before an element. After a comma there must be one; otherwise the list may end.
    BeforeElement { after_comma: bool },
    /// After an element: a comma or the end of the list follows.
    AfterElement,
    /// Within an element, of which `seen` bytes are scanned.
    InElement { seen: usize },
    /// Within an element that is too long.
    SkippingElement,
}

/// Finds the elements of the list one by one.
pub(super) struct Document {
    state: State,
    nesting: Nesting,
    /// The brackets that are open outside the list.
    open_brackets: Vec<u8>,
    /// The start of the last string outside the list.
    name: Vec<u8>,
    /// Whether that string is one of [`LIST_NAMES`] and names the next value.
    list_named: bool,
    list_found: bool,
    /// Whether the document's outer value is complete.
    closed: bool,
    number: u64,
    line: u64,
    used: usize,
    fault: Option<Fault>,
}

/// How deeply a byte is nested in brackets, and whether it is in a string.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Nesting {
    depth: usize,
    in_string: bool,
    escaped: bool,
}

impl Nesting {
    /// Takes a byte. Returns whether it ends an object, a list or a string that is not nested.
    #[inline]
    fn step(&mut self, byte: u8) -> bool {
        if self.in_string {
            match byte {
                _ if self.escaped => self.escaped = false,
                b'\\' => self.escaped = true,
                b'"' => self.in_string = false,
                _ => return false,
            }
            return !self.in_string && self.depth == 0;
        }
        match byte {
            b'"' => self.in_string = true,
            b'{' | b'[' => self.depth += 1,
            b'}' | b']' => self.depth = self.depth.saturating_sub(1),
            _ => return false,
        }
        !self.in_string && self.depth == 0
    }
}

impl Document {
    pub(super) fn new() -> Self {
        Self {
            state: State::Outside,
            nesting: Nesting::default(),
            open_brackets: Vec::new(),
            name: Vec::new(),
            list_named: false,
            list_found: false,
            closed: false,
            number: 0,
            line: 0,
            used: 0,
            fault: None,
        }
    }

    /// Returns the last link's number and the line on which it began.
    pub(super) fn last(&self) -> (u64, u64) {
        (self.number, self.line)
    }

    /// Consumes the last link.
    pub(super) fn release(&mut self, buffer: &mut Buffer) {
        buffer.consume(std::mem::take(&mut self.used));
    }

    /// Finds the next link.
    pub(super) fn find(&mut self, buffer: &mut Buffer) -> Result<Element, Unreadable> {
        self.release(buffer);
        loop {
            let blank = buffer.rest().iter().take_while(|byte| byte.is_ascii_whitespace()).count();
            if !matches!(self.state, State::InElement { .. } | State::SkippingElement) && !self.nesting.in_string {
                buffer.consume(blank);
            }
            let all_seen = matches!(self.state, State::InElement { seen } if seen == buffer.rest().len());
            if buffer.rest().is_empty() || all_seen {
                return self.need_more(buffer);
            }
            match self.state {
                State::Outside => self.scan_outside(buffer)?,
                State::BeforeElement { after_comma } => self.begin_element(buffer, after_comma)?,
                State::AfterElement => self.scan_separator(buffer)?,
                State::InElement { seen } => {
                    if let Some(element) = self.scan_element(buffer, seen) {
                        return Ok(element);
                    }
                }
                State::SkippingElement => {
                    if let Some(fault) = self.skip_element(buffer) {
                        return Ok(Element::Broken(fault));
                    }
                }
            }
        }
    }

    /// Asks for more text, or checks that the document is complete if the text has ended.
    fn need_more(&self, buffer: &Buffer) -> Result<Element, Unreadable> {
        if !buffer.ended() {
            return Ok(Element::More);
        }
        if self.state != State::Outside || !self.closed {
            return Err(Unreadable::at(buffer.file_end_position(), "the JSON document breaks off"));
        }
        if !self.list_found {
            return Err(Unreadable::because("the JSON document has no list named links, items or data"));
        }
        Ok(Element::End)
    }

    /// Scans what is outside the list, until the list begins.
    fn scan_outside(&mut self, buffer: &mut Buffer) -> Result<(), Unreadable> {
        let start = buffer.file_position();
        for (index, &byte) in buffer.rest().iter().enumerate() {
            let at = start + index as u64;
            if self.nesting.in_string {
                self.nesting.step(byte);
                if self.nesting.in_string && self.name.len() < 16 {
                    self.name.push(byte);
                }
                continue;
            }
            let begins = matches!(byte, b'[' | b'{') && !self.closed;
            if self.open_brackets.is_empty() && !begins && !byte.is_ascii_whitespace() {
                return Err(Unreadable::at(at, "the JSON document is followed by something else"));
            }
            match byte {
                b'"' => {
                    self.name.clear();
                    self.nesting = Nesting { depth: 1, in_string: true, escaped: false };
                }
                b':' => self.list_named = LIST_NAMES.contains(&self.name.as_slice()),
                b'[' if !self.list_found && self.list_may_begin() => {
                    self.list_found = true;
                    self.state = State::BeforeElement { after_comma: false };
                    buffer.consume(index + 1);
                    return Ok(());
                }
                b'[' | b'{' if self.open_brackets.len() < 128 => {
                    self.open_brackets.push(byte);
                    self.list_named = false;
                }
                b']' | b'}' => {
                    let opened = if byte == b']' { b'[' } else { b'{' };
                    if self.open_brackets.pop() != Some(opened) {
                        return Err(Unreadable::at(at, "the JSON document is broken: a bracket closes nothing"));
                    }
                    self.closed = self.open_brackets.is_empty();
                }
                b'[' | b'{' => return Err(Unreadable::at(at, "the JSON document is nested too deeply")),
                byte if !byte.is_ascii_whitespace() => self.list_named = false,
                _ => {}
            }
        }
        buffer.consume(buffer.rest().len());
        Ok(())
    }

    /// Tells whether a list that begins here is the list of links.
    fn list_may_begin(&self) -> bool {
        self.open_brackets.is_empty() || self.list_named && self.open_brackets.len() <= MAX_LIST_DEPTH
    }

    fn begin_element(&mut self, buffer: &mut Buffer, after_comma: bool) -> Result<(), Unreadable> {
        match buffer.rest()[0] {
            b']' if !after_comma => {
                buffer.consume(1);
                self.end_list();
            }
            b'{' | b'[' | b'"' => {
                self.nesting = Nesting::default();
                self.line = buffer.line();
                self.state = State::InElement { seen: 0 };
            }
            _ => {
                let cause = "the JSON document is broken: no object is where the next one should be";
                return Err(Unreadable::at(buffer.file_position(), cause));
            }
        }
        Ok(())
    }

    /// Scans the comma after an element, or the end of the list.
    fn scan_separator(&mut self, buffer: &mut Buffer) -> Result<(), Unreadable> {
        match buffer.rest()[0] {
            b',' => self.state = State::BeforeElement { after_comma: true },
            b']' => self.end_list(),
            _ => {
                let cause = "the JSON document is broken: no comma is where one should be";
                return Err(Unreadable::at(buffer.file_position(), cause));
            }
        }
        buffer.consume(1);
        Ok(())
    }

    fn end_list(&mut self) {
        self.state = State::Outside;
        self.closed = self.open_brackets.is_empty();
    }

    /// Scans an element, of which `seen` bytes are scanned. Returns it if its end is there.
    fn scan_element(&mut self, buffer: &Buffer, seen: usize) -> Option<Element> {
        let window = &buffer.rest()[..buffer.rest().len().min(MAX_ROW_BYTES)];
        for (index, &byte) in window.iter().enumerate().skip(seen) {
            if self.nesting.step(byte) {
                self.state = State::AfterElement;
                self.number += 1;
                self.used = index + 1;
                return Some(Element::Whole(index + 1));
            }
        }
        self.state = State::InElement { seen: window.len() };
        if window.len() == MAX_ROW_BYTES {
            self.fault = Some(Fault::of_row(window, format!("is longer than {MAX_ROW_BYTES} bytes")));
            self.used = window.len();
            self.state = State::SkippingElement;
        }
        None
    }

    /// Skips an element that is too long. Returns its fault if its end is there.
    fn skip_element(&mut self, buffer: &mut Buffer) -> Option<Fault> {
        self.release(buffer);
        let end = buffer.rest().iter().position(|&byte| self.nesting.step(byte));
        buffer.consume(end.map_or(buffer.rest().len(), |end| end + 1));
        end?;
        self.state = State::AfterElement;
        self.number += 1;
        self.fault.take()
    }
}

/// Finds the list of links in a JSON document that begins with `head`, and returns its name and its first link. Returns
/// `None` for JSON Lines, where no list begins before the first object ends.
pub(super) fn find_list(head: &[u8]) -> Option<(Vec<u8>, Vec<u8>)> {
    let mut document = Document::new();
    let mut buffer = Buffer::new(0, 1);
    buffer.extend(head);
    // Ignore errors: the reader will find them too.
    let first = match document.find(&mut buffer) {
        Ok(Element::Whole(length)) => buffer.rest()[..length].to_vec(),
        _ => Vec::new(),
    };
    document.list_found.then_some((document.name, first))
}
