//! Recognises the format of a file by its first bytes. Ignores its name.

use std::borrow::Cow;

use super::buffer::blank_lines_length;
use super::column::Source;
use super::column_names::ColumnNames;
use super::columns::Columns;
use super::csv::{Cells, Scan, scan};
use super::json_document::find_list;
use super::json_object::{ObjectParser, recognise_object_source};
use super::layout::{Encoding, Shape};
use super::limits::MAX_COLUMNS;
use super::notes::Notes;
use super::object_sample::describe_unnamed_object_slugs;
use super::unreadable::Unreadable;

/// How many bytes of text are examined.
pub(super) const SNIFF_BYTES: usize = 64 * 1024;
/// How many rows are examined to find the delimiter.
const SNIFF_ROWS: usize = 50;

/// One line in this many may have bytes that are not valid text.
const LINES_PER_BROKEN_LINE: usize = 8;

/// The names that a column of URLs may have, for the message that there is none.
const URL_NAMES: &str = "url, target, long url, destination url or original url";

/// The possible delimiters, the likelier first: it wins where the file leaves a choice.
const DELIMITERS: [u8; 4] = [b',', b';', b'\t', b'|'];
/// The delimiter of rows that have one field: a character that no text has.
const NO_DELIMITER: u8 = 0x1f;

/// The format of a text, and the service that wrote it.
pub(super) type Recognised = (Shape, Option<Source>);

/// Files that are often uploaded by mistake, by their first bytes.
const OTHER_FILES: &[(&[u8], &str)] = &[
    (b"\xd0\xcf\x11\xe0", "an old spreadsheet (XLS); save it as XLSX or CSV"),
    (b"\x89PNG", "a PNG picture"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"GIF8", "a GIF picture"),
    (b"%PDF", "a PDF document"),
    (b"BZh", "compressed with bzip2; gzip and zstd can be read"),
    (b"\xfd7zXZ", "compressed with xz; gzip and zstd can be read"),
    (b"7z\xbc\xaf", "a 7z archive; ZIP can be read"),
    (b"Rar!", "a RAR archive; ZIP can be read"),
    (b"SQLite format 3", "an SQLite database"),
];

/// Returns the length of the byte order mark at the start of `head`, which does not belong to the first row.
pub(super) fn byte_order_mark_length(head: &[u8]) -> usize {
    if head.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 }
}

/// Recognises the format of a text by `head`: its first [`SNIFF_BYTES`], or the `whole` text. `position` maps an index
/// in `head` to a byte of the file.
///
/// # Errors
/// The file is not a list of links; the cause names what it is instead.
pub(super) fn sniff(
    head: &[u8],
    encoding: Encoding,
    position: impl Fn(usize) -> u64,
    whole: bool,
    columns: &ColumnNames,
    notes: &mut Notes,
) -> Result<Recognised, Unreadable> {
    if let Some((_, what)) = OTHER_FILES.iter().find(|(magic, _)| head.starts_with(magic)) {
        return Err(Unreadable::because(format!("the file is {what}")));
    }
    if encoding == Encoding::Utf8 {
        check_text(head, position, whole)?;
    }
    let head = &head[blank_lines_length(head)..];
    let recognised = match head.iter().find(|byte| !byte.is_ascii_whitespace()) {
        None if whole => Err("the file is empty".to_owned()),
        None => Err(format!("the first {SNIFF_BYTES} bytes of the file are blank")),
        Some(b'{' | b'[') => match find_list(head) {
            Some((name, first)) => {
                let sink = (name == b"links").then_some(Source::Sink);
                Ok((Shape::JsonDocument, recognise_object_source(&first).or(sink)))
            }
            None => sniff_json_lines(head, whole, columns),
        },
        Some(b'<') => sniff_bookmarks(head),
        Some(_) => return sniff_csv(head, whole, columns, notes),
    };
    let (shape, source) = recognised.map_err(Unreadable::because)?;
    match describe_unnamed_object_slugs(head, &shape, source, columns) {
        Some(question) => Err(Unreadable::question(question)),
        None => Ok((shape, source)),
    }
}

/// Checks that the text is UTF-8, but for a few broken lines.
fn check_text(head: &[u8], position: impl Fn(usize) -> u64, whole: bool) -> Result<(), Unreadable> {
    if let Some(zero) = memchr::memchr(0, head) {
        return Err(Unreadable::at(position(zero), "the file is not text: it has a zero byte"));
    }
    // The end of `head` may cut a character in two.
    let end = if whole { head.len() } else { memchr::memrchr(b'\n', head).unwrap_or(0) };
    let Err(first) = std::str::from_utf8(&head[..end]) else { return Ok(()) };
    let (mut lines, mut broken) = (0, 0);
    for line in head[..end].split(|&byte| byte == b'\n') {
        broken += usize::from(std::str::from_utf8(line).is_err());
        lines += 1;
        if lines == broken {
            break;
        }
    }
    // A few broken lines cost only themselves. If there are more, or the first line is broken, the file is not text at
    // all.
    if lines == broken || broken * LINES_PER_BROKEN_LINE > lines {
        let cause = "the file is not UTF-8 or UTF-16 text: a character is not valid";
        return Err(Unreadable::at(position(first.valid_up_to()), cause));
    }
    Ok(())
}

/// Tells bookmarks from other HTML.
fn sniff_bookmarks(head: &[u8]) -> Result<Recognised, String> {
    let head = head.to_ascii_lowercase();
    let has = |text: &str| memchr::memmem::find(&head, text.as_bytes()).is_some();
    if has("netscape-bookmark-file") || has("href=") && (has(" add_date=") || has(" time_added=")) {
        return Ok((Shape::Bookmarks, Some(Source::Bookmarks)));
    }
    Err("the file is HTML or XML, and has no list of bookmarks".to_owned())
}

