//! Recognises URLs that are in their normal form already, as most are, in one pass over their bytes.

/// Marks bytes that the URL standard does not change in a path or a fragment.
const PATH: u8 = 1;
/// Marks bytes that the URL standard does not change in a query.
const QUERY: u8 = 2;

/// The parts of a URL that may contain each byte unchanged. Lists fewer bytes than the standard allows: the URL parser decides
/// about the others.
const UNCHANGED_IN: [u8; 256] = {
    let mut parts = [0; 256];
    let mut byte = 0;
    while byte < 128_u8 {
        let plain = byte.is_ascii_alphanumeric();
        parts[byte as usize] = if plain { PATH | QUERY } else { 0 };
        byte += 1;
    }
    let both = b"-_~!$&()*+,;=:@%/.";
    let mut at = 0;
    while at < both.len() {
        parts[both[at] as usize] = PATH | QUERY;
        at += 1;
    }
    parts[b'\'' as usize] = PATH;
    parts[b'?' as usize] = QUERY;
    parts
};

/// Returns the host if `text` is certainly an `http` or `https` URL in its normal form: a host name in lower-case ASCII (not
/// an address), no port, no user name, no `.` or `..` in the path, and no character that needs escaping. On `None`, ask the
/// URL parser.
pub(crate) fn plain_host(text: &str) -> Option<&str> {
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"))?;
    let host = &rest[..memchr::memchr(b'/', rest.as_bytes())?];
    is_plain_name(host).then_some(())?;
    let path = &rest.as_bytes()[host.len()..];
    let fragment = memchr::memchr(b'#', path).unwrap_or(path.len());
    let query = memchr::memchr(b'?', &path[..fragment]).unwrap_or(fragment);
    let within = |bytes: &[u8], part: u8| bytes.iter().all(|byte| UNCHANGED_IN[usize::from(*byte)] & part != 0);
    let (query_text, fragment_text) =
        (path[query..fragment].get(1..).unwrap_or_default(), path[fragment..].get(1..).unwrap_or_default());
    let plain = within(&path[..query], PATH) && within(query_text, QUERY) && within(fragment_text, PATH);
    (plain && !has_dot_segment(&path[..query])).then_some(host)
}

/// Tells whether `host` is a name of lower-case letters, digits and hyphens that is neither an address nor punycode.
fn is_plain_name(host: &str) -> bool {
    let (mut start, mut last) = (0, 0);
    for (at, byte) in host.bytes().enumerate() {
        match byte {
            b'a'..=b'z' | b'0'..=b'9' | b'-' => {}
            b'.' if at > start => {
                start = at + 1;
                last = start;
            }
            _ => return false,
        }
        if at + 1 - start > 63 {
            return false;
        }
    }
    host.len() <= 253
        && host.as_bytes().get(last).is_some_and(u8::is_ascii_lowercase)
        && memchr::memmem::find(host.as_bytes(), b"xn--").is_none()
}

/// Tells whether the path may have a `.` or `..` segment, also percent-encoded.
fn has_dot_segment(path: &[u8]) -> bool {
    memchr::memmem::find(path, b"/.").is_some()
        || memchr::memchr_iter(b'%', path).any(|at| matches!(path.get(at + 1..at + 3), Some([b'2', b'e' | b'E'])))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The URL parser would turn each of these into another text, or say that its host is an address or not valid.
    #[test]
    fn text_that_may_not_be_normal_is_left_to_the_url_parser() {
        for text in [
            "ftp://example.com/",
            "https://example.com",
            "https:///",
            "https://.example.com/",
            "https://example..com/",
            "https://example.com./",
            "https://Example.com/",
            "https://exa_mple.com/",
            "https://user@example.com/",
            "https://example.com:443/",
            "https://xn--exmple-cua.com/",
            "https://192.0.2.1/",
            "https://example.0x1/",
            "https://example.com/./a",
            "https://example.com/a/..",
            "https://example.com/%2e/a",
            "https://example.com/%2E%2E",
            "https://example.com/a b",
            "https://example.com/a\\b",
            "https://example.com/?a='b'",
            "https://example.com/?a=\"b\"",
            "https://example.com/#a b",
            "https://example.com/#\u{e4}",
        ] {
            assert_eq!(plain_host(text), None, "{text}");
        }
    }

    #[test]
    fn normal_url_is_recognised_with_its_host() {
        for (text, host) in [
            ("https://example.com/", "example.com"),
            ("http://x/", "x"),
            ("https://a-b.1c.example/a.b/c%20d%2f?e=/../f&g=#h'", "a-b.1c.example"),
            ("https://example.com/it's?a=/./b?c#d/./e", "example.com"),
        ] {
            assert_eq!(plain_host(text), Some(host), "{text}");
        }
    }

    #[test]
    fn label_has_at_most_63_characters_and_a_name_253() {
        let label = |length: usize| "a".repeat(length);
        let names = [
            (label(63), true),
            (label(64), false),
            (format!("{}.{}", label(63), label(63)), true),
            (format!("{}.{}", label(63), label(64)), false),
            (format!("{0}.{0}.{0}.{1}", label(63), label(61)), true),
            (format!("{0}.{0}.{0}.{1}", label(63), label(62)), false),
        ];
        for (name, plain) in names {
            assert_eq!(plain_host(&format!("https://{name}/")), plain.then_some(name.as_str()), "{name}");
        }
    }
}
