//! Splits the XML of spreadsheets into tags and text, in whatever pieces it arrives. Accepts what real files hold: elements may
//! stay open, and a `<` that does not begin a tag is text.

use std::borrow::Cow;

use memchr::{memchr, memmem};

use super::buffer::Buffer;

/// The longest tag, in bytes. The tags of spreadsheets are short.
const MAX_TAG_BYTES: usize = 64 * 1024;

/// The token at the start of the buffer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Token {
    /// A tag of this many bytes.
    Tag(usize),
    /// This many bytes of text. More text may follow.
    Text(usize),
    More,
    End,
}

/// Finds tokens one by one. Skips comments.
#[derive(Default)]
pub(super) struct Markup {
    in_comment: bool,
}

impl Markup {
    pub(super) fn next(&mut self, buffer: &mut Buffer) -> Token {
        loop {
            if self.in_comment && !self.skip_comment(buffer) {
                return if buffer.ended() { Token::End } else { Token::More };
            }
            let (rest, ended) = (buffer.rest(), buffer.ended());
            let Some(first) = rest.first() else { return if ended { Token::End } else { Token::More } };
            if *first != b'<' {
                return Token::Text(memchr(b'<', rest).unwrap_or(rest.len()));
            }
            if rest.starts_with(b"<!--") {
                buffer.consume(4);
                self.in_comment = true;
                continue;
            }
            if !ended && b"<!--".starts_with(rest) {
                return Token::More;
            }
            return match tag_length(rest) {
                _ if !matches!(rest.get(1), Some(b'/' | b'!' | b'?' | b'a'..=b'z' | b'A'..=b'Z')) => Token::Text(1),
                Some(length) => Token::Tag(length),
                // Nothing in it can be a whole tag, so that it need not be scanned again.
                None if ended || rest.len() >= MAX_TAG_BYTES => Token::Text(rest.len().min(MAX_TAG_BYTES)),
                None => Token::More,
            };
        }
    }

    /// Consumes a comment, as far as it is there. Returns whether its end was there.
    fn skip_comment(&mut self, buffer: &mut Buffer) -> bool {
        let end = memmem::find(buffer.rest(), b"-->");
        // The last two bytes may belong to the end of the comment.
        let keep = if buffer.ended() { 0 } else { 2 };
        buffer.consume(end.map_or(buffer.rest().len().saturating_sub(keep), |at| at + 3));
        self.in_comment = end.is_none();
        end.is_some()
    }
}

/// Returns the length of the tag at the start of `text`, if its end is there. A `>` in a quoted value does not end the
/// tag.
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
            None if byte == b'"' || byte == b'\'' => quote = value_may_begin(&text[..at]).then_some(byte),
            None => {}
        }
        at += 1;
    }
    None
}

/// Tells whether a value follows `before` in a tag.
fn value_may_begin(before: &[u8]) -> bool {
    before.trim_ascii_end().ends_with(b"=")
}

/// A parsed tag.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tag<'a> {
    /// Whether it is an end tag.
    pub(super) closes: bool,
    name: &'a [u8],
    attributes: &'a [u8],
}

impl<'a> Tag<'a> {
    /// Parses a tag with its brackets.
    pub(super) fn parse(text: &'a [u8]) -> Self {
        let inner = text.strip_prefix(b"<").unwrap_or(text);
        let inner = inner.strip_suffix(b">").unwrap_or(inner);
        let (closes, inner) = inner.strip_prefix(b"/").map_or((false, inner), |rest| (true, rest));
        let inner = inner.strip_suffix(b"/").unwrap_or(inner);
        let end = inner.iter().position(|byte| byte.is_ascii_whitespace()).unwrap_or(inner.len());
        let name = &inner[..end];
        // Drop the namespace that XML may put before the name.
        let name = memchr::memrchr(b':', name).map_or(name, |colon| &name[colon + 1..]);
        Self { closes, name, attributes: &inner[end..] }
    }

    /// Tells whether the tag has this name, without regard to case.
    pub(super) fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name.as_bytes())
    }

    /// Returns the value of the attribute `name`, with its entities decoded.
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
                Some(after) => split_value(after.trim_ascii_start()),
                // Step over a character that is no name, or the loop would not end.
                None => (&b""[..], if end == 0 { &after[1..] } else { after }),
            };
            if found.eq_ignore_ascii_case(name.as_bytes()) {
                return Some(decode_entities(value));
            }
            rest = after;
        }
    }
}

/// Splits `text` into the value at its start and the rest.
fn split_value(text: &[u8]) -> (&[u8], &[u8]) {
    let Some(&mark) = text.first().filter(|first| matches!(first, b'"' | b'\'')) else {
        let end = text.iter().position(u8::is_ascii_whitespace).unwrap_or(text.len());
        return text.split_at(end);
    };
    let text = &text[1..];
    let end = memchr(mark, text).unwrap_or(text.len());
    (&text[..end], text.get(end + 1..).unwrap_or_default())
}

/// Decodes the entities in `text`. An unknown entity stays as it is.
pub(super) fn decode_entities(text: &[u8]) -> Cow<'_, str> {
    let text = String::from_utf8_lossy(text);
    if !text.contains('&') {
        return text;
    }
    let (mut decoded, mut rest) = (String::with_capacity(text.len()), text.as_ref());
    while let Some(at) = rest.find('&') {
        decoded.push_str(&rest[..at]);
        rest = &rest[at..];
        let end = rest.bytes().take(12).position(|byte| byte == b';');
        match end.and_then(|end| Some((decode_entity(&rest[1..end])?, end))) {
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

fn decode_entity(name: &str) -> Option<char> {
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
