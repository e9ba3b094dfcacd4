//! Defines the report of an import: a line for each row that did not become a link, and for what a link lacks of its row.

use serde::{Deserialize, Serialize};

use crate::files::csv::csv_cell;
use crate::imports::rows::{Column, RowAddress};

/// Why a row is in the report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reported {
    /// It cannot become a link.
    Invalid,
    /// Its slug already leads to another target.
    // Reports of earlier versions have the alias.
    #[serde(alias = "conflict")]
    Conflicting,
    /// It became a link without this column, or with another value.
    Warned,
}

/// One line of a report. The lines are in the order of the rows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReportLine {
    /// The row's number, 1 for the first row of data.
    pub row: u64,
    /// The line of the file on which the row begins, 1 for the first.
    pub line: u64,
    /// The file in the archive that the row is from; absent without an archive.
    pub file: Option<String>,
    /// Why the row is in the report.
    pub outcome: Reported,
    /// The invalid column; absent if the row as a whole is invalid.
    pub column: Option<Column>,
    /// The value of the column, cut to [`ReportLine::MAX_VALUE_CHARS`].
    pub value: String,
    /// What is wrong, in words for a person.
    pub cause: String,
}

impl ReportLine {
    /// The greatest length of `value`, in characters.
    pub const MAX_VALUE_CHARS: usize = 200;

    /// Makes a line, and cuts its `value`.
    pub fn new(
        address: &RowAddress,
        outcome: Reported,
        column: Option<Column>,
        value: &str,
        cause: impl Into<String>,
    ) -> Self {
        let value = value.chars().take(Self::MAX_VALUE_CHARS).collect();
        let file = address.file.as_deref().map(str::to_owned);
        Self { row: address.row, line: address.line, file, outcome, column, value, cause: cause.into() }
    }

    /// Writes the line as JSON, with its line end.
    pub fn to_json(&self) -> Vec<u8> {
        // Serializing texts and numbers cannot fail.
        let mut json = serde_json::to_vec(self).unwrap_or_default();
        json.push(b'\n');
        json
    }

    /// Writes the line as CSV (RFC 4180), under [`CSV_HEADER`].
    pub fn to_csv(&self) -> Vec<u8> {
        let name = |value: serde_json::Result<serde_json::Value>| match value {
            Ok(serde_json::Value::String(text)) => text,
            _ => String::new(),
        };
        let (outcome, column) = (name(serde_json::to_value(self.outcome)), name(serde_json::to_value(self.column)));
        let file = csv_cell(self.file.as_deref().unwrap_or_default());
        let cells = [&column, &self.value, &self.cause].map(|text| csv_cell(text));
        format!("{},{},{file},{outcome},{}\r\n", self.row, self.line, cells.join(",")).into_bytes()
    }
}

/// The first line of a report in CSV.
pub const CSV_HEADER: &[u8] = b"row,line,file,outcome,column,value,cause\r\n";

#[cfg(test)]
mod tests {
    use super::*;

    fn address(file: Option<&str>) -> RowAddress {
        RowAddress { row: 3, line: 4, file: file.map(Into::into) }
    }

    #[test]
    fn csv_cells_are_never_formulas() {
        let line = |value: &str| {
            let line =
                ReportLine::new(&address(Some(value)), Reported::Conflicting, Some(Column::Slug), value, "says \"no\"");
            String::from_utf8(line.to_csv()).unwrap()
        };
        assert_eq!(line("a,b"), "3,4,\"a,b\",conflicting,\"slug\",\"a,b\",\"says \"\"no\"\"\"\r\n");
        for start in ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx"] {
            let (file, value) = (format!("3,4,\"'{start}\","), format!(",\"slug\",\"'{start}\","));
            assert!(line(start).starts_with(&file) && line(start).contains(&value), "{start}");
        }
        let whole = ReportLine::new(&address(None), Reported::Invalid, None, "=cmd|' /C calc'!A0", "=x");
        assert_eq!(whole.to_csv(), b"3,4,\"\",invalid,\"\",\"'=cmd|' /C calc'!A0\",\"'=x\"\r\n");
        let read: ReportLine = serde_json::from_slice(&whole.to_json()).unwrap();
        assert_eq!(read, whole);
    }

    #[test]
    fn json_line_has_row_outcome_and_cut_value() {
        let line = ReportLine::new(
            &address(None),
            Reported::Invalid,
            Some(Column::Url),
            &"ä".repeat(300),
            "is not a valid URL",
        );
        let json: serde_json::Value = serde_json::from_slice(&line.to_json()).unwrap();
        assert_eq!(json["value"].as_str().unwrap().chars().count(), 200);
        assert_eq!((json["row"].as_u64(), json["line"].as_u64()), (Some(3), Some(4)));
        assert_eq!((json["outcome"].as_str(), json["column"].as_str()), (Some("invalid"), Some("url")));
    }
}
