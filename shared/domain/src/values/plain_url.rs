//! URLs that are in their normal form already, which is most of them: to see that takes one look at each byte.

/// Bytes that the URL standard leaves as they are in a path and in a fragment.
const PATH: u8 = 1;
/// The same in a query.
const QUERY: u8 = 2;

/// What each byte may be in. Fewer than the standard has: what is not here is left to its full procedure.
const PLACES: [u8; 256] = {
    let mut places = [0; 256];
    let mut byte = 0;
    while byte < 128_u8 {
        let plain = byte.is_ascii_alphanumeric();
        places[byte as usize] = if plain { PATH | QUERY } else { 0 };
        byte += 1;
    }
    let both = b"-_~!$&()*+,;=:@%/.";
    let mut at = 0;
    while at < both.len() {
        places[both[at] as usize] = PATH | QUERY;
        at += 1;
    }
    places[b'\'' as usize] = PATH;
    places[b'?' as usize] = QUERY;
    places
};

/// The host, if `text` is surely an `http` or `https` URL in its normal form: lower-case ASCII, no port, nobody's name, a
/// host that is no address, no `.` and `..` in its path, and only characters that nobody has to escape. `None` says nothing.
pub(crate) fn plain_host(text: &str) -> Option<&str> {
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"))?;
    let host = &rest[..memchr::memchr(b'/', rest.as_bytes())?];
    is_plain_name(host).then_some(())?;
    let path = &rest.as_bytes()[host.len()..];
    let fragment = memchr::memchr(b'#', path).unwrap_or(path.len());
    let query = memchr::memchr(b'?', &path[..fragment]).unwrap_or(fragment);
    let within = |bytes: &[u8], place: u8| bytes.iter().all(|byte| PLACES[usize::from(*byte)] & place != 0);
    let (query_text, fragment_text) =
        (path[query..fragment].get(1..).unwrap_or_default(), path[fragment..].get(1..).unwrap_or_default());
    let plain = within(&path[..query], PATH) && within(query_text, QUERY) && within(fragment_text, PATH);
    (plain && !has_dot_segment(&path[..query])).then_some(host)
}

/// Whether `host` is a name of lower-case letters, digits and hyphens that is neither an address nor encoded.
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

/// Whether a part of the path may be `.` or `..`, in whatever way it is written.
fn has_dot_segment(path: &[u8]) -> bool {
    memchr::memmem::find(path, b"/.").is_some()
        || memchr::memchr_iter(b'%', path).any(|at| matches!(path.get(at + 1..at + 3), Some([b'2', b'e' | b'E'])))
}
