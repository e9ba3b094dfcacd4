//! Percent-encodes parts of URLs.

/// Tells whether a URL may have this byte as it is (RFC 3986, section 2), but for the percent sign.
pub(super) fn is_url_character(byte: u8) -> bool {
    is_unreserved(byte) || b":/?#[]@!$&'()*+,;=".contains(&byte)
}

/// Tells whether the byte means the same encoded and not (RFC 3986, section 2.3).
pub(super) fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~".contains(&byte)
}

/// Tells whether the octet is a control character.
pub(super) fn is_control(octet: u8) -> bool {
    octet.is_ascii_control()
}

/// Tells whether the octet is a control character that no text of several lines has.
pub(super) fn is_no_text(octet: u8) -> bool {
    octet.is_ascii_control() && !matches!(octet, b'\t' | b'\n' | b'\r')
}

/// Returns `text` with every byte encoded that `keeps` refuses, and with encoded octets in upper case. Returns `None` if a percent
/// sign has no two digits behind it, or if it has an octet, encoded or not, that is `refused`.
pub(super) fn encoded(text: &str, keeps: fn(u8) -> bool, refused: fn(u8) -> bool) -> Option<String> {
    let mut out = String::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        if byte == b'%' {
            let octet = digit(bytes.next()?)? * 16 + digit(bytes.next()?)?;
            if refused(octet) {
                return None;
            }
            push(&mut out, octet);
        } else if refused(byte) {
            return None;
        } else if keeps(byte) {
            out.push(char::from(byte));
        } else {
            push(&mut out, byte);
        }
    }
    Some(out)
}

fn push(out: &mut String, octet: u8) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    out.push('%');
    out.push(char::from(DIGITS[usize::from(octet >> 4)]));
    out.push(char::from(DIGITS[usize::from(octet & 15)]));
}

fn digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn octets_are_encoded_once_and_in_upper_case() {
        let of = |text: &str| encoded(text, is_url_character, is_control);
        for (text, expected) in [
            ("a/b?c=d#e", Some("a/b?c=d#e")),
            ("%c3%bc", Some("%C3%BC")),
            ("ü \"\\", Some("%C3%BC%20%22%5C")),
            ("%2F%41", Some("%2F%41")),
            ("%", None),
            ("%4", None),
            ("%g0", None),
            ("%+1", None),
            ("%00", None),
            ("%7f", None),
            ("a\nb", None),
        ] {
            assert_eq!(of(text).as_deref(), expected, "{text:?}");
        }
    }
}
