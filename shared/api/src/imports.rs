//! `/v1/imports`.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;
use waypost_domain::Timestamp;
use waypost_domain::imports::rows::Format;
use waypost_domain::imports::start_import::Started;
use waypost_domain::imports::{Counts, Import, ImportId, ImportStatus};

/// An import.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "Import")]
pub struct ImportView {
    /// Names it.
    id: ImportId,
    /// How far it is.
    status: ImportStatus,
    /// What its owner calls the file.
    filename: Option<String>,
    /// What the file was recognised as; null until then.
    format: Option<Format>,
    /// What became of the rows so far.
    counts: Counts,
    /// How much of the file is settled.
    bytes: Bytes,
    /// Why it failed.
    error: Option<String>,
    /// Where its report is, once there is one.
    report: Option<String>,
    /// When it was asked for, or its file was found.
    created_at: Timestamp,
    /// When its first row was looked at.
    started_at: Option<Timestamp>,
    /// When it ended.
    finished_at: Option<Timestamp>,
}

/// How much of a file is settled.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "ImportBytes")]
struct Bytes {
    /// Bytes whose rows are settled.
    done: u64,
    /// The size of the file in bytes: as announced, then as it is.
    total: u64,
}

impl From<Import> for ImportView {
    fn from(import: Import) -> Self {
        let has_report = import.status.is_final() && import.counts.reported() > 0;
        Self {
            report: has_report.then(|| format!("/v1/imports/{}/report", import.id)),
            id: import.id,
            status: import.status,
            filename: import.filename,
            format: import.format,
            counts: import.counts,
            bytes: Bytes { done: import.bytes_done, total: import.bytes_total },
            error: import.error,
            created_at: import.created_at,
            started_at: import.started_at,
            finished_at: import.finished_at,
        }
    }
}

/// An import that was just started.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "StartedImport")]
pub struct StartedView {
    #[serde(flatten)]
    import: ImportView,
    /// How to upload the file.
    upload: UploadView,
}

/// How to upload a file: a request as it must be sent.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "Upload")]
struct UploadView {
    /// The method.
    method: String,
    /// Where to. A secret as long as it works.
    #[schemars(url)]
    url: String,
    /// Headers that must be sent with it.
    headers: BTreeMap<String, String>,
    /// From when on the upload is refused.
    expires_at: Timestamp,
}

impl From<Started> for StartedView {
    fn from(started: Started) -> Self {
        let upload = UploadView {
            method: started.upload.method,
            url: started.upload.url,
            headers: started.upload.headers.into_iter().collect(),
            expires_at: started.expires_at,
        };
        Self { import: started.import.into(), upload }
    }
}
