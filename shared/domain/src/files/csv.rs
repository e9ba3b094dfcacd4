//! Writes the cells of a CSV file (RFC 4180).

use std::borrow::Cow;

/// Writes a cell that no spreadsheet runs as a formula: it puts an apostrophe before such a text (OWASP, "CSV Injection").
pub fn csv_cell(text: &str) -> String {
    quoted_cell(&escape_formula(text))
}

/// Writes `text` as it is, in quotes.
pub fn quoted_cell(text: &str) -> String {
    format!("\"{}\"", text.replace('"', "\"\""))
}

fn escape_formula(text: &str) -> Cow<'_, str> {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']) { format!("'{text}").into() } else { text.into() }
}
