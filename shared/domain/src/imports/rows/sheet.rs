//! Reads the rows of a spreadsheet's sheet (ECMA-376, part 1, section 18.3.1).

use super::buffer::Buffer;
use super::cell_reference::column_index;
use super::limits::{MAX_COLUMNS, MAX_ROW_BYTES};
use super::shared_strings::SharedStrings;
use super::sheet_links::SheetLinks;
use super::xml::{Tag, Token, Xml, decode};
use crate::values::timestamp::Timestamp;

/// How many bytes of a formula are kept. Only one that is a hyperlink matters.
const MAX_FORMULA_BYTES: usize = 8 * 1024;

/// What [`Sheet::find`] found.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// A row, in [`Sheet::row`].
    Row,
    More,
    End,
    /// The sheet breaks off, or is not XML.
    Broken,
}

/// A row of a sheet.
#[derive(Debug, Clone, Default)]
pub(super) struct SheetRow {
    pub(super) cells: Vec<Cell>,
    /// The number of the row in the sheet.
    pub(super) line: u64,
    /// Whether the row is longer than [`MAX_ROW_BYTES`]. Then cells are missing.
    pub(super) too_long: bool,
}

/// A cell of a row.
#[derive(Debug, Clone, Default)]
pub(super) struct Cell {
    pub(super) text: String,
    /// Whether the text is a number. It may be a date.
    pub(super) is_number: bool,
    /// The address to which the cell leads.
    pub(super) link: Option<String>,
}

impl Cell {
    /// Returns the URL in the cell or behind it, or else its text.
    pub(super) fn url(&self) -> &str {
        match &self.link {
            Some(link) if !self.text.contains("://") => link,
            _ => &self.text,
        }
    }
}

/// Reads rows one by one.
#[derive(Default)]
pub(super) struct Sheet {
    xml: Xml,
    pub(super) row: SheetRow,
    bytes: usize,
    cell: Option<OpenCell>,
    text: Vec<u8>,
    formula: Vec<u8>,
    /// What the text in a cell belongs to.
    part: CellPart,
    /// Whether the sheet's outer element is open, and whether a row is.
    open: (bool, bool),
}

