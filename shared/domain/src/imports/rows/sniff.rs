//! Recognises the format of a file by its first bytes. Ignores its name.

use std::borrow::Cow;

use super::buffer::blank_lines_length;
use super::column::Source;
use super::column_names::ColumnNames;
use super::columns::Columns;
use super::foreign::foreign_container;
use super::headerless::{Headerless, recognise_without_header};
use super::json::{Nesting, find_first_link, value_length};
use super::json_object::{ObjectParser, recognise_object_source};
use super::layout::{Encoding, RuleSyntax, Shape};
use super::limits::{MAX_COLUMNS, SNIFF_BYTES};
use super::notes::Notes;
use super::object_sample::describe_unnamed_object_slugs;
use super::other_files::other_file;
use super::rules::recognise_rules;
use super::samples::{DELIMITERS, NO_DELIMITER, sample_rows};
use super::unreadable::Unreadable;

/// How many rows may stand above a header.
const MAX_PREAMBLE_ROWS: usize = 20;

/// One line in this many may have bytes that are not valid text.
const LINES_PER_BROKEN_LINE: usize = 8;

/// The names that a column of URLs may have, for the message that there is none.
const URL_NAMES: &str = "url, target, long url, destination url or original url";

/// The format of a text, and the service that wrote it.
pub(super) type Recognised = (Shape, Option<Source>);

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
    if let Some(what) = foreign_container(head).or_else(|| other_file(head)) {
        return Err(Unreadable::because(format!("the file is {what}")));
    }
    if encoding == Encoding::Utf8 {
        check_text(head, &position, whole)?;
    }
    if let Some(index) = broken_list(head) {
        let cause = "the JSON document is broken: no object is where the next one should be";
        return Err(Unreadable::at(position(index), cause));
    }
    let head = &head[blank_lines_length(head)..];
    let recognised = match head.iter().find(|byte| !byte.is_ascii_whitespace()) {
        None if whole => Err("the file is empty".to_owned()),
        None => Err(format!("the first {SNIFF_BYTES} bytes of the file are blank")),
        Some(b'{' | b'[') => sniff_json(head, whole, columns),
        Some(b'<') => sniff_markup(head),
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

/// Tells bookmarks from other HTML and XML.
fn sniff_markup(head: &[u8]) -> Result<Recognised, String> {
    let lower = head.to_ascii_lowercase();
    let has = |text: &str| memchr::memmem::find(&lower, text.as_bytes()).is_some();
    if has("<opml") || has("<xbel") || has("<posts") && has("<post ") {
        return Ok((Shape::Outline, Some(Source::Bookmarks)));
    }
    if has("netscape-bookmark-file") || has("href=") && (has(" add_date=") || has(" time_added=")) {
        return Ok((Shape::Bookmarks, Some(Source::Bookmarks)));
    }
    // The directives of Apache may stand in `<IfModule>`.
    match recognise_rules(&String::from_utf8_lossy(head)) {
        Some(RuleSyntax::Htaccess) => Ok((Shape::Rules(RuleSyntax::Htaccess), Some(Source::Rules))),
        _ => Err("the file is HTML or XML, and has no list of bookmarks".to_owned()),
    }
}

/// Returns the index of what follows the first bracket, if it begins no value: Markdown and other texts begin with a
/// bracket, too.
fn broken_list(head: &[u8]) -> Option<usize> {
    let is_blank = |byte: &u8| byte.is_ascii_whitespace();
    let start = head.iter().position(|byte| !is_blank(byte)).filter(|&start| head[start] == b'[')?;
    let next = start + 1 + head[start + 1..].iter().position(|byte| !is_blank(byte))?;
    (!matches!(head[next], b'{' | b'[' | b'"' | b']')).then_some(next)
}

/// Tells JSON Lines from a JSON document, which may stand on one line too.
fn sniff_json(head: &[u8], whole: bool, columns: &ColumnNames) -> Result<Recognised, String> {
    let text = head.trim_ascii_start();
    let first = value_length(text);
    let is_lines = match first {
        _ if text.starts_with(b"[") => false,
        Some(length) if !text[..length].contains(&b'\n') => {
            let blank = text[length..].iter().take_while(|byte| byte.is_ascii_whitespace()).count();
            let (between, next) = text[length..].split_at(blank);
            let is_line = between.contains(&b'\n') || next.is_empty();
            let is_link =
                || ObjectParser::new(None, columns).fields(&text[..length]).is_ok_and(|row| row.url.is_some());
            is_line && (next.first() == Some(&b'{') || is_link())
        }
        _ => has_lines(text, whole),
    };
    if !is_lines && let Some(link) = find_first_link(head) {
        let has_links = text.starts_with(b"{") && memchr::memmem::find(text, b"\"links\"").is_some();
        let sink = has_links.then_some(Source::Sink);
        return Ok((Shape::JsonDocument, recognise_object_source(&link).or(sink)));
    }
    if text.starts_with(b"[") || !is_lines && first.is_none() && !whole {
        return Ok((Shape::JsonDocument, None));
    }
    sniff_json_lines(head, whole, columns)
}

/// Tells whether most lines are whole objects: one of the others may be the first.
fn has_lines(text: &[u8], whole: bool) -> bool {
    let mut lines: Vec<&[u8]> = text.split(|&byte| byte == b'\n').map(<[u8]>::trim_ascii).collect();
    if !whole {
        lines.pop(); // cut off
        if lines.is_empty() {
            // The first line is too long, which costs only that line; or a document is on one line.
            let mut nesting = Nesting::default();
            for &byte in text {
                nesting.step(byte);
            }
            return !nesting.has_objects && find_first_link(text).is_none();
        }
    }
    lines.retain(|line| !line.is_empty());
    let objects = lines.iter().filter(|line| line.starts_with(b"{") && value_length(line) == Some(line.len())).count();
    objects * 2 >= lines.len() && objects > 0
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

/// The first rows of a file as CSV with one of the delimiters, and a header.
struct Dialect {
    delimiter: u8,
    columns: Columns,
    source: Option<Source>,
    notes: Notes,
    /// How many rows precede the header.
    preamble: usize,
    /// How many rows have more than one field.
    multi_field_rows: usize,
    /// What the owner of the file must say before it can be read.
    question: Option<String>,
}

fn sniff_csv(head: &[u8], whole: bool, given: &ColumnNames, notes: &mut Notes) -> Result<Recognised, Unreadable> {
    let named = named_delimiter(head);
    let delimiters = named.as_ref().map_or(&DELIMITERS[..], std::slice::from_ref);
    let dialects = delimiters.iter().filter_map(|&delimiter| Dialect::new(head, whole, delimiter, given));
    // Of equally good ones the first.
    let best = dialects.reduce(|best, other| if other.rank() > best.rank() { other } else { best });
    let Some(best) = best else { return sniff_without_header(head, whole, named).map_err(Unreadable::because) };
    if best.columns.width() > MAX_COLUMNS {
        return Err(Unreadable::because(format!("the file has more than {MAX_COLUMNS} columns")));
    }
    if let Some(question) = best.question {
        return Err(Unreadable::question(question));
    }
    notes.merge(&best.notes);
    let delimiter = if best.multi_field_rows == 0 { NO_DELIMITER } else { best.delimiter };
    let preamble = u32::try_from(best.preamble).unwrap_or(u32::MAX);
    let shape = Shape::Csv { delimiter, columns: best.columns, header: true, preamble, comments: false };
    Ok((shape, best.source))
}

/// Recognises rules, and rows without a header.
fn sniff_without_header(head: &[u8], whole: bool, named: Option<u8>) -> Result<Recognised, String> {
    if let Some(syntax) = recognise_rules(&String::from_utf8_lossy(head)) {
        return Ok((Shape::Rules(syntax), Some(Source::Rules)));
    }
    if let Some(found) = recognise_without_header(head, whole, named)? {
        let Headerless { delimiter, columns } = found;
        if columns.width() > MAX_COLUMNS {
            return Err(format!("the file has more than {MAX_COLUMNS} columns"));
        }
        let preamble = u32::from(named.is_some());
        return Ok((Shape::Csv { delimiter, columns, header: false, preamble, comments: true }, None));
    }
    let Some(first) = sample_rows(head, whole, b',').next() else {
        return Err("the first row of the file does not end: the file is not a list of links".to_owned());
    };
    Err(describe_missing_columns(&first))
}

/// Returns the delimiter that the first line names, as spreadsheets write and read it: `sep=;`.
fn named_delimiter(head: &[u8]) -> Option<u8> {
    let line = head.split(|&byte| matches!(byte, b'\n' | b'\r')).next()?;
    let line = line.strip_prefix(b"\"").and_then(|line| line.strip_suffix(b"\"")).unwrap_or(line);
    match line {
        [b's' | b'S', b'e' | b'E', b'p' | b'P', b'=', delimiter] if delimiter.is_ascii() => Some(*delimiter),
        _ => None,
    }
}

impl Dialect {
    /// Returns `None` if no column holds URLs with this delimiter.
    fn new(head: &[u8], whole: bool, delimiter: u8, given: &ColumnNames) -> Option<Self> {
        let rows: Vec<_> = sample_rows(head, whole, delimiter).collect();
        for (preamble, row) in rows.iter().enumerate().take(MAX_PREAMBLE_ROWS + 1) {
            let below = &rows[preamble + 1..];
            let is_comment = row.first().is_some_and(|cell| cell.starts_with('#'));
            // A title above a table has fewer cells than its rows, and an address is no name: what is below says nothing about it.
            let is_name = |cell: &Cow<'_, str>| cell.contains(char::is_whitespace) || !cell.contains(['.', '/', '=']);
            let is_header_like =
                !is_comment && row.iter().all(is_name) && below.iter().all(|other| other.len() <= row.len());
            let sample = if is_header_like { below } else { &[] };
            let mut notes = Notes::default();
            if let Some((columns, source)) = Columns::from_header(row, sample, given, &mut notes) {
                let multi_field_rows =
                    usize::from(row.len() > 1) + below.iter().filter(|other| row.len() > 1 && other.len() > 1).count();
                let question = columns.describe_unnamed_slugs(row, below);
                return Some(Self { delimiter, columns, source, notes, preamble, multi_field_rows, question });
            }
            // Titles and comments may stand above the header, but no links.
            if !is_comment && row.iter().any(|cell| cell.contains("://")) {
                return None;
            }
        }
        None
    }

    /// Ranks the dialect: the better one has more known columns, then more rows with several fields.
    fn rank(&self) -> (usize, usize) {
        (self.columns.count_known(), self.multi_field_rows)
    }
}

/// Returns the error of a file whose first row has no column of URLs. It shows the row.
pub(super) fn describe_missing_columns(row: &[Cow<'_, str>]) -> String {
    let shown: String = row.join(", ").chars().map(|c| if c.is_control() { '�' } else { c }).take(200).collect();
    format!("no column of the file is named {URL_NAMES}, and its first field is not a URL; the first row is: {shown}")
}
