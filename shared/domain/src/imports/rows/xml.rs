//! Splits XML into tags and text, in whatever pieces they arrive, in time that grows with its length.

use std::borrow::Cow;

use memchr::{memchr, memchr3, memmem};

use super::buffer::Buffer;

/// The longest tag, in bytes.
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
    /// A tag that does not end within [`MAX_TAG_BYTES`], or not before the end of the file.
    Broken,
}

/// Finds tokens one by one. Skips comments.
#[derive(Default)]
pub(super) struct Xml {
    section: Option<Section>,
    /// How many bytes of the tag at the start of the buffer are scanned.
    scanned: usize,
    /// The quotation mark that was open there.
    quote: Option<u8>,
}

/// What ends with a text of its own.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Section {
    Comment,
    /// Text in which `<` is an ordinary character.
    Literal,
}

impl Section {
    fn marks(self) -> (&'static [u8], &'static [u8]) {
        match self {
            Self::Comment => (b"<!--", b"-->"),
            Self::Literal => (b"<![CDATA[", b"]]>"),
        }
    }
}

impl Xml {
    pub(super) fn next(&mut self, buffer: &mut Buffer) -> Token {
        loop {
            let (rest, ended) = (buffer.rest(), buffer.ended());
            if rest.is_empty() {
                return if ended { Token::End } else { Token::More };
            }
            if let Some(section) = self.section {
                match self.next_of_section(section, buffer) {
                    Some(token) => return token,
                    None => continue,
                }
            }
            if rest[0] != b'<' {
                return Token::Text(memchr(b'<', rest).unwrap_or(rest.len()));
            }
            let sections = [Section::Comment, Section::Literal];
            if let Some(section) = sections.into_iter().find(|section| rest.starts_with(section.marks().0)) {
                buffer.consume(section.marks().0.len());
                self.section = Some(section);
                continue;
            }
            if !ended && sections.iter().any(|section| section.marks().0.starts_with(rest)) {
                return Token::More;
            }
            return self.scan_tag(rest, ended);
        }
    }

    /// Reads a comment or literal text; `None` if it ends here.
    fn next_of_section(&mut self, section: Section, buffer: &mut Buffer) -> Option<Token> {
        let mark = section.marks().1;
        let rest = buffer.rest();
        let end = memmem::find(rest, mark);
        // The last two bytes may belong to the mark.
        let length = end.unwrap_or(if buffer.ended() { rest.len() } else { rest.len().saturating_sub(mark.len() - 1) });
        if length > 0 && section == Section::Literal {
            return Some(Token::Text(length));
        }
        if end.is_some() {
            buffer.consume(length + mark.len());
            self.section = None;
            return None;
        }
        buffer.consume(length);
        Some(if buffer.ended() { Token::End } else { Token::More })
    }

    /// Looks for the end of the tag at the start of `rest`. A `>` in a quoted value does not end it.
    fn scan_tag(&mut self, rest: &[u8], ended: bool) -> Token {
        let window = &rest[..rest.len().min(MAX_TAG_BYTES)];
        let mut at = self.scanned;
        loop {
            let found = match self.quote {
                Some(mark) => memchr(mark, &window[at..]),
                None => memchr3(b'>', b'"', b'\'', &window[at..]),
            };
            let Some(found) = found.map(|found| at + found) else { break };
            at = found + 1;
            match self.quote {
                Some(_) => self.quote = None,
                None if window[found] == b'>' => {
                    self.scanned = 0;
                    return Token::Tag(at);
                }
                None => self.quote = Some(window[found]),
            }
        }
        if ended || window.len() == MAX_TAG_BYTES {
            return Token::Broken;
        }
        self.scanned = window.len();
        Token::More
    }
}

/// A parsed tag.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tag<'a> {
    /// Whether it is an end tag.
    pub(super) closes: bool,
    /// Whether it starts and ends an element.
    pub(super) empty: bool,
    name: &'a [u8],
    attributes: &'a [u8],
}

impl<'a> Tag<'a> {
    /// Parses a tag with its brackets.
    pub(super) fn parse(text: &'a [u8]) -> Self {
        let inner = text.strip_prefix(b"<").unwrap_or(text);
        let inner = inner.strip_suffix(b">").unwrap_or(inner);
        let (closes, inner) = inner.strip_prefix(b"/").map_or((false, inner), |rest| (true, rest));
        let (empty, inner) = inner.strip_suffix(b"/").map_or((false, inner), |rest| (true, rest));
        let end = inner.iter().position(u8::is_ascii_whitespace).unwrap_or(inner.len());
        Self { closes, empty, name: local_name(&inner[..end]), attributes: &inner[end..] }
    }