/// A cell that is being read.
struct OpenCell {
    column: usize,
    kind: CellKind,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum CellPart {
    #[default]
    Other,
    Value,
    Formula,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum CellKind {
    /// The index of a shared string.
    Shared,
    Number,
    /// True or false, as 1 or 0.
    Flag,
    Text,
}

impl Sheet {
    /// Finds the next row that is not blank.
    pub(super) fn find(&mut self, buffer: &mut Buffer, strings: &SharedStrings, links: &SheetLinks) -> Found {
        loop {
            match self.xml.next(buffer) {
                Token::More => return Found::More,
                Token::End if self.open != (false, false) => return Found::Broken,
                Token::End => return Found::End,
                Token::Broken => return Found::Broken,
                Token::Text(length) => {
                    self.take_text(&buffer.rest()[..length]);
                    buffer.consume(length);
                }
                Token::Tag(length) => {
                    let tag = Tag::parse(&buffer.rest()[..length]);
                    let row_ends = self.take_tag(&tag, strings, links);
                    buffer.consume(length);
                    let is_blank = |cell: &Cell| cell.text.trim().is_empty() && cell.link.is_none();
                    if row_ends && (self.row.too_long || !self.row.cells.iter().all(is_blank)) {
                        return Found::Row;
                    }
                }
            }
        }
    }

    fn take_text(&mut self, text: &[u8]) {
        match self.part {
            CellPart::Value if !self.row.too_long => {
                self.bytes += text.len();
                self.row.too_long = self.bytes > MAX_ROW_BYTES;
                let room = MAX_ROW_BYTES.saturating_sub(self.text.len());
                self.text.extend_from_slice(&text[..text.len().min(room)]);
            }
            CellPart::Formula => {
                let room = MAX_FORMULA_BYTES.saturating_sub(self.formula.len());
                self.formula.extend_from_slice(&text[..text.len().min(room)]);
            }
            _ => {}
        }
    }

    /// Takes a tag. Returns whether it ends a row.
    fn take_tag(&mut self, tag: &Tag<'_>, strings: &SharedStrings, links: &SheetLinks) -> bool {
        if tag.is("worksheet") {
            self.open.0 = tag.opens();
        } else if tag.is("row") && !tag.closes {
            self.row.cells.clear();
            (self.bytes, self.row.too_long) = (0, false);
            let line = tag.attribute("r").and_then(|number| number.parse().ok());
            self.row.line = line.unwrap_or(self.row.line.saturating_add(1));
            self.open.1 = tag.opens();
        } else if tag.is("row") {
            self.open.1 = false;
            return true;
        } else if tag.is("c") && !tag.closes {
            self.begin_cell(tag);
            if tag.empty {
                self.end_cell(strings, links);
            }
        } else if tag.is("c") {
            self.end_cell(strings, links);
        } else if tag.is("v") || tag.is("t") {
            self.part = if self.cell.is_some() && tag.opens() { CellPart::Value } else { CellPart::Other };
        } else if tag.is("f") {
            self.part = if self.cell.is_some() && tag.opens() { CellPart::Formula } else { CellPart::Other };
        }
        false
    }

    fn begin_cell(&mut self, tag: &Tag<'_>) {
        let reference = tag.attribute("r");
        let column = reference.as_deref().and_then(column_index).unwrap_or(self.row.cells.len());
        let kind = match tag.attribute("t").as_deref() {
            Some("s") => CellKind::Shared,
            Some("b") => CellKind::Flag,
            None | Some("n") => CellKind::Number,
            Some(_) => CellKind::Text,
        };
        self.text.clear();
        self.formula.clear();
        self.cell = Some(OpenCell { column, kind });
    }

    fn end_cell(&mut self, strings: &SharedStrings, links: &SheetLinks) {
        let Some(cell) = self.cell.take() else { return };
        self.part = CellPart::Other;
        if cell.column >= MAX_COLUMNS || self.row.too_long {
            return;
        }
        let text = decode(&self.text);
        let text = match cell.kind {
            CellKind::Shared => unescape(strings.get(text.trim().parse().unwrap_or(usize::MAX)).unwrap_or_default()),
            CellKind::Flag if text.is_empty() => String::new(),
            CellKind::Flag => (if text.trim() == "1" { "true" } else { "false" }).to_owned(),
            CellKind::Number => text.into_owned(),
            CellKind::Text => unescape(&text),
        };
        let link = links.get(self.row.line, cell.column).map(str::to_owned).or_else(|| hyperlink(&self.formula));
        if text.is_empty() && link.is_none() {
            return;
        }
        self.bytes += if cell.kind == CellKind::Shared { text.len() } else { 0 };
        self.bytes += link.as_ref().map_or(0, String::len);
        self.row.too_long |= self.bytes > MAX_ROW_BYTES;
        if self.row.cells.len() <= cell.column {
            self.row.cells.resize(cell.column + 1, Cell::default());
        }
        let is_number = cell.kind == CellKind::Number;
        self.row.cells[cell.column] = Cell { text, is_number, link };
    }
}

/// Returns the address in a formula that is a hyperlink with a constant address.
fn hyperlink(formula: &[u8]) -> Option<String> {
    let formula = decode(formula);
    let formula = formula.trim_start_matches(['=', ' ']);
    let name = formula.get(..10).filter(|name| name.eq_ignore_ascii_case("HYPERLINK("))?;
    let mut rest = formula[name.len()..].trim_start().strip_prefix('"')?;
    let mut address = String::new();
    loop {
        let (text, after) = rest.split_once('"')?;
        address.push_str(text);
        // A doubled mark is a mark.
        match after.strip_prefix('"') {
            Some(after) => {
                address.push('"');
                rest = after;
            }
            None => return after.trim_start().starts_with([',', ';', ')']).then_some(address),
        }
    }
}

/// Replaces the characters that spreadsheets write as `_x000D_`, since XML cannot hold them.
fn unescape(text: &str) -> String {
    let (mut plain, mut rest) = (String::with_capacity(text.len()), text);
    while let Some(at) = rest.find("_x") {
        plain.push_str(&rest[..at]);
        let digits = rest.get(at + 2..at + 6).filter(|_| rest.as_bytes().get(at + 6) == Some(&b'_'));
        let digits = digits.filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()));
        let character = digits.and_then(|digits| char::from_u32(u32::from_str_radix(digits, 16).ok()?));
        let length = match character {
            Some(character) => {
                plain.push(character);
                7
            }
            None => {
                plain.push_str("_x");
                2
            }
        };
        rest = &rest[at + length..];
    }
    plain.push_str(rest);
    plain
}

