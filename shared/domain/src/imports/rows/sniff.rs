//! Recognises a file by how it begins. Its name says nothing.

use std::borrow::Cow;

use super::buffer::blank_lines;
use super::column::Source;
use super::columns::Columns;
use super::csv::{Cells, Scan, scan};
use super::json_document::list;
use super::json_object::{Objects, source_of};
use super::layout::{Encoding, Shape};
use super::limits::MAX_COLUMNS;
use super::notes::Notes;
use super::unreadable::Unreadable;

/// How much of a file is looked at, in bytes of text.
pub(super) const SNIFF_BYTES: usize = 64 * 1024;
/// How many rows are looked at to find the delimiter.
const SNIFF_ROWS: usize = 50;

/// One of so many lines may have bytes that are no text.
const MOST_BROKEN: usize = 8;

/// The names that a URL's column may have, for the message that none was found.
const URL_NAMES: &str = "url, target, long url, destination url or original url";

/// What may stand between fields, the likelier first where the file leaves a choice.
const DELIMITERS: [u8; 4] = [b',', b';', b'\t', b'|'];
/// Stands in for a delimiter where rows have one field: a character that no text has.
const NO_DELIMITER: u8 = 0x1f;

/// What a text is.
pub(super) type Recognised = (Shape, Option<Source>);

/// Files that people take for a list of links, by their first bytes.
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

/// The length of the byte order mark that `head` begins with, which is no part of the first row.
pub(super) fn byte_order_mark(head: &[u8]) -> usize {
    if head.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 }
}

/// What the text is that begins with `head`: [`SNIFF_BYTES`] of it, or all of it, which `whole` says. `at` is the byte of the
/// file that something in `head` is at.
///
/// # Errors
/// What the file is instead.
pub(super) fn sniff(
    head: &[u8],
    encoding: Encoding,
    at: impl Fn(usize) -> u64,
    whole: bool,
    notes: &mut Notes,
) -> Result<Recognised, Unreadable> {
    if let Some((_, what)) = OTHER_FILES.iter().find(|(magic, _)| head.starts_with(magic)) {
        return Err(Unreadable::because(format!("the file is {what}")));
    }
    if encoding == Encoding::Utf8 {
        check_text(head, at, whole)?;
    }
    let head = &head[blank_lines(head)..];
    let recognised = match head.iter().find(|byte| !byte.is_ascii_whitespace()) {
        None if whole => Err("the file is empty".to_owned()),
        None => Err(format!("the first {SNIFF_BYTES} bytes of the file are blank")),
        Some(b'{' | b'[') => match list(head) {
            Some((name, first)) => {
                let sink = (name == b"links").then_some(Source::Sink);
                Ok((Shape::JsonDocument, source_of(&first).or(sink)))
            }
            None => sniff_json_lines(head, whole),
        },
        Some(b'<') => sniff_bookmarks(head),
        Some(_) => sniff_csv(head, whole, notes),
    };
    recognised.map_err(Unreadable::because)
}

fn check_text(head: &[u8], at: impl Fn(usize) -> u64, whole: bool) -> Result<(), Unreadable> {
    if let Some(zero) = memchr::memchr(0, head) {
        return Err(Unreadable::at(at(zero), "the file is not text: there is a zero"));
    }
    // A character may have been cut off at the end of what is looked at.
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
    // A few broken rows cost themselves. More of them, or the first one, say that the whole file is something else.
    if lines == broken || broken * MOST_BROKEN > lines {
        let cause = "the file is not UTF-8 or UTF-16 text: there is no valid character";
        return Err(Unreadable::at(at(first.valid_up_to()), cause));
    }
    Ok(())
}

/// A page of the web is no list of bookmarks.
fn sniff_bookmarks(head: &[u8]) -> Result<Recognised, String> {
    let head = head.to_ascii_lowercase();
    let has = |text: &str| memchr::memmem::find(&head, text.as_bytes()).is_some();
    if has("netscape-bookmark-file") || has("href=") && (has(" add_date=") || has(" time_added=")) {
        return Ok((Shape::Bookmarks, Some(Source::Bookmarks)));
    }
    Err("the file is HTML or XML, but no list of bookmarks".to_owned())
}

