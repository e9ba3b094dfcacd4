//! What a file is, and where in its rows things are.

use crate::imports::rows::column::Source;
use serde::{Deserialize, Serialize};

use super::columns::Columns;

/// What a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "ImportFormat"))]
pub enum Format {
    /// Values with a delimiter between them (RFC 4180).
    Csv,
    /// One JSON object on each line.
    JsonLines,
    /// A JSON document with a list of links.
    Json,
    /// Bookmarks as browsers export them: HTML that Netscape began with.
    Bookmarks,
    /// A spreadsheet of Office Open XML.
    Xlsx,
}

/// What the bytes are wrapped in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Packing {
    /// Nothing.
    Plain,
    /// gzip (RFC 1952).
    Gzip,
    /// Zstandard (RFC 8878).
    Zstd,
    /// A ZIP archive.
    Zip,
}

/// How text is written as bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Encoding {
    /// UTF-8.
    Utf8,
    /// UTF-16, the low byte first.
    Utf16Le,
    /// UTF-16, the high byte first.
    Utf16Be,
}

/// What a file is and where in its rows things are: enough to read it from the middle.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Layout {
    pub(super) packing: Packing,
    pub(super) encoding: Encoding,
    pub(super) shape: Shape,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) source: Option<Source>,
}

/// How rows are found, and columns in them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Shape {
    Csv {
        delimiter: u8,
        columns: Columns,
        /// Whether the first row is a header.
        header: bool,
    },
    JsonLines,
    JsonDocument,
    Bookmarks,
    Sheet,
}

impl Layout {
    /// What the file is.
    pub fn format(&self) -> Format {
        match self.shape {
            Shape::Csv { .. } => Format::Csv,
            Shape::JsonLines => Format::JsonLines,
            Shape::JsonDocument => Format::Json,
            Shape::Bookmarks => Format::Bookmarks,
            Shape::Sheet => Format::Xlsx,
        }
    }

    /// What the bytes are wrapped in.
    pub fn packing(&self) -> Packing {
        self.packing
    }

    /// How its text is written as bytes.
    pub fn encoding(&self) -> Encoding {
        self.encoding
    }

    /// Who wrote it, if that can be told.
    pub fn source(&self) -> Option<Source> {
        self.source
    }

    /// Whether reading can begin at any [`crate::imports::rows::RowPlace`]. What is compressed, is one JSON document, or is not UTF-8 can
    /// only be read from its beginning.
    pub fn is_splittable(&self) -> bool {
        self.packing == Packing::Plain
            && self.encoding == Encoding::Utf8
            && matches!(self.shape, Shape::Csv { .. } | Shape::JsonLines)
    }
}
