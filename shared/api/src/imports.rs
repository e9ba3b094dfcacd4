//! `/v1/imports`.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use waypost_domain::imports::object_key::ReportFormat;
use waypost_domain::imports::options::OnConflict;
use waypost_domain::imports::rows::{Format, Notes};
use waypost_domain::imports::start_import::Started;
use waypost_domain::imports::{Counts, Import, ImportId, ImportStatus};
use waypost_domain::{Domain, Timestamp};

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
    /// How many rows a second were settled since the first, on average; null before.
    rows_per_second: Option<f64>,
    /// In how many seconds it will be done if it goes on like this; null where that cannot be said.
    seconds_left: Option<u64>,
    /// What rows get that do not say otherwise.
    domain: Option<Domain>,
    /// Tags that every link gets.
    tags: Vec<String>,
    /// What becomes of a row whose slug is a link of the workspace already.
    on_conflict: OnConflict,
    /// Whether nothing is written but the report.
    dry_run: bool,
    /// What its owner should know about the file, though no row is wrong.
    notes: Notes,
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

impl ImportView {
    /// The import as it is at `now`.
    pub fn new(import: Import, now: Timestamp) -> Self {
        let has_report = import.is_closed() && import.counts.reported() > 0;
        let (rows_per_second, seconds_left) = pace(&import, now);
        Self {
            report: has_report.then(|| format!("/v1/imports/{}/report", import.id)),
            id: import.id,
            status: import.status,
            filename: import.filename,
            format: import.format,
            counts: import.counts,
            bytes: Bytes { done: import.bytes_done, total: import.bytes_total },
            rows_per_second,
            seconds_left,
            domain: import.options.rows.domain,
            tags: import.options.rows.tags,
            on_conflict: import.options.on_conflict,
            dry_run: import.options.dry_run,
            notes: import.notes,
            error: import.error,
            created_at: import.created_at,
            started_at: import.started_at,
            finished_at: import.finished_at,
        }
    }
}

/// How many rows a second, and how many seconds left.
#[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "for people")]
fn pace(import: &Import, now: Timestamp) -> (Option<f64>, Option<u64>) {
    let Some(started_at) = import.started_at else { return (None, None) };
    let millis = import.finished_at.unwrap_or(now).as_millis() - started_at.as_millis();
    if millis <= 0 || import.counts.read == 0 {
        return (None, None);
    }
    let seconds = millis as f64 / 1000.0;
    let rate = (import.counts.read as f64 / seconds * 10.0).round() / 10.0;
    let left = import.bytes_total.saturating_sub(import.bytes_done) as f64;
    let running = import.status == ImportStatus::Running && import.bytes_done > 0;
    let seconds_left = running.then(|| (left * seconds / import.bytes_done as f64).ceil() as u64);
    (Some(rate), seconds_left)
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

impl StartedView {
    /// The import as it is at `now`.
    pub fn new(started: Started, now: Timestamp) -> Self {
        let upload = UploadView {
            method: started.upload.method,
            url: started.upload.url,
            headers: started.upload.headers.into_iter().collect(),
            expires_at: started.expires_at,
        };
        Self { import: ImportView::new(started.import, now), upload }
    }
}

/// In what form a report is wanted.
#[derive(Debug, Clone, Copy, Default, Deserialize, JsonSchema)]
pub struct ReportQuery {
    /// The form.
    #[serde(default)]
    pub format: ReportFormat,
}
