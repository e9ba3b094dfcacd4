//! Describes the format of a file: all that it takes to read the file from the middle.

use serde::{Deserialize, Serialize};

use super::column::Source;
use super::column_names::ColumnNames;
use super::columns::Columns;

/// The format of a file.
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
    /// Bookmarks as browsers export them (Netscape's HTML), or in OPML or XBEL.
    Bookmarks,
    /// Redirects of a web server or a hosting service: `_redirects`, `.htaccess`, or the configuration of nginx.
    Rules,
    /// An Office Open XML spreadsheet.
    Xlsx,
}

/// How a file is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Packing {
    /// Not at all.
    Plain,
    /// gzip (RFC 1952).
    Gzip,
    /// Zstandard (RFC 8878).
    Zstd,
    /// bzip2.
    Bzip2,
    /// xz.
    Xz,
    /// A ZIP archive.
    Zip,
    /// A tar archive (POSIX.1, with the extensions of GNU).
    Tar,
}

/// The character encoding of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Encoding {
    /// UTF-8.
    Utf8,
    /// UTF-16, little-endian.
    Utf16Le,
    /// UTF-16, big-endian.
    Utf16Be,
    /// Any other. A text in it is only read from its beginning.
    Other,
}

/// The format of a file with all its details: enough to read the file from the middle.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Layout {
    pub(super) packing: Packing,
    pub(super) encoding: Encoding,
    pub(super) shape: Shape,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) source: Option<Source>,
    /// What the owner says about the columns.
    #[serde(default, skip_serializing_if = "ColumnNames::is_empty")]
    pub(super) columns: ColumnNames,
}

/// How to find the rows of a text, and the columns in them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Shape {
    Csv {
        delimiter: u8,
        columns: Columns,
        /// Whether a header precedes the rows.
        header: bool,
        /// How many rows precede the header: titles and the like.
        #[serde(default, skip_serializing_if = "is_zero")]
        preamble: u32,
        /// Whether a line that begins with `#` is a comment.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        comments: bool,
    },
    JsonLines,
    JsonDocument,
    Bookmarks,
    Outline,
    Rules(RuleSyntax),
    Sheet,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_zero(number: &u32) -> bool {
    *number == 0
}

/// How redirects are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum RuleSyntax {
    /// Netlify's and Cloudflare's file `_redirects`.
    Redirects,
    /// Apache's directives.
    Htaccess,
    /// The configuration of nginx.
    Nginx,
}

impl Layout {
    /// Returns the format of the file.
    pub fn format(&self) -> Format {
        match self.shape {
            Shape::Csv { .. } => Format::Csv,
            Shape::JsonLines => Format::JsonLines,
            Shape::JsonDocument => Format::Json,
            Shape::Bookmarks | Shape::Outline => Format::Bookmarks,
            Shape::Rules(_) => Format::Rules,
            Shape::Sheet => Format::Xlsx,
        }
    }

    /// Returns the service that wrote the file, if its columns reveal it.
    pub fn source(&self) -> Option<Source> {
        self.source
    }

    /// Tells whether reading can begin at any [`RowPlace`](super::RowPlace). A file that is compressed, is one JSON
    /// document, or is not UTF-8 can only be read from its beginning.
    pub fn is_splittable(&self) -> bool {
        self.packing == Packing::Plain
            && self.encoding == Encoding::Utf8
            && matches!(self.shape, Shape::Csv { .. } | Shape::JsonLines)
    }
}
