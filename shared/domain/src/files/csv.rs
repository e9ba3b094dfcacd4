//! Writes the cells of a CSV file (RFC 4180), and reads back what it does to a text that a spreadsheet would run as a formula.
//!
//! OWASP's page on CSV injection asks for an apostrophe before such a text. A spreadsheet that is set to another separator than
//! the comma splits a cell at that separator and may then ignore the quotation marks, so that each part counts as a cell here.

/// The characters that begin a formula: the four that spreadsheets know, and the wide, small and typographic forms that some of
/// them take for the same.
const FORMULA: [char; 13] = [
    '=', '+', '-', '@', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}', '\u{fe66}', '\u{fe62}', '\u{fe63}', '\u{fe6b}',
    '\u{2212}',
];
/// Characters without width that a spreadsheet may drop, beside white space and control characters.
const INVISIBLE: [char; 12] = [
    '\u{ad}', '\u{61c}', '\u{180e}', '\u{200b}', '\u{200c}', '\u{200d}', '\u{200e}', '\u{200f}', '\u{2060}',
    '\u{2061}', '\u{2062}', '\u{feff}',
];

/// Writes a cell, in quotation marks, that no spreadsheet runs as a formula.
pub fn csv_cell(text: &str) -> String {
    format!("\"{}\"", escape_formulas(text).replace('"', "\"\""))
}

/// Writes a cell as [`csv_cell`] does, but without quotation marks if it needs none.
pub fn short_csv_cell(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-+:._/ ".contains(&byte);
    let begins_plainly = text.bytes().next().is_none_or(|byte| byte.is_ascii_alphanumeric());
    if begins_plainly && text.bytes().all(plain) && !text.ends_with(' ') { text.to_owned() } else { csv_cell(text) }
}

/// Puts an apostrophe before each part of `text` that a spreadsheet would run as a formula. A part begins with the text, and
/// after each separator or line end. A text that begins with a control character gets one too. [`unescape_formulas`] takes them
/// out again.
fn escape_formulas(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len() + 1);
    for (start, part) in parts(text) {
        if is_formula(text, start) {
            escaped.push('\'');
        }
        escaped.push_str(part);
    }
    escaped
}

/// Takes out the apostrophes that the writer of a cell put in.
pub fn unescape_formulas(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for (start, part) in parts(text) {
        let escaped = part.starts_with('\'') && is_formula(text, start);
        plain.push_str(if escaped { &part[1..] } else { part });
    }
    plain
}

/// Splits `text` after each separator and line end. Returns each part with its start.
fn parts(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut start = 0;
    text.split_inclusive(ends_part).map(move |part| {
        let this = start;
        start += part.len();
        (this, part)
    })
}

/// Tells whether a reader may begin another cell or row after `c`. After a comma it does not: that is the file's own separator,
/// and whoever splits at it heeds the quotation marks.
fn ends_part(c: char) -> bool {
    matches!(c, ';' | '|' | '\u{2028}' | '\u{2029}') || c.is_control()
}

/// Tells whether a spreadsheet would run the part of `text` that begins at `start`. Skips what may vanish before the formula:
/// white space, quotation marks, and apostrophes, so that the answer is the same before and after escaping.
fn is_formula(text: &str, start: usize) -> bool {
    let part = &text[start..];
    let control = start == 0 && part.trim_start_matches('\'').starts_with(char::is_control);
    control || part.trim_start_matches(is_skipped).starts_with(FORMULA)
}

