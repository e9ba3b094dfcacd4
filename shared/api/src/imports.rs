//! `/v1/imports`.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use waypost_domain::imports::job::counts::Counts;
use waypost_domain::imports::job::id::ImportId;
use waypost_domain::imports::job::import::{Import, ImportStatus};
use waypost_domain::imports::job::object_key::ReportFormat;
use waypost_domain::imports::job::options::OnConflict;
use waypost_domain::imports::rows::{Format, Notes};
use waypost_domain::imports::start::Started;
use waypost_domain::{Domain, Timestamp};

use crate::uploads::UploadView;

/// An import.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "Import")]
pub struct ImportView {
    /// The import's id.
    id: ImportId,
    /// The state of the import.
    status: ImportStatus,
    /// The name that its owner gave the file.
    filename: Option<String>,
    /// The format that was recognised; null before that.
    format: Option<Format>,
    /// The results of the rows so far.
    counts: Counts,
    /// How much of the file is done.
    bytes: Bytes,
    /// How many rows a second were done since the first, on average; null before that.
    rows_per_second: Option<f64>,
    /// In how many seconds the import will end at this rate; null if that is unknown.
    seconds_left: Option<u64>,
    /// The domain of rows that name none.
    domain: Option<Domain>,
    /// Tags that every link gets.
    tags: Vec<String>,
    /// What to do with a row whose slug is a link of the workspace already.
    on_conflict: OnConflict,
    /// Whether the import writes only its report.
    dry_run: bool,
    /// Whether rows whose links would lack something are refused.
    strict: bool,
    /// Whether links get the workspace's defaults where their rows say nothing.
    defaults: bool,
    /// What columns of the file hold, as the request says: a column's name in lower case without spaces and punctuation, and
    /// the name of a column here, or `ignore`.
    columns: BTreeMap<String, String>,
    /// Notes about the file that concern no single row.
    notes: Notes,
    /// Why the import failed.
    error: Option<String>,
    /// The path of its report; null as long as no row is in it.
    report: Option<String>,
    /// When the import was requested, or its file was found.
    created_at: Timestamp,
    /// When its first row was read.
    started_at: Option<Timestamp>,
    /// When the import ended.
    finished_at: Option<Timestamp>,
}

/// How much of a file is done.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "ImportBytes")]
struct Bytes {
    /// Bytes whose rows are done.
    done: u64,
    /// The size of the file in bytes: as announced, then as uploaded.
    total: u64,
}

impl ImportView {
    /// Makes the view of the import at `now`.
    pub fn new(import: Import, now: Timestamp) -> Self {
        let has_report = import.counts.reported() > 0;
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
            strict: import.options.rows.strict,
            defaults: !import.options.rows.without_defaults,
            columns: import
                .options
                .rows
                .columns
                .iter()
                .map(|(name, column)| (name.to_owned(), column.as_str().to_owned()))
                .collect(),
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

/// Computes the rows a second and the seconds left.
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

/// A new import, and how to upload its file.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "StartedImport")]
pub struct StartedView {
    #[serde(flatten)]
    import: ImportView,
    /// How to upload the file.
    upload: UploadView,
}

impl StartedView {
    /// Makes the view of the import at `now`.
    pub fn new(started: Started, now: Timestamp) -> Self {
        let upload = UploadView::new(started.upload, started.expires_at);
        Self { import: ImportView::new(started.import, now), upload }
    }
}

/// The form of a report.
#[derive(Debug, Clone, Copy, Default, Deserialize, JsonSchema)]
pub struct ReportQuery {
    /// The format of the report.
    #[serde(default)]
    pub format: ReportFormat,
}