/// Recognises JSON Lines, of which some lines may be broken, but not all.
fn sniff_json_lines(head: &[u8], whole: bool, columns: &ColumnNames) -> Result<Recognised, String> {
    let mut lines: Vec<&[u8]> = head.split(|&byte| byte == b'\n').collect();
    if !whole {
        lines.pop(); // cut off
        if lines.iter().all(|line| line.trim_ascii().is_empty()) {
            return Ok((Shape::JsonLines, None)); // the first line is too long, which costs only that line
        }
    }
    let mut objects = ObjectParser::new(None, columns);
    let mut any_object = false;
    for line in lines {
        match objects.fields(line) {
            Ok(fields) if fields.url.is_some() => return Ok((Shape::JsonLines, recognise_object_source(line))),
            Ok(_) => any_object = true,
            Err(fault) if fault.column.is_some() => return Ok((Shape::JsonLines, None)),
            Err(_) => {}
        }
    }
    if any_object {
        return Err(format!("no line of the file has a field named {URL_NAMES}"));
    }
    Err("the file looks like JSON, but no line is a whole object: JSON Lines has one on each line".to_owned())
}

/// The first rows of a file as CSV with one of the delimiters.
struct Dialect {
    delimiter: u8,
    columns: Columns,
    source: Option<Source>,
    notes: Notes,
    /// Whether the first row is a header.
    header: bool,
    /// How many rows have more than one field.
    multi_field_rows: usize,
    /// What the owner of the file must say before it can be read.
    question: Option<String>,
}

fn sniff_csv(head: &[u8], whole: bool, given: &ColumnNames, notes: &mut Notes) -> Result<Recognised, Unreadable> {
    let dialects = DELIMITERS.iter().filter_map(|&delimiter| Dialect::new(head, whole, delimiter, given));
    // Of equally good ones the first.
    let best = dialects.reduce(|best, other| if other.rank() > best.rank() { other } else { best });
    let Some(best) = best else {
        let Some(first) = sample_rows(head, whole, b',').next() else {
            let cause = "the first row of the file does not end: the file is not a list of links";
            return Err(Unreadable::because(cause));
        };
        return Err(Unreadable::because(describe_missing_columns(&first)));
    };
    if best.columns.width() > MAX_COLUMNS {
        return Err(Unreadable::because(format!("the file has more than {MAX_COLUMNS} columns")));
    }
    if let Some(question) = best.question {
        return Err(Unreadable::question(question));
    }
    notes.merge(&best.notes);
    let delimiter = if best.multi_field_rows == 0 { NO_DELIMITER } else { best.delimiter };
    Ok((Shape::Csv { delimiter, columns: best.columns, header: best.header }, best.source))
}

impl Dialect {
    /// Returns `None` if no column holds URLs with this delimiter.
    fn new(head: &[u8], whole: bool, delimiter: u8, given: &ColumnNames) -> Option<Self> {
        let mut rows = sample_rows(head, whole, delimiter);
        let first = rows.next()?;
        let rows: Vec<_> = rows.collect();
        let mut notes = Notes::default();
        if let Some((columns, source)) = Columns::from_header(&first, &rows, given, &mut notes) {
            let multi_field_rows =
                usize::from(first.len() > 1) + rows.iter().filter(|row| first.len() > 1 && row.len() > 1).count();
            let question = columns.describe_unnamed_slugs(&first, &rows);
            return Some(Self { delimiter, columns, source, notes, header: true, multi_field_rows, question });
        }
        if !first.first()?.contains("://") {
            return None;
        }
        let widths: Vec<usize> = rows.iter().map(|row| row.len()).chain([first.len()]).collect();
        let multi_field_rows = widths.iter().filter(|&&width| width > 1).count();
        let columns = Columns::by_position(first.len());
        Some(Self { delimiter, columns, source: None, notes, header: false, multi_field_rows, question: None })
    }

    /// Ranks the dialect: the better one has a header with more known columns, then more rows with several fields.
    fn rank(&self) -> (bool, usize, usize) {
        (self.header, if self.header { self.columns.count_known() } else { 0 }, self.multi_field_rows)
    }
}

/// Reads the first rows.
fn sample_rows(head: &[u8], whole: bool, delimiter: u8) -> impl Iterator<Item = Vec<Cow<'_, str>>> {
    let mut rest = head;
    let rows = std::iter::from_fn(move || {
        rest = &rest[blank_lines_length(rest)..];
        if rest.is_empty() {
            return None;
        }
        let Scan::Record { length, text, .. } = scan(rest, delimiter, whole) else { return None };
        let row = std::str::from_utf8(&rest[..text]).ok()?;
        rest = &rest[length..];
        Some(Cells::new(row, delimiter).map(trim_cell).collect())
    });
    rows.take(SNIFF_ROWS)
}

fn trim_cell(cell: Cow<'_, str>) -> Cow<'_, str> {
    match cell {
        Cow::Borrowed(cell) => Cow::Borrowed(cell.trim()),
        Cow::Owned(cell) => Cow::Owned(cell.trim().to_owned()),
    }
}

/// Returns the error of a file whose first row has no column of URLs. It shows the row.
pub(super) fn describe_missing_columns(row: &[Cow<'_, str>]) -> String {
    let shown: String = row.join(", ").chars().map(|c| if c.is_control() { '�' } else { c }).take(200).collect();
    format!("no column of the file is named {URL_NAMES}, and its first field is not a URL; the first row is: {shown}")
}
