//! Decodes a page into text, by its byte order mark, the header `Content-Type`, or what it declares itself
//! (<https://html.spec.whatwg.org/multipage/parsing.html#determining-the-character-encoding>).

use std::borrow::Cow;

use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};
use memchr::memmem;

/// How many bytes of a page declare its encoding at most.
const DECLARATION_BYTES: usize = 1024;

/// Decodes `body`. What is not text becomes `�`.
pub(super) fn decode<'a>(body: &'a [u8], content_type: &str) -> Cow<'a, str> {
    let declared = || of_header(content_type).or_else(|| of_page(body)).unwrap_or_else(|| guess(body));
    // `decode` looks at the byte order mark first.
    declared().decode(body).0
}

fn of_header(content_type: &str) -> Option<&'static Encoding> {
    let mut parameters = content_type.split(';').skip(1).filter_map(|parameter| parameter.split_once('='));
    let (_, label) = parameters.find(|(name, _)| name.trim().eq_ignore_ascii_case("charset"))?;
    Encoding::for_label(label.trim().trim_matches(['"', '\'']).as_bytes())
}

/// Finds `charset=` in the first `meta` elements.
fn of_page(body: &[u8]) -> Option<&'static Encoding> {
    let head = body[..body.len().min(DECLARATION_BYTES)].to_ascii_lowercase();
    let mut rest = &head[..];
    while let Some(at) = memmem::find(rest, b"<meta") {
        rest = &rest[at + b"<meta".len()..];
        let element = &rest[..memchr::memchr(b'>', rest).unwrap_or(rest.len())];
        let Some(at) = memmem::find(element, b"charset") else { continue };
        let value = element[at + b"charset".len()..].trim_ascii_start();
        let Some(value) = value.strip_prefix(b"=") else { continue };
        let value = value.trim_ascii_start();
        let value = value.strip_prefix(b"\"").or_else(|| value.strip_prefix(b"'")).unwrap_or(value);
        let end = value.iter().position(|byte| b"\"'; \t\r\n/".contains(byte)).unwrap_or(value.len());
        if let Some(encoding) = Encoding::for_label(&value[..end]) {
            // A page that can declare it in ASCII is not in UTF-16.
            return Some(if [UTF_16BE, UTF_16LE].contains(&encoding) { UTF_8 } else { encoding });
        }
    }
    None
}

/// Takes a page for UTF-8 if it is valid, apart from a character that is cut at its end, and for windows-1252 otherwise.
fn guess(body: &[u8]) -> &'static Encoding {
    match std::str::from_utf8(body) {
        Ok(_) => UTF_8,
        Err(error) if error.error_len().is_none() => UTF_8,
        Err(_) => WINDOWS_1252,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mark_header_and_declaration_decide_in_this_order() {
        for (body, content_type, text) in [
            (&b"\xef\xbb\xbf\xc3\xa4"[..], "text/html; charset=latin1", "ä"),
            (b"\xff\xfea\0", "text/html", "a"),
            (b"\xe4", "text/html; charset=ISO-8859-1", "ä"),
            (b"\xe4", "text/html; boundary=x; Charset=\"latin1\"", "ä"),
            (b"\xcf\xf0", "text/html; charset=windows-1251", "Пр"),
            (b"\xc3\xa4", "text/html; charset=nonsense", "ä"),
            (b"\xc3\xa4", "", "ä"),
            (b"a\xc3", "", "a\u{fffd}"),
            (b"\xe4x", "", "äx"),
        ] {
            assert_eq!(decode(body, content_type), text, "{content_type} {body:?}");
        }
        for (meta, is_cyrillic) in [
            ("<meta charset=windows-1251>", true),
            ("<META name=x><Meta CharSet = 'windows-1251' />", true),
            ("<meta http-equiv=content-type content=\"text/html; charset=windows-1251\">", true),
            ("<meta charset=nonsense><meta charset=windows-1251>", true),
            ("<meta charset", false),
            ("<meta charset=>", false),
            ("charset=windows-1251", false),
        ] {
            let body = [meta.as_bytes(), b"\xcf"].concat();
            assert_eq!(decode(&body, "").ends_with('П'), is_cyrillic, "{meta}");
        }
        assert_eq!(decode(b"<meta charset=utf-16>\xc3\xa4", ""), "<meta charset=utf-16>ä");
        let late = [&b" ".repeat(DECLARATION_BYTES)[..], b"<meta charset=windows-1251>\xcfx"].concat();
        assert!(decode(&late, "").ends_with("Ïx"));
    }
}