    /// Tells whether the tag has this name, in whatever namespace.
    pub(super) fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name.as_bytes())
    }

    /// Tells whether the tag begins an element that has content.
    pub(super) fn opens(&self) -> bool {
        !self.closes && !self.empty
    }

    /// Returns the value of the attribute `name`, in whatever namespace.
    pub(super) fn attribute(&self, name: &str) -> Option<Cow<'a, str>> {
        let mut rest = self.attributes;
        loop {
            let equals = memchr(b'=', rest)?;
            let found = local_name(rest[..equals].trim_ascii());
            rest = rest[equals + 1..].trim_ascii_start();
            let mark = *rest.first()?;
            let (value, after) = if mark == b'"' || mark == b'\'' {
                let end = memchr(mark, &rest[1..])?;
                (&rest[1..=end], &rest[end + 2..])
            } else {
                rest.split_at(rest.iter().position(u8::is_ascii_whitespace).unwrap_or(rest.len()))
            };
            if found.eq_ignore_ascii_case(name.as_bytes()) {
                return Some(decode(value));
            }
            rest = after;
        }
    }
}

/// Drops the namespace before a name.
fn local_name(name: &[u8]) -> &[u8] {
    name.iter().rposition(|byte| *byte == b':').map_or(name, |colon| &name[colon + 1..])
}

/// Decodes the entities in `text`. An unknown entity stays as it is.
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
        _ => match name.strip_prefix('#')?.strip_prefix(['x', 'X']) {
            Some(digits) => number(digits, 16),
            None => number(name.strip_prefix('#')?, 10),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads `text` in pieces of `piece` bytes, and joins neighbouring texts.
    fn tokens(text: &str, piece: usize) -> Vec<String> {
        let (mut xml, mut buffer, mut pieces) = (Xml::default(), Buffer::new(0, 1), text.as_bytes().chunks(piece));
        let (mut tokens, mut in_text) = (Vec::<String>::new(), false);
        loop {
            let (length, is_text) = match xml.next(&mut buffer) {
                Token::Tag(length) => (length, false),
                Token::Text(length) => (length, true),
                Token::More => {
                    buffer.make_room();
                    match pieces.next() {
                        Some(piece) => buffer.extend(piece),
                        None => buffer.end(),
                    }
                    continue;
                }
                Token::End => return tokens,
                Token::Broken => {
                    tokens.push("!".to_owned());
                    return tokens;
                }
            };
            let token = String::from_utf8(buffer.rest()[..length].to_vec()).unwrap();
            buffer.consume(length);
            match tokens.last_mut().filter(|_| in_text && is_text) {
                Some(last) => last.push_str(&token),
                None => tokens.push(token),
            }
            in_text = is_text;
        }
    }

    #[test]
    fn tokens_do_not_depend_on_pieces() {
        for (text, expected) in [
            ("<a b='>'>x<!-- <c> -->y</a>", vec!["<a b='>'>", "xy", "</a>"]),
            ("<a>1<![CDATA[<b>]]]>2</a>", vec!["<a>", "1<b>]2", "</a>"]),
            ("<a", vec!["!"]),
            ("<a<a<a", vec!["!"]),
            ("x<!--", vec!["x"]),
            ("<a b=\"'\">", vec!["<a b=\"'\">"]),
        ] {
            for piece in [1, 2, 3, 1000] {
                assert_eq!(tokens(text, piece), expected, "{text} in pieces of {piece}");
            }
        }
        let long = format!("<a b=\"{}\">", "x".repeat(MAX_TAG_BYTES));
        assert_eq!(tokens(&long, 1000), ["!"]);
    }

    #[test]
    fn attributes_are_found_in_any_namespace() {
        let tag = Tag::parse(b"<x:sheet name=\"A &amp; B\" sheetId='1' r:id = \"r=1\"/>");
        assert!(tag.is("sheet") && tag.empty && !tag.closes);
        let values = ["name", "sheetId", "id", "none"].map(|name| tag.attribute(name).map(Cow::into_owned));
        assert_eq!(values.map(|value| value.unwrap_or_default()), ["A & B", "1", "r=1", ""]);
        for broken in ["<a b", "<a b=", "<a b=\"", "<a =\"\">", "<>", "</>"] {
            assert_eq!(Tag::parse(broken.as_bytes()).attribute("c"), None, "{broken}");
        }
    }
}
