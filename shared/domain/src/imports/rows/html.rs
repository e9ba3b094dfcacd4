//! Splits HTML and XML into tags and text, in whatever pieces they arrive, by the states of the HTML standard
//! (<https://html.spec.whatwg.org/multipage/parsing.html#tokenization>). Looks at each byte once, and keeps the bounded
//! start of each value, so that neither a tag without end nor a large icon costs memory or time.
//!
//! No element has raw text: descriptions of bookmarks hold `<script>` that nothing closes.

use std::borrow::Cow;

use memchr::{memchr, memmem};

use super::buffer::Buffer;

/// The longest value of an attribute that is kept, in bytes: a URL of the greatest length with all of its characters
/// escaped.
const MAX_VALUE_BYTES: usize = 32 * 1024;
/// The longest name of a tag or an attribute that is kept, in bytes.
const MAX_NAME_BYTES: usize = 64;
/// How many attributes of a tag are kept.
const MAX_ATTRIBUTES: usize = 64;
const CDATA: &[u8] = b"<![CDATA[";

/// The token at the start of the buffer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Token {
    /// A tag: [`Html::tag`]. The buffer is after it.
    Tag,
    /// This many bytes of text. More text may follow.
    Text(usize),
    More,
    End,
}

/// Finds tokens one by one. Skips comments and declarations.
#[derive(Default)]
pub(crate) struct Html {
    state: State,
    tag: Tag,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum State {
    #[default]
    Text,
    /// In text where `<` begins no tag.
    Cdata,
    Comment,
    /// In a declaration or an instruction, which ends with `>`.
    Declaration,
    TagName,
    BeforeAttribute,
    AttributeName,
    AfterAttributeName,
    BeforeValue,
    /// In a value with this quotation mark.
    QuotedValue(u8),
    Value,
    AfterSlash,
}

/// A tag.
#[derive(Debug, Default)]
pub(crate) struct Tag {
    /// Whether it is an end tag.
    pub(crate) closes: bool,
    /// Whether it is an empty-element tag of XML, which starts and ends an element.
    pub(crate) empty: bool,
    /// The line on which it begins.
    pub(super) line: u64,
    name: Vec<u8>,
    attributes: Vec<Attribute>,
}

/// An attribute of a tag.
#[derive(Debug, Default)]
pub(crate) struct Attribute {
    name: Vec<u8>,
    value: Vec<u8>,
    /// Whether the value was longer than what is kept.
    is_cut: bool,
}

impl Html {
    /// Returns the tag that was found last.
    pub(crate) fn tag(&self) -> &Tag {
        &self.tag
    }

    /// Tells whether the text ends within a tag.
    pub(super) fn is_in_tag(&self) -> bool {
        !matches!(self.state, State::Text | State::Cdata | State::Comment | State::Declaration)
    }

    /// Finds the next token.
    pub(crate) fn next(&mut self, buffer: &mut Buffer) -> Token {
        loop {
            let (rest, ended) = (buffer.rest(), buffer.ended());
            if rest.is_empty() {
                return if ended { Token::End } else { Token::More };
            }
            match self.state {
                State::Text => match self.begin(rest, ended) {
                    Begin::Text(length) => return Token::Text(length),
                    Begin::More => return Token::More,
                    Begin::Markup(length) => {
                        self.tag.line = buffer.line();
                        buffer.consume(length);
                    }
                },
                State::Comment => {
                    if !self.skip_until(b"-->", buffer) {
                        return if buffer.ended() { Token::End } else { Token::More };
                    }
                }
                State::Cdata => match memmem::find(rest, b"]]>") {
                    Some(0) => {
                        buffer.consume(3);
                        self.state = State::Text;
                    }
                    Some(end) => return Token::Text(end),
                    None if ended || rest.len() > 2 => return Token::Text(rest.len() - if ended { 0 } else { 2 }),
                    None => return Token::More,
                },
                State::Declaration => {
                    if !self.skip_until(b">", buffer) {
                        return if buffer.ended() { Token::End } else { Token::More };
                    }
                }
                _ => {
                    let (used, complete) = self.scan_tag(rest);
                    buffer.consume(used);
                    if complete {
                        return Token::Tag;
                    }
                }
            }
        }
    }

