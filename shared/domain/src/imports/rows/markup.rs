//! HTML and XML as tags and text, whatever the pieces they come in. It takes what people's files hold: nothing has to be
//! closed, and a `<` that begins no tag is text.

use std::borrow::Cow;

use memchr::{memchr, memmem};

use super::buffer::Buffer;

/// The longest tag, in bytes. Browsers put the picture of a bookmark into it.
const MAX_TAG_BYTES: usize = 512 * 1024;

/// What the buffer begins with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Token {
    /// A tag of so many bytes.
    Tag(usize),
    /// So many bytes of text, which may go on.
    Text(usize),
    More,
    End,
}

/// Finds one token after the other. Leaves comments behind.
#[derive(Default)]
pub(super) struct Markup {
    comment: bool,
}

impl Markup {
    pub(super) fn next(&mut self, buffer: &mut Buffer) -> Token {
        loop {
            if self.comment && !self.skip_comment(buffer) {
                return if buffer.ended() { Token::End } else { Token::More };
            }
            let (rest, ended) = (buffer.rest(), buffer.ended());
            let Some(first) = rest.first() else { return if ended { Token::End } else { Token::More } };
            if *first != b'<' {
                return Token::Text(memchr(b'<', rest).unwrap_or(rest.len()));
            }
            if rest.starts_with(b"<!--") {
                buffer.consume(4);
                self.comment = true;
                continue;
            }
            if !ended && b"<!--".starts_with(rest) {
                return Token::More;
            }
            return match tag_length(rest) {
                _ if !matches!(rest.get(1), Some(b'/' | b'!' | b'?' | b'a'..=b'z' | b'A'..=b'Z')) => Token::Text(1),
                Some(length) => Token::Tag(length),
                None if ended || rest.len() >= MAX_TAG_BYTES => Token::Text(1),
                None => Token::More,
            };
        }
    }

    /// Leaves a comment behind, or what is there of it; says whether its end was there.
    fn skip_comment(&mut self, buffer: &mut Buffer) -> bool {
        let end = memmem::find(buffer.rest(), b"-->");
        // The last bytes may be the beginning of its end.
        let keep = if buffer.ended() { 0 } else { 2 };
        buffer.consume(end.map_or(buffer.rest().len().saturating_sub(keep), |at| at + 3));
        self.comment = end.is_none();
        end.is_some()
    }
}

/// The length of the tag that `text` begins with, if its end is within bounds. A `>` in a value with quotation marks is not
/// its end.
fn tag_length(text: &[u8]) -> Option<usize> {
    let text = &text[..text.len().min(MAX_TAG_BYTES)];
    let (mut at, mut quote) = (1, None);
    while let Some(&byte) = text.get(at) {
        match quote {
            Some(mark) => {
                at += memchr(mark, &text[at..])?;
                quote = None;
            }
            None if byte == b'>' => return Some(at + 1),
            None if byte == b'"' || byte == b'\'' => quote = value_begins(&text[..at]).then_some(byte),
            None => {}
        }
        at += 1;
    }
    None
}

/// Whether what follows `before` in a tag is a value.
fn value_begins(before: &[u8]) -> bool {
    before.trim_ascii_end().ends_with(b"=")
}

/// A tag, taken apart.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tag<'a> {
    /// Whether it is an end tag.
    pub(super) closes: bool,
    /// Whether it is a start and end tag in one, as XML has them.
    pub(super) empty: bool,
    name: &'a [u8],
    attributes: &'a [u8],
}

impl<'a> Tag<'a> {
    /// The tag that `text` is, with its brackets.
    pub(super) fn parse(text: &'a [u8]) -> Self {
        let inner = text.strip_prefix(b"<").unwrap_or(text);
        let inner = inner.strip_suffix(b">").unwrap_or(inner);
        let (closes, inner) = inner.strip_prefix(b"/").map_or((false, inner), |rest| (true, rest));
        let (empty, inner) = inner.strip_suffix(b"/").map_or((false, inner), |rest| (true, rest));
        let end = inner.iter().position(|byte| byte.is_ascii_whitespace()).unwrap_or(inner.len());
        let name = &inner[..end];
        // XML may put a name space in front.
        let name = memchr::memrchr(b':', name).map_or(name, |colon| &name[colon + 1..]);
        Self { closes, empty, name, attributes: &inner[end..] }
    }

    /// Whether this is its name, without regard to case.
    pub(super) fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name.as_bytes())
    }

    /// The value of the attribute `name`, with its entities decoded.
    pub(super) fn attribute(&self, name: &str) -> Option<Cow<'a, str>> {
        let mut rest = self.attributes;
        loop {
            rest = rest.trim_ascii_start();
            let end = rest.iter().position(|byte| byte.is_ascii_whitespace() || *byte == b'=').unwrap_or(rest.len());
            if rest.is_empty() {
                return None;
            }
            let (found, after) = (&rest[..end], rest[end..].trim_ascii_start());
            let (value, after) = match after.strip_prefix(b"=") {
                Some(after) => value(after.trim_ascii_start()),
                // A mark without a name would be looked at for ever.
                None => (&b""[..], if end == 0 { &after[1..] } else { after }),
            };
            if found.eq_ignore_ascii_case(name.as_bytes()) {
                return Some(decode(value));
            }
            rest = after;
        }
    }
}

/// The value that `text` begins with, and what is behind it.
fn value(text: &[u8]) -> (&[u8], &[u8]) {
    let Some(&mark) = text.first().filter(|first| matches!(first, b'"' | b'\'')) else {
        let end = text.iter().position(u8::is_ascii_whitespace).unwrap_or(text.len());
        return text.split_at(end);
    };
    let text = &text[1..];
    let end = memchr(mark, text).unwrap_or(text.len());
    (&text[..end], text.get(end + 1..).unwrap_or_default())
}

/// Text with its entities decoded; one that is not known stays as it is.
pub(super) fn decode(text: &[u8]) -> Cow<'_, str> {
    let text = String::from_utf8_lossy(text);
    if !text.contains('&') {
        return text;
    }
    let (mut decoded, mut rest) = (String::with_capacity(text.len()), text.as_ref());
    while let Some(at) = rest.find('&') {
        decoded.push_str(&rest[..at]);
        rest = &rest[at..];
        let end = rest.bytes().take(12).position(|byte| byte == b';');
        match end.and_then(|end| Some((entity(&rest[1..end])?, end))) {
            Some((character, end)) => {
                decoded.push(character);
                rest = &rest[end + 1..];
            }
            None => {
                decoded.push('&');
                rest = &rest[1..];
            }
        }
    }
    decoded.push_str(rest);
    Cow::Owned(decoded)
}

fn entity(name: &str) -> Option<char> {
    let number = |text: &str, base| u32::from_str_radix(text, base).ok().and_then(char::from_u32);
    match name {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        "nbsp" => Some('\u{a0}'),
        _ => match name.strip_prefix('#')?.strip_prefix(['x', 'X']) {
            Some(digits) => number(digits, 16),
            None => number(name.strip_prefix('#')?, 10),
        },
    }
}