/// One broken line does not make a file something else, but if no line is an object, it is no JSON Lines.
fn sniff_json_lines(head: &[u8], whole: bool) -> Result<Recognised, String> {
    let mut lines: Vec<&[u8]> = head.split(|&byte| byte == b'\n').collect();
    if !whole {
        lines.pop(); // cut off
        if lines.iter().all(|line| line.trim_ascii().is_empty()) {
            return Ok((Shape::JsonLines, None)); // a first line that is too long costs only itself
        }
    }
    let mut objects = Objects::default();
    let mut any = false;
    for line in lines {
        match objects.fields(line) {
            Ok(fields) if fields.url.is_some() => return Ok((Shape::JsonLines, source_of(line))),
            Ok(_) => any = true,
            Err(fault) if fault.column.is_some() => return Ok((Shape::JsonLines, None)),
            Err(_) => {}
        }
    }
    if any {
        return Err(format!("no line of the file has a field named {URL_NAMES}"));
    }
    Err("the file looks like JSON, but no line is a whole object: JSON Lines has one on each line".to_owned())
}

/// How the first rows look with some delimiter.
struct Trial {
    delimiter: u8,
    /// Whose names make sense: the columns, and whether the first row is a header.
    columns: Columns,
    source: Option<Source>,
    notes: Notes,
    header: bool,
    /// How many of the rows have more than one field.
    wide: usize,
}

fn sniff_csv(head: &[u8], whole: bool, notes: &mut Notes) -> Result<Recognised, String> {
    let trials = DELIMITERS.iter().filter_map(|&delimiter| Trial::new(head, whole, delimiter));
    // The first of those that are equally good.
    let best = trials.reduce(|best, other| if other.rank() > best.rank() { other } else { best });
    let Some(best) = best else {
        let Some(first) = sample(head, whole, b',').next() else {
            return Err("the first row of the file does not end: it is no list of links".to_owned());
        };
        return Err(no_columns(&first));
    };
    if best.columns.width() > MAX_COLUMNS {
        return Err(format!("the file has more than {MAX_COLUMNS} columns"));
    }
    notes.merge(&best.notes);
    let single = best.wide == 0;
    let delimiter = if single { NO_DELIMITER } else { best.delimiter };
    Ok((Shape::Csv { delimiter, columns: best.columns, header: best.header }, best.source))
}

impl Trial {
    /// `None` if the file makes no sense with this delimiter.
    fn new(head: &[u8], whole: bool, delimiter: u8) -> Option<Self> {
        let mut rows = sample(head, whole, delimiter);
        let first = rows.next()?;
        let mut notes = Notes::default();
        if let Some((columns, source)) = Columns::from_header(&first, &mut notes) {
            let wide = usize::from(first.len() > 1) + rows.filter(|row| first.len() > 1 && row.len() > 1).count();
            return Some(Self { delimiter, columns, source, notes, header: true, wide });
        }
        if !first.first()?.contains("://") {
            return None;
        }
        let widths: Vec<usize> = rows.map(|row| row.len()).chain([first.len()]).collect();
        let wide = widths.iter().filter(|&&width| width > 1).count();
        let columns = Columns::positional(first.len());
        Some(Self { delimiter, columns, source: None, notes, header: false, wide })
    }

    /// Which of two trials is the better one: a header that says more, then more rows that have several fields.
    fn rank(&self) -> (bool, usize, usize) {
        (self.header, if self.header { self.columns.known() } else { 0 }, self.wide)
    }
}

/// The first rows.
fn sample(head: &[u8], whole: bool, delimiter: u8) -> impl Iterator<Item = Vec<Cow<'_, str>>> {
    let mut rest = head;
    let rows = std::iter::from_fn(move || {
        rest = &rest[blank_lines(rest)..];
        if rest.is_empty() {
            return None;
        }
        let Scan::Record { length, text, .. } = scan(rest, delimiter, whole) else { return None };
        let row = std::str::from_utf8(&rest[..text]).ok()?;
        rest = &rest[length..];
        Some(Cells::new(row, delimiter).map(trim).collect())
    });
    rows.take(SNIFF_ROWS)
}

fn trim(cell: Cow<'_, str>) -> Cow<'_, str> {
    match cell {
        Cow::Borrowed(cell) => Cow::Borrowed(cell.trim()),
        Cow::Owned(cell) => Cow::Owned(cell.trim().to_owned()),
    }
}

/// Says that the first row is no header, and what it is.
pub(super) fn no_columns(row: &[Cow<'_, str>]) -> String {
    let shown: String = row.join(", ").chars().map(|c| if c.is_control() { '�' } else { c }).take(200).collect();
    format!("no column of the file is named {URL_NAMES}, and its first field is no URL; the first row is: {shown}")
}
