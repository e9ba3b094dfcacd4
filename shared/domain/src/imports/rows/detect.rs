//! Detects the character encoding of a text from its first bytes.

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE};
use memchr::memmem;

use super::other_files::other_file;
use super::unpack::packing;

/// How many bytes of HTML or XML may precede the name of the encoding, as browsers look for it.
const DECLARATION_BYTES: usize = 1024;
/// The longest name of an encoding.
const MAX_LABEL_BYTES: usize = 40;

/// The encoding of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Detected {
    /// UTF-8, or no text.
    Utf8,
    /// The file itself tells this encoding.
    Declared(&'static Encoding),
    /// The likeliest encoding of bytes that are not UTF-8.
    Guessed(&'static Encoding),
}

/// Detects the encoding of a text by `head`: its first bytes, or the `whole` text.
pub(super) fn detect(head: &[u8], whole: bool) -> Detected {
    match head {
        [0xff, 0xfe, ..] => return Detected::Declared(UTF_16LE),
        [0xfe, 0xff, ..] => return Detected::Declared(UTF_16BE),
        [0xef, 0xbb, 0xbf, ..] => return Detected::Utf8,
        // Every list of links begins with ASCII characters.
        [1..=0x7f, 0, 1..=0x7f, 0, ..] => return Detected::Declared(UTF_16LE),
        [0, 1..=0x7f, 0, 1..=0x7f, ..] => return Detected::Declared(UTF_16BE),
        _ => {}
    }
    if !may_be_text(head) {
        return Detected::Utf8;
    }
    let (characters, broken) = count_non_ascii(head, whole);
    let declared = declared_encoding(head);
    if characters > 0 && broken <= characters {
        return Detected::Utf8; // only chance would make other encodings look like UTF-8
    }
    match declared {
        Some(encoding) if broken > 0 || !whole => Detected::Declared(encoding),
        _ if broken == 0 => Detected::Utf8,
        _ => {
            let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
            detector.feed(head, whole);
            Detected::Guessed(detector.guess(None, Utf8Detection::Deny))
        }
    }
}

/// Tells whether `head` may be text in some encoding: no archive, no picture, no control characters.
fn may_be_text(head: &[u8]) -> bool {
    let is_control = |byte: &u8| *byte < 0x20 && !matches!(byte, b'\t' | b'\n' | b'\r' | 0x0b | 0x0c | 0x1a);
    !head.iter().any(is_control) && packing(head) == super::layout::Packing::Plain && other_file(head).is_none()
}

/// Counts the characters beyond ASCII if `head` is UTF-8, and the bytes that then are broken. The end of a `head` that
/// is not the `whole` text may cut a character in two.
fn count_non_ascii(head: &[u8], whole: bool) -> (usize, usize) {
    let (mut characters, mut broken) = (0, 0);
    let mut chunks = head.utf8_chunks().peekable();
    while let Some(chunk) = chunks.next() {
        characters += chunk.valid().chars().filter(|character| !character.is_ascii()).count();
        let is_cut = !whole && chunks.peek().is_none() && chunk.invalid().first().is_some_and(|&byte| byte >= 0xc2);
        broken += usize::from(!chunk.invalid().is_empty() && !is_cut);
    }
    (characters, broken)
}

/// Returns the encoding that HTML or XML declares, unless it is UTF-8 or cannot be true.
fn declared_encoding(head: &[u8]) -> Option<&'static Encoding> {
    if head.trim_ascii_start().first() != Some(&b'<') {
        return None;
    }
    let start = head[..head.len().min(DECLARATION_BYTES)].to_ascii_lowercase();
    let after = |name: &str| memmem::find(&start, name.as_bytes()).map(|at| &start[at + name.len()..]);
    let label = after("charset=").or_else(|| after("<?xml").and_then(|_| after("encoding=")))?;
    let label = label.trim_ascii_start();
    let label = label.strip_prefix(b"\"").or_else(|| label.strip_prefix(b"'")).unwrap_or(label);
    let end =
        label.iter().take(MAX_LABEL_BYTES).position(|byte| !byte.is_ascii_alphanumeric() && !b"-_:.".contains(byte));
    let encoding = Encoding::for_label_no_replacement(&label[..end?])?;
    // A text whose declaration can be read as ASCII is not UTF-16.
    (encoding != UTF_8 && encoding != UTF_16LE && encoding != UTF_16BE).then_some(encoding)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encoding_is_declared_or_guessed() {
        let html = b"<META CONTENT=\"text/html; charset=windows-1252\"><A>\xdcbersicht";
        let cyrillic =
            b"url,title\nhttps://a.example/,\xcf\xf0\xe8\xe2\xe5\xf2 \xec\xe8\xf0, \xea\xe0\xea \xe4\xe5\xeb\xe0\n";
        let latin = b"url,title\nhttps://a.example/,B\xfcro und Caf\xe9 in M\xfcnchen\n";
        for (head, name) in [(&html[..], "windows-1252"), (cyrillic, "windows-1251"), (latin, "windows-1252")] {
            match detect(head, true) {
                Detected::Declared(encoding) | Detected::Guessed(encoding) => assert_eq!(encoding.name(), name),
                Detected::Utf8 => panic!("{name}"),
            }
        }
        assert!(matches!(detect(html, true), Detected::Declared(_)));
        assert!(matches!(detect(latin, true), Detected::Guessed(_)));
    }

    #[test]
    fn utf_8_stays_utf_8() {
        for (head, whole) in [
            (&b"url\nhttps://a.example/\n"[..], true),
            ("url,title\nhttps://a.example/,Büro\n".as_bytes(), true),
            (b"url,title\nhttps://a.example/,caf\xc3", false),
            // More characters are UTF-8 than are broken.
            (b"url,title\nhttps://a.example/,\xc3\xa9\nhttps://b.example/,\xff\n", true),
            (b"<meta charset=windows-1252>\xc3\xa9\xc3\xbc", true),
            (b"<meta charset=utf-16><a>", true),
            (b"\x89PNG\r\n\x1a\n", true),
            (b"\x01\x02\xe9", true),
        ] {
            assert_eq!(detect(head, whole), Detected::Utf8, "{head:?}");
        }
    }
}