    /// Looks at what begins at the start of `rest`, outside a tag.
    fn begin(&mut self, rest: &[u8], ended: bool) -> Begin {
        if rest[0] != b'<' {
            return Begin::Text(memchr(b'<', rest).unwrap_or(rest.len()));
        }
        for (mark, state) in [(&b"<!--"[..], State::Comment), (CDATA, State::Cdata)] {
            if rest.starts_with(mark) {
                self.state = state;
                return Begin::Markup(mark.len());
            }
            if !ended && mark.starts_with(rest) {
                return Begin::More;
            }
        }
        let closes = rest.get(1) == Some(&b'/');
        match rest.get(1 + usize::from(closes)) {
            Some(byte) if byte.is_ascii_alphabetic() => {
                self.tag.name.clear();
                self.tag.attributes.clear();
                (self.tag.closes, self.tag.empty) = (closes, false);
                self.state = State::TagName;
                Begin::Markup(1 + usize::from(closes))
            }
            Some(b'!' | b'?') if !closes => {
                self.state = State::Declaration;
                Begin::Markup(2)
            }
            None if !ended => Begin::More,
            _ => Begin::Text(1),
        }
    }

    /// Consumes everything up to `end`, as far as it is there. Returns whether it was there.
    fn skip_until(&mut self, end: &[u8], buffer: &mut Buffer) -> bool {
        let found = memmem::find(buffer.rest(), end);
        // The last bytes may belong to the end.
        let keep = if buffer.ended() { 0 } else { end.len() - 1 };
        buffer.consume(found.map_or(buffer.rest().len().saturating_sub(keep), |at| at + end.len()));
        if found.is_some() {
            self.state = State::Text;
        }
        found.is_some()
    }

    /// Scans a part of a tag. Returns how many bytes belong to it, and whether it is complete.
    fn scan_tag(&mut self, bytes: &[u8]) -> (usize, bool) {
        let mut at = 0;
        while at < bytes.len() {
            let byte = bytes[at];
            if byte == b'>' && !matches!(self.state, State::QuotedValue(_)) {
                self.tag.empty = self.state == State::AfterSlash;
                self.state = State::Text;
                return (at + 1, true);
            }
            let blank = byte.is_ascii_whitespace();
            at += 1;
            match self.state {
                State::TagName if blank => self.state = State::BeforeAttribute,
                State::TagName if byte == b'/' => self.state = State::AfterSlash,
                State::TagName => push_bounded(&mut self.tag.name, &[byte], MAX_NAME_BYTES),
                State::AttributeName | State::AfterAttributeName if byte == b'=' => self.state = State::BeforeValue,
                State::AttributeName if blank => self.state = State::AfterAttributeName,
                State::AttributeName if byte != b'/' => self.push_name(byte),
                State::AfterAttributeName | State::BeforeAttribute | State::AfterSlash | State::BeforeValue
                    if blank =>
                {
                    if self.state == State::AfterSlash {
                        self.state = State::BeforeAttribute;
                    }
                }
                State::BeforeValue if matches!(byte, b'"' | b'\'') => self.state = State::QuotedValue(byte),
                State::BeforeValue => {
                    self.state = State::Value;
                    self.push_value(&[byte]);
                }
                State::Value if blank => self.state = State::BeforeAttribute,
                State::Value => self.push_value(&[byte]),
                State::QuotedValue(mark) => {
                    let value = &bytes[at - 1..];
                    let end = memchr(mark, value);
                    let value = &value[..end.unwrap_or(value.len())];
                    self.push_value(value);
                    at += value.len() - usize::from(end.is_none());
                    if end.is_some() {
                        self.state = State::BeforeAttribute;
                    }
                }
                _ if byte == b'/' => self.state = State::AfterSlash,
                _ => {
                    self.state = State::AttributeName;
                    if self.tag.attributes.len() < MAX_ATTRIBUTES {
                        self.tag.attributes.push(Attribute::default());
                    } else if let Some(last) = self.tag.attributes.last_mut() {
                        *last = Attribute::default();
                    }
                    self.push_name(byte);
                }
            }
        }
        (at, false)
    }

