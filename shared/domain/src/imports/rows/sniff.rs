//! Recognises a file by how it begins. Its name says nothing.

use super::buffer::blank_lines;
use super::columns::Columns;
use super::csv::{CsvReader, Scan};
use super::json_lines;

/// How much of a file is looked at.
pub(super) const SNIFF_BYTES: usize = 64 * 1024;

/// The names that a URL's column may have, for the message that none was found.
const URL_NAMES: &str = "url, target, long url, destination url or original url";

/// What a file is, and where in its rows things are.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Layout {
    /// Comma-separated values.
    Csv {
        /// Where in a row each column is.
        columns: Columns,
        /// Whether the first row is a header.
        header: bool,
    },
    /// One JSON object on each line.
    JsonLines,
}

impl Layout {
    /// Whether the file can be cut between its rows.
    pub fn is_splittable(&self) -> bool {
        true
    }

    /// What the file is.
    pub fn format(&self) -> super::Format {
        match self {
            Self::Csv { .. } => super::Format::Csv,
            Self::JsonLines => super::Format::JsonLines,
        }
    }
}

/// Files that people take for a list of links, by their first bytes.
const OTHER_FILES: &[(&[u8], &str)] = &[
    (b"\x1f\x8b", "compressed with gzip"),
    (b"\x28\xb5\x2f\xfd", "compressed with zstd"),
    (b"PK\x03\x04", "a ZIP archive or a spreadsheet (XLSX)"),
    (b"\xd0\xcf\x11\xe0", "an old spreadsheet (XLS)"),
    (b"\x89PNG", "a PNG picture"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"GIF8", "a GIF picture"),
    (b"%PDF", "a PDF document"),
    (b"\xff\xfe", "UTF-16 text; save it as UTF-8"),
    (b"\xfe\xff", "UTF-16 text; save it as UTF-8"),
];

/// The length of the byte order mark that `head` begins with, which is no part of the first row.
pub(super) fn byte_order_mark(head: &[u8]) -> usize {
    if head.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 }
}

/// What the file is that begins with `head`: [`SNIFF_BYTES`] of it, or all of it, which `whole` says.
///
/// # Errors
/// A sentence for a person that says what the file is instead.
pub(super) fn sniff(head: &[u8], whole: bool) -> Result<Layout, String> {
    if let Some((_, what)) = OTHER_FILES.iter().find(|(magic, _)| head.starts_with(magic)) {
        return Err(format!("the file is {what}, not CSV or JSON Lines"));
    }
    check_text(head, whole)?;
    let head = &head[byte_order_mark(head)..];
    let head = &head[blank_lines(head)..];
    match head.iter().find(|byte| !byte.is_ascii_whitespace()) {
        None if whole => Err("the file is empty".to_owned()),
        None => Err(format!("the first {SNIFF_BYTES} bytes of the file are blank")),
        Some(b'{') => sniff_json_lines(head, whole),
        Some(b'[') => Err("the file is a JSON array; put each object on a line of its own (JSON Lines)".to_owned()),
        Some(b'<') => Err("the file is HTML or XML, not CSV or JSON Lines".to_owned()),
        Some(_) => sniff_csv(head, whole),
    }
}

fn check_text(head: &[u8], whole: bool) -> Result<(), String> {
    if let Some(at) = head.iter().position(|&byte| byte == 0) {
        return Err(format!("the file is not text: byte {at} is zero"));
    }
    match std::str::from_utf8(head) {
        // A character may have been cut off at the end of what is looked at.
        Err(error) if whole || error.error_len().is_some() => {
            Err(format!("the file is not UTF-8 text: byte {} is not valid", error.valid_up_to()))
        }
        _ => Ok(()),
    }
}

/// One broken line does not make a file something else, but if no line is an object, it is no JSON Lines.
fn sniff_json_lines(head: &[u8], whole: bool) -> Result<Layout, String> {
    let mut lines: Vec<&[u8]> = head.split(|&byte| byte == b'\n').collect();
    if !whole {
        lines.pop(); // cut off
        if lines.iter().all(|line| line.trim_ascii().is_empty()) {
            return Ok(Layout::JsonLines); // a first line that is too long costs only itself
        }
    }
    let mut objects = lines.iter().filter_map(|line| json_lines::look(line)).peekable();
    if objects.peek().is_none() {
        return Err(
            "the file looks like JSON, but no line is a whole object: JSON Lines has one on each line".to_owned()
        );
    }
    if objects.any(|has_url| has_url) {
        return Ok(Layout::JsonLines);
    }
    Err(format!("no line of the file has a field named {URL_NAMES}"))
}

fn sniff_csv(head: &[u8], whole: bool) -> Result<Layout, String> {
    let mut reader = CsvReader::default();
    let Scan::Record(_) = reader.scan(head, whole) else {
        return Err("the first row of the file does not end: it is not CSV or JSON Lines".to_owned());
    };
    let row = String::from_utf8_lossy(reader.text()).into_owned();
    let names: Vec<&str> = (0..reader.len())
        .map(|index| reader.range(index).and_then(|range| row.get(range)).unwrap_or("").trim())
        .collect();
    if let Some(columns) = Columns::from_header(names.iter().copied()) {
        return Ok(Layout::Csv { columns, header: true });
    }
    if names.first().is_some_and(|first| first.contains("://")) {
        return Ok(Layout::Csv { columns: Columns::positional(names.len()), header: false });
    }
    let shown: String = names.join(", ").chars().map(|c| if c.is_control() { '�' } else { c }).take(200).collect();
    Err(format!("no column of the file is named {URL_NAMES}, and its first field is no URL; the first row is: {shown}"))
}