/// Reads a date. Spreadsheets count dates in days since 30 December 1899, or since the first day of 1904 if `since_1904`.
/// Returns `None` if the number is too small or too large for a plausible date.
pub(super) fn read_date(text: &str, since_1904: bool) -> Option<String> {
    const DAYS_FROM_1899_TO_1904: f64 = 1462.0;
    const DAYS_FROM_1899_TO_1970: f64 = 25_569.0;
    let days: f64 = text.trim().parse().ok()?;
    let days = days + if since_1904 { DAYS_FROM_1899_TO_1904 } else { 0.0 };
    let millis = (20_000.0..80_000.0)
        .contains(&days)
        .then(|| ((days - DAYS_FROM_1899_TO_1970) * 86_400.0).round() as i64 * 1000);
    Some(Timestamp::from_millis(millis?).ok()?.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_count_from_1899_or_1904() {
        for (text, since_1904, expected) in [
            ("45356", false, Some("2024-03-05T00:00:00.000Z")),
            ("43894", true, Some("2024-03-05T00:00:00.000Z")),
            ("45356.42430555556", false, Some("2024-03-05T10:11:00.000Z")),
            ("43894.42430555556", true, Some("2024-03-05T10:11:00.000Z")),
            ("25569", false, Some("1970-01-01T00:00:00.000Z")),
            ("12", false, None),
            ("1709633472", false, None),
            ("NaN", false, None),
            ("x", false, None),
        ] {
            assert_eq!(read_date(text, since_1904).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn only_constant_addresses_are_read_from_formulas() {
        for (formula, expected) in [
            ("HYPERLINK(\"https://a.example/\",\"A\")", Some("https://a.example/")),
            ("=hyperlink( \"https://a.example/?q=\"\"x\"\"\" ; B2)", Some("https://a.example/?q=\"x\"")),
            ("HYPERLINK(&quot;https://a.example/?a=1&amp;b=2&quot;)", Some("https://a.example/?a=1&b=2")),
            ("HYPERLINK(\"https://a.example/\"&amp;B2)", None),
            ("HYPERLINK(B2)", None),
            ("HYPERLINK(\"https://a.example/", None),
            ("IF(A1,HYPERLINK(\"https://a.example/\"))", None),
            ("HYPERLIN\u{e9}(", None),
            ("", None),
        ] {
            assert_eq!(hyperlink(formula.as_bytes()).as_deref(), expected, "{formula}");
        }
    }

    #[test]
    fn escaped_characters_are_read() {
        for (text, expected) in [
            ("a_x000D_\nb", "a\r\nb"),
            ("_x005F_x000D_", "_x000D_"),
            ("_x00G0_ _x", "_x00G0_ _x"),
            ("_xD800_", "_xD800_"),
            ("_x000\u{e9}_", "_x000\u{e9}_"),
        ] {
            assert_eq!(unescape(text), expected, "{text}");
        }
    }
}