    fn push_name(&mut self, byte: u8) {
        let Some(attribute) = self.tag.attributes.last_mut() else { return };
        push_bounded(&mut attribute.name, &[byte], MAX_NAME_BYTES);
    }

    fn push_value(&mut self, bytes: &[u8]) {
        let Some(attribute) = self.tag.attributes.last_mut() else { return };
        attribute.is_cut |= attribute.value.len() + bytes.len() > MAX_VALUE_BYTES;
        push_bounded(&mut attribute.value, bytes, MAX_VALUE_BYTES);
    }
}

/// What begins outside a tag.
enum Begin {
    Text(usize),
    /// Something other than text, whose mark has this many bytes.
    Markup(usize),
    More,
}

fn push_bounded(text: &mut Vec<u8>, bytes: &[u8], bound: usize) {
    text.extend_from_slice(&bytes[..bytes.len().min(bound.saturating_sub(text.len()))]);
}

impl Tag {
    /// Tells whether the tag has this name, without regard to case and to a namespace before it.
    pub(crate) fn is(&self, name: &str) -> bool {
        let local = memchr::memrchr(b':', &self.name).map_or(&self.name[..], |colon| &self.name[colon + 1..]);
        local.eq_ignore_ascii_case(name.as_bytes())
    }

    /// Returns the attribute `name`. Of two, the first counts.
    pub(crate) fn attribute(&self, name: &str) -> Option<&Attribute> {
        self.attributes.iter().find(|attribute| attribute.name.eq_ignore_ascii_case(name.as_bytes()))
    }

    /// Returns the value of the attribute `name`, with its entities decoded; what is not text becomes `�`.
    pub(crate) fn value(&self, name: &str) -> Option<Cow<'_, str>> {
        self.attribute(name).map(|attribute| htmlize::unescape_attribute(String::from_utf8_lossy(&attribute.value)))
    }

    /// Returns the URL in `attribute`.
    ///
    /// # Errors
    /// What is wrong with the bookmark.
    pub(super) fn url(&self, attribute: &Attribute) -> Result<String, &'static str> {
        if self.is_torn() {
            return Err("has a quotation mark that is not closed");
        }
        if attribute.is_cut {
            return Err("has a URL that is too long");
        }
        let text = std::str::from_utf8(&attribute.value).map_err(|_| "is not valid text")?;
        Ok(htmlize::unescape_attribute(text).into_owned())
    }

    /// Tells whether a value has swallowed another tag, since its quotation mark is not closed.
    fn is_torn(&self) -> bool {
        let tags: [&[u8]; 7] = [b"a ", b"a\n", b"/a>", b"dt>", b"dd>", b"dl>", b"/dl>"];
        self.attributes.iter().any(|attribute| {
            memchr::memchr_iter(b'<', &attribute.value).any(|at| {
                let after = &attribute.value[at + 1..];
                tags.iter().any(|tag| after.len() >= tag.len() && after[..tag.len()].eq_ignore_ascii_case(tag))
            })
        })
    }
}

impl Attribute {
    /// Returns the start of the value as it is in the file.
    pub(super) fn raw(&self) -> &[u8] {
        &self.value
    }
}

/// Decodes the entities in `text`. An unknown entity stays as it is; what is not text becomes `�`.
pub(crate) fn decode_text(text: &[u8]) -> String {
    htmlize::unescape(String::from_utf8_lossy(text)).into_owned()
}