fn is_skipped(c: char) -> bool {
    matches!(c, '\'' | '"') || c.is_whitespace() || c.is_control() || INVISIBLE.contains(&c)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn cell_is_never_a_formula() {
        for (text, cell) in [
            ("news", "\"news\""),
            ("", "\"\""),
            ("5 - 3 = 2", "\"5 - 3 = 2\""),
            ("a, -b", "\"a, -b\""),
            ("it's", "\"it's\""),
            ("'tis", "\"'tis\""),
            ("=1+1", "\"'=1+1\""),
            ("+1", "\"'+1\""),
            ("-1", "\"'-1\""),
            ("@SUM(A1,\"x\")", "\"'@SUM(A1,\"\"x\"\")\""),
            ("\u{ff1d}1", "\"'\u{ff1d}1\""),
            ("\u{ff0b}1", "\"'\u{ff0b}1\""),
            ("\u{ff0d}1", "\"'\u{ff0d}1\""),
            ("\u{ff20}x", "\"'\u{ff20}x\""),
            ("\u{2212}1", "\"'\u{2212}1\""),
            ("\tx", "\"'\tx\""),
            ("\rx", "\"'\rx\""),
            ("\nx", "\"'\nx\""),
            ("\u{0}x", "\"'\u{0}x\""),
            (" =1", "\"' =1\""),
            ("\u{feff}\u{a0}=1", "\"'\u{feff}\u{a0}=1\""),
            ("'=1", "\"''=1\""),
            ("\"=1", "\"'\"\"=1\""),
            ("a;=1", "\"a;'=1\""),
            ("a|=1;@b", "\"a|'=1;'@b\""),
            ("a\t=1", "\"a\t'=1\""),
            ("a\r\n=1", "\"a\r'\n'=1\""),
            ("a; \"=1\"", "\"a;' \"\"=1\"\"\""),
        ] {
            assert_eq!(csv_cell(text), cell, "{text:?}");
            assert_eq!(unescape_formulas(&escape_formulas(text)), text, "{text:?}");
        }
    }

    #[test]
    fn short_cell_has_quotation_marks_only_if_needed() {
        for (text, cell) in [
            ("", ""),
            ("DE", "DE"),
            ("2026-01-02T13:00:00", "2026-01-02T13:00:00"),
            ("2026-01-02T13:00:00+01:00", "2026-01-02T13:00:00+01:00"),
            ("go.example.com/a", "go.example.com/a"),
            ("-1", "\"'-1\""),
            (".x", "\".x\""),
            ("a,b", "\"a,b\""),
            ("ü", "\"ü\""),
        ] {
            assert_eq!(short_csv_cell(text), cell, "{text}");
        }
    }

    /// Generates texts of what matters here.
    fn any_text() -> impl Strategy<Value = String> {
        let special = "[=+@;|,'\" \t\r\n\u{0}\u{feff}\u{200b}\u{a0}\u{2028}\u{85}\u{ff1d}\u{ff0b}\u{ff0d}\u{ff20}\u{2212}a-]{0,12}";
        prop_oneof![special, "\\PC{0,20}", ".{0,20}"]
    }

    proptest! {
        #[test]
        fn text_is_read_back_as_it_was(text in any_text()) {
            let cell = csv_cell(&text);
            let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(cell.as_bytes());
            let read = reader.records().next().map(|record| record.unwrap()[0].to_owned()).unwrap_or_default();
            prop_assert_eq!(unescape_formulas(&read), text);
        }

        /// Whatever separator a reader splits at, and whether or not it heeds quotation marks, no cell begins a formula.
        #[test]
        fn no_reader_finds_a_formula(texts in prop::collection::vec(any_text(), 1..4)) {
            let row = texts.iter().map(|text| csv_cell(text)).collect::<Vec<_>>().join(",") + "\r\n";
            for separator in [';', '|', '\t'] {
                for cell in row.split([separator, '\r', '\n']) {
                    let cell = cell.trim_start_matches(|c: char| c == '"' || (c.is_whitespace() && c != '\t'));
                    prop_assert!(!cell.starts_with(FORMULA), "{:?} of {:?}", cell, row);
                }
                let mut reader = csv::ReaderBuilder::new();
                let reader = reader.has_headers(false).flexible(true).delimiter(separator as u8);
                for record in reader.from_reader(row.as_bytes()).records() {
                    for cell in &record.unwrap() {
                        prop_assert!(!cell.starts_with(FORMULA), "{:?} of {:?}", cell, row);
                    }
                }
            }
            let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(row.as_bytes());
            for cell in reader.records().next().unwrap().unwrap().iter() {
                prop_assert!(!cell.trim_start().starts_with(FORMULA) && !cell.starts_with(char::is_control), "{:?}", cell);
            }
        }
    }
}
