//! Knows files that are often uploaded by mistake, by their first bytes.

const OTHER_FILES: &[(&[u8], &str)] = &[
    (b"\x89PNG", "a PNG picture"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"GIF8", "a GIF picture"),
    (b"%PDF", "a PDF document"),
    (b"7z\xbc\xaf", "a 7z archive; ZIP and tar can be read"),
    (b"Rar!", "a RAR archive; ZIP and tar can be read"),
    (b"SQLite format 3", "an SQLite database"),
];

/// Returns what the file that begins with `head` is, if it is known not to be a list of links.
pub(super) fn other_file(head: &[u8]) -> Option<&'static str> {
    OTHER_FILES.iter().find(|(magic, _)| head.starts_with(magic)).map(|(_, what)| *what)
}
