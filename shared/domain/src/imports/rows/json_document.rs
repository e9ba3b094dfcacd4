//! A JSON document with a list of links: a list as the document itself, or as `links`, `items` or `data` in an object. Only
//! one link of it is in memory at a time.

use super::buffer::Buffer;
use super::fields::Fault;
use super::limits::MAX_ROW_BYTES;
use super::unreadable::Unreadable;

/// What a list of links may be called.
const LISTS: [&[u8]; 3] = [b"links", b"items", b"data"];
/// How deep such a list may be in objects.
const MAX_DEPTH: usize = 2;

/// What was found.
#[derive(Debug)]
pub(super) enum Element {
    /// A link in so many of the first bytes of the buffer.
    Whole(usize),
    /// One that is broken.
    Broken(Fault),
    More,
    End,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Before the list, or behind it.
    Outside,
    /// Between the elements of the list; says whether one must follow, as behind a comma.
    Between { comma: bool },
    /// Behind an element: a comma or the end of the list follows.
    Behind,
    /// Within an element of which the scanner has seen so many bytes.
    Element { seen: usize },
    /// Within one that is too long.
    Skipping,
}

/// Finds one element of the list after the other.
pub(super) struct Document {
    state: State,
    nesting: Nesting,
    /// Of what is outside of the list: the kinds of the brackets that are open.
    open: Vec<u8>,
    /// The last text outside of the list, and whether it is the name of what comes next.
    name: Vec<u8>,
    named: bool,
    /// Whether the list was there.
    found: bool,
    /// Whether the document is over.
    closed: bool,
    number: u64,
    line: u64,
    used: usize,
    fault: Option<Fault>,
}

/// How deep in brackets some bytes are, and whether in a text.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Nesting {
    depth: usize,
    text: bool,
    escaped: bool,
}

impl Nesting {
    /// Goes over `byte`; says whether it is the end of a value with brackets or marks.
    #[inline]
    fn step(&mut self, byte: u8) -> bool {
        if self.text {
            match byte {
                _ if self.escaped => self.escaped = false,
                b'\\' => self.escaped = true,
                b'"' => self.text = false,
                _ => return false,
            }
            return !self.text && self.depth == 0;
        }
        match byte {
            b'"' => self.text = true,
            b'{' | b'[' => self.depth += 1,
            b'}' | b']' => self.depth = self.depth.saturating_sub(1),
            _ => return false,
        }
        !self.text && self.depth == 0
    }
}

impl Document {
    pub(super) fn new() -> Self {
        Self {
            state: State::Outside,
            nesting: Nesting::default(),
            open: Vec::new(),
            name: Vec::new(),
            named: false,
            found: false,
            closed: false,
            number: 0,
            line: 0,
            used: 0,
            fault: None,
        }
    }

    /// The last link's number, and the line that it began on.
    pub(super) fn last(&self) -> (u64, u64) {
        (self.number, self.line)
    }

    /// Leaves the last link behind.
    pub(super) fn release(&mut self, buffer: &mut Buffer) {
        buffer.consume(std::mem::take(&mut self.used));
    }

    /// The next link.
    pub(super) fn find(&mut self, buffer: &mut Buffer) -> Result<Element, Unreadable> {
        self.release(buffer);
        loop {
            let blank = buffer.rest().iter().take_while(|byte| byte.is_ascii_whitespace()).count();
            if !matches!(self.state, State::Element { .. } | State::Skipping) && !self.nesting.text {
                buffer.consume(blank);
            }
            if buffer.rest().is_empty() || matches!(self.state, State::Element { seen } if seen == buffer.rest().len())
            {
                return self.wait(buffer);
            }
            match self.state {
                State::Outside => self.outside(buffer)?,
                State::Between { comma } => self.between(buffer, comma)?,
                State::Behind => self.behind(buffer)?,
                State::Element { seen } => {
                    if let Some(element) = self.element(buffer, seen) {
                        return Ok(element);
                    }
                }
                State::Skipping => {
                    if let Some(fault) = self.skip(buffer) {
                        return Ok(Element::Broken(fault));
                    }
                }
            }
        }
    }

    fn wait(&self, buffer: &Buffer) -> Result<Element, Unreadable> {
        if !buffer.ended() {
            return Ok(Element::More);
        }
        if self.state != State::Outside || !self.closed {
            return Err(Unreadable::at(buffer.end_at(), "the JSON document breaks off"));
        }
        if !self.found {
            return Err(Unreadable::because("the JSON document has no list named links, items or data"));
        }
        Ok(Element::End)
    }

