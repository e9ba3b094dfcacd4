//! Inspects the files that an event names.

use std::sync::Arc;

use serde::Deserialize;
use waypost_domain::StoreError;
use waypost_domain::files::file::{FileStatus, StoredFile};
use waypost_domain::files::inspect::{InspectFilePorts, Inspected, inspect_file};
use waypost_domain::files::ports::ObjectRemover;
use waypost_domain::files::store_ports::{FileContents, StoredFiles};
use waypost_domain::files::verdict::Verdict;
use waypost_domain::ports::Clock;
use waypost_lambda::malware_scan::MalwareScan;
use waypost_lambda::notification::Notification;
use waypost_lambda::start::BoxError;

/// The ports of the function.
pub(crate) struct App {
    pub(crate) files: Arc<dyn StoredFiles>,
    pub(crate) contents: Arc<dyn FileContents>,
    pub(crate) objects: Arc<dyn ObjectRemover>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) is_scanned: bool,
}

/// An event of the function.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum Event {
    /// GuardDuty has scanned an object.
    Scan(MalwareScan),
    /// S3 has new objects.
    Objects(Notification),
}

/// Inspects what the event names.
pub(crate) async fn handle(app: &App, event: Event, request_id: &str) -> Result<(), BoxError> {
    match event {
        Event::Scan(scan) => Ok(inspect(app, scan.key(), Some(&scan.verdict()), request_id).await?),
        Event::Objects(notification) => inspect_all(app, notification, request_id).await,
    }
}

/// Inspects each of the files. If one fails, the others are still inspected; then the event is an error, and Lambda delivers it again.
async fn inspect_all(app: &App, notification: Notification, request_id: &str) -> Result<(), BoxError> {
    let records = match notification {
        Notification::Created { records } => records,
        Notification::Test { event } if event == "s3:TestEvent" => return Ok(()),
        Notification::Test { event } => return Err(format!("{event} is not an event of this function").into()),
    };
    let mut result = Ok(());
    for record in &records {
        let Some(key) = record.key() else {
            tracing::warn!(event = "file.skipped", request_id, reason = "the key is not UTF-8");
            continue;
        };
        if let Err(error) = inspect(app, &key, None, request_id).await {
            result = Err(error.into());
        }
    }
    result
}

async fn inspect(app: &App, key: &str, verdict: Option<&Verdict>, request_id: &str) -> Result<(), StoreError> {
    let ports = InspectFilePorts {
        files: app.files.as_ref(),
        contents: app.contents.as_ref(),
        objects: app.objects.as_ref(),
        clock: app.clock.as_ref(),
        is_scanned: app.is_scanned,
    };
    match inspect_file(&ports, key, verdict).await {
        Ok(Inspected::Done(file) | Inspected::Waiting(file)) => log(&file, request_id),
        Ok(Inspected::Removed) => tracing::info!(event = "file.removed", request_id, key),
        Ok(Inspected::Skipped(reason)) => tracing::info!(event = "file.skipped", request_id, key, reason),
        Err(error) => {
            tracing::error!(event = "file.interrupted", request_id, key, operation = error.operation, %error);
            return Err(error);
        }
    }
    Ok(())
}

fn log(file: &StoredFile, request_id: &str) {
    let (workspace, bytes, reason) = (&file.workspace, file.size, file.blocked_reason.as_deref());
    let detected = file.detected.as_ref().map(|detected| detected.content_type.as_str());
    match file.status {
        FileStatus::Blocked => {
            tracing::warn!(event = "file.blocked", request_id, file = %file.id, %workspace, bytes, reason);
        }
        FileStatus::Uploading | FileStatus::Inspecting | FileStatus::Ready => {
            tracing::info!(event = "file.inspected", request_id, file = %file.id, %workspace, status = ?file.status, bytes, detected);
        }
    }
}

#[cfg(test)]
mod tests;
