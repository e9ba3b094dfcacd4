//! An import as the API shows it.

use std::collections::BTreeMap;

use serde::Serialize;
use waypost_domain::Timestamp;
use waypost_domain::imports::rows::Format;
use waypost_domain::imports::start_import::Started;
use waypost_domain::imports::{Counts, Import, ImportStatus};

/// The JSON of an import.
#[derive(Debug, Serialize)]
pub(crate) struct ImportView {
    id: String,
    status: ImportStatus,
    filename: Option<String>,
    format: Option<Format>,
    counts: Counts,
    bytes: Bytes,
    /// Why it failed.
    error: Option<String>,
    /// Where its report is, once there is one.
    report: Option<String>,
    created_at: Timestamp,
    started_at: Option<Timestamp>,
    finished_at: Option<Timestamp>,
}

#[derive(Debug, Serialize)]
struct Bytes {
    done: u64,
    total: u64,
}

impl From<Import> for ImportView {
    fn from(import: Import) -> Self {
        let has_report = import.status.is_final() && import.counts.reported() > 0;
        Self {
            report: has_report.then(|| format!("/v1/imports/{}/report", import.id)),
            id: import.id.to_string(),
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

/// The JSON of an import that was just started.
#[derive(Debug, Serialize)]
pub(crate) struct StartedView {
    #[serde(flatten)]
    import: ImportView,
    upload: UploadView,
}

/// How to upload the file: a request as it must be sent.
#[derive(Debug, Serialize)]
struct UploadView {
    method: String,
    url: String,
    headers: BTreeMap<String, String>,
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

/// The JSON of a page of imports.
#[derive(Debug, Serialize)]
pub(crate) struct PageView {
    pub(crate) items: Vec<ImportView>,
    pub(crate) next_cursor: Option<String>,
}