    /// Goes over what is not in the list, until the list begins.
    fn outside(&mut self, buffer: &mut Buffer) -> Result<(), Unreadable> {
        let start = buffer.at();
        for (index, &byte) in buffer.rest().iter().enumerate() {
            let at = start + index as u64;
            let in_text = self.nesting.text;
            if in_text {
                let nesting = &mut self.nesting;
                nesting.step(byte);
                if nesting.text && self.name.len() < 16 {
                    self.name.push(byte);
                }
                continue;
            }
            let begins = matches!(byte, b'[' | b'{') && !self.closed;
            if self.open.is_empty() && !begins && !byte.is_ascii_whitespace() {
                return Err(Unreadable::at(at, "the JSON document is followed by something else"));
            }
            match byte {
                b'"' => {
                    self.name.clear();
                    self.nesting = Nesting { depth: 1, text: true, escaped: false };
                }
                b':' => self.named = LISTS.contains(&self.name.as_slice()),
                b'[' if !self.found && (self.open.is_empty() || self.named && self.open.len() <= MAX_DEPTH) => {
                    self.found = true;
                    self.state = State::Between { comma: false };
                    buffer.consume(index + 1);
                    return Ok(());
                }
                b'[' | b'{' if self.open.len() < 128 => {
                    self.open.push(byte);
                    self.named = false;
                }
                b']' | b'}' => {
                    let opened = if byte == b']' { b'[' } else { b'{' };
                    if self.open.pop() != Some(opened) {
                        return Err(Unreadable::at(at, "the JSON document is broken: a bracket closes nothing"));
                    }
                    self.closed = self.open.is_empty();
                }
                b'[' | b'{' => return Err(Unreadable::at(at, "the JSON document is nested too deeply")),
                byte if !byte.is_ascii_whitespace() => self.named = false,
                _ => {}
            }
        }
        buffer.consume(buffer.rest().len());
        Ok(())
    }

    fn between(&mut self, buffer: &mut Buffer, comma: bool) -> Result<(), Unreadable> {
        match buffer.rest()[0] {
            b']' if !comma => {
                buffer.consume(1);
                self.list_ends();
            }
            b'{' | b'[' | b'"' => {
                self.nesting = Nesting::default();
                self.line = buffer.line();
                self.state = State::Element { seen: 0 };
            }
            _ => {
                return Err(Unreadable::at(
                    buffer.at(),
                    "the JSON document is broken: no object is where the next one should be",
                ));
            }
        }
        Ok(())
    }

    fn behind(&mut self, buffer: &mut Buffer) -> Result<(), Unreadable> {
        match buffer.rest()[0] {
            b',' => self.state = State::Between { comma: true },
            b']' => self.list_ends(),
            _ => {
                return Err(Unreadable::at(
                    buffer.at(),
                    "the JSON document is broken: no comma is where one should be",
                ));
            }
        }
        buffer.consume(1);
        Ok(())
    }

    fn list_ends(&mut self) {
        self.state = State::Outside;
        self.closed = self.open.is_empty();
    }

    /// Goes on with an element; gives it if that is its end.
    fn element(&mut self, buffer: &Buffer, seen: usize) -> Option<Element> {
        let window = &buffer.rest()[..buffer.rest().len().min(MAX_ROW_BYTES)];
        for (index, &byte) in window.iter().enumerate().skip(seen) {
            if self.nesting.step(byte) {
                self.state = State::Behind;
                self.number += 1;
                self.used = index + 1;
                return Some(Element::Whole(index + 1));
            }
        }
        self.state = State::Element { seen: window.len() };
        if window.len() == MAX_ROW_BYTES {
            self.fault = Some(Fault::of_row(window, format!("is longer than {MAX_ROW_BYTES} bytes")));
            self.used = window.len();
            self.state = State::Skipping;
        }
        None
    }

    /// Goes on with an element that is too long; gives what is wrong with it at its end.
    fn skip(&mut self, buffer: &mut Buffer) -> Option<Fault> {
        self.release(buffer);
        let end = buffer.rest().iter().position(|&byte| self.nesting.step(byte));
        buffer.consume(end.map_or(buffer.rest().len(), |end| end + 1));
        end?;
        self.state = State::Behind;
        self.number += 1;
        self.fault.take()
    }
}

/// The name of the list and the first link in it, if the JSON that begins with `head` is a document with a list of links
/// rather than the first of many lines: the list begins before the object ends.
pub(super) fn list(head: &[u8]) -> Option<(Vec<u8>, Vec<u8>)> {
    let mut document = Document::new();
    let mut buffer = Buffer::new(0, 1);
    buffer.extend(head);
    // Whatever comes after the first object would be an error, which the reader finds as well.
    let first = match document.find(&mut buffer) {
        Ok(Element::Whole(length)) => buffer.rest()[..length].to_vec(),
        _ => Vec::new(),
    };
    document.found.then_some((document.name, first))
}
