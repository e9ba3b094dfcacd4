//! `/v1/exports`.

use schemars::JsonSchema;
use serde::Serialize;
use waypost_domain::Timestamp;
use waypost_domain::exports::export::ExportFormat;
use waypost_domain::exports::export::{Export, ExportId, ExportStatus};

/// An export.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "Export")]
pub struct ExportView {
    /// The export's id.
    id: ExportId,
    /// The state of the export.
    status: ExportStatus,
    /// The format of the file.
    format: ExportFormat,
    /// Whether the file is compressed with gzip.
    gzip: bool,
    /// Whether the file has the hashes of passwords. Then only an admin can read the export.
    passwords: bool,
    /// Whether the file has only some of the links: those that the key which started the export is limited to.
    is_limited: bool,
    /// How many links the file has so far.
    links: u64,
    /// The size of the file in bytes; null until the file exists.
    bytes: Option<u64>,
    /// A URL of the file that works for some minutes: read the export again for another URL. Keep it secret while it works.
    /// Null until the file exists, and in lists.
    #[schemars(url)]
    url: Option<String>,
    /// Why the export failed.
    error: Option<String>,
    /// Who started the export: a key's id, or `sub_` and digits of a hash for the subject of a token. Null in older exports.
    created_by: Option<String>,
    /// When the export was requested.
    created_at: Timestamp,
    /// When the export ended.
    finished_at: Option<Timestamp>,
}

impl ExportView {
    /// Makes the view of an export, with the URL of its file if the file exists.
    pub fn new(export: Export, url: Option<String>) -> Self {
        Self {
            id: export.id,
            status: export.status,
            format: export.format,
            gzip: export.gzip,
            passwords: export.passwords,
            is_limited: !export.scope.is_whole(),
            links: export.links,
            bytes: export.bytes,
            url,
            error: export.error,
            created_by: export.created_by,
            created_at: export.created_at,
            finished_at: export.finished_at,
        }
    }
}
