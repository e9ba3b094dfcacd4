//! `/v1/exports`.

use schemars::JsonSchema;
use serde::Serialize;
use waypost_domain::Timestamp;
use waypost_domain::exports::export::ExportFormat;
use waypost_domain::exports::{Export, ExportId, ExportStatus};

/// An export.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "Export")]
pub struct ExportView {
    /// Names it.
    id: ExportId,
    /// How far it is.
    status: ExportStatus,
    /// What the file is.
    format: ExportFormat,
    /// Whether it is compressed with gzip.
    gzip: bool,
    /// How many links are written so far.
    links: u64,
    /// The size of the file in bytes; null until it is there.
    bytes: Option<u64>,
    /// Where the file is, for some minutes: read the export again for another URL. A secret as long as it works. Null until
    /// the file is there.
    #[schemars(url)]
    url: Option<String>,
    /// Why there will be no file.
    error: Option<String>,
    /// When it was asked for.
    created_at: Timestamp,
    /// When it ended.
    finished_at: Option<Timestamp>,
}

impl ExportView {
    /// The export, with the URL of its file once it is there.
    pub fn new(export: Export, url: Option<String>) -> Self {
        Self {
            id: export.id,
            status: export.status,
            format: export.format,
            gzip: export.gzip,
            links: export.links,
            bytes: export.bytes,
            url,
            error: export.error,
            created_at: export.created_at,
            finished_at: export.finished_at,
        }
    }
}
