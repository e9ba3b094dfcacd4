//! Cleans when the schedule asks for it.

use std::sync::Arc;

use lambda_runtime::Context;
use serde::{Deserialize, Serialize};
use waypost_domain::files::clean::{CleanFilesPorts, Cleaned, clean_files};
use waypost_domain::files::collections::ports::StoredCollections;
use waypost_domain::files::ports::ObjectRemover;
use waypost_domain::files::remove::RemoveFilePorts;
use waypost_domain::files::store_ports::{DueFiles, FileUploads, StoredFiles};
use waypost_domain::ports::Clock;
use waypost_domain::{StoreError, StoreErrorKind, Timestamp};
use waypost_lambda::invocation::delivery;

/// How long before its end an invocation begins nothing more, in seconds: what it has begun needs this time at most.
const MARGIN_SECONDS: i64 = 60;

/// The ports.
pub(crate) struct App {
    pub(crate) due: Arc<dyn DueFiles>,
    pub(crate) files: Arc<dyn StoredFiles>,
    pub(crate) collections: Arc<dyn StoredCollections>,
    pub(crate) uploads: Arc<dyn FileUploads>,
    pub(crate) objects: Arc<dyn ObjectRemover>,
    pub(crate) clock: Arc<dyn Clock>,
}

/// The event of the schedule, or of an operator.
#[derive(Debug, Deserialize)]
pub(crate) struct Trigger {
    /// When the schedule was due. What is due by then is cleaned.
    pub(crate) time: Timestamp,
}

/// What was cleaned, for an operator who asked.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Answer {
    files: u64,
    bytes: u64,
    collections: u64,
    looks: u64,
    is_cut_short: bool,
}

/// Cleans.
///
/// # Errors
/// What is due could not be listed, or some of it could not be worked on. Lambda tries that twice more, and then the schedule.
pub(crate) async fn handle(app: &App, trigger: &Trigger, context: &Context) -> Result<Answer, StoreError> {
    let (files, uploads, objects) = (app.files.as_ref(), app.uploads.as_ref(), app.objects.as_ref());
    let remove = RemoveFilePorts { files, uploads, objects };
    let (due, collections, clock) = (app.due.as_ref(), app.collections.as_ref(), app.clock.as_ref());
    let ports = CleanFilesPorts { due, remove, collections, clock };
    let deadline = delivery(context, app.clock.now()).deadline.plus_seconds(-MARGIN_SECONDS);
    let request_id = context.request_id.as_str();
    let cleaned = clean_files(&ports, trigger.time, deadline).await.inspect_err(|error| {
        tracing::error!(event = "files.not_listed", request_id, operation = error.operation, %error);
    })?;
    let Cleaned { files, bytes, collections, looks, failures, is_cut_short } = cleaned;
    tracing::info!(event = "files.cleaned", request_id, files, bytes, collections, looks, failures, is_cut_short);
    if failures > 0 {
        let cause = format!("{failures} records stay due: file.not_cleaned names each");
        return Err(StoreError::new("files.clean", StoreErrorKind::Unavailable, cause));
    }
    Ok(Answer { files, bytes, collections, looks, is_cut_short })
}

#[cfg(test)]
mod tests {
    use super::*;
    use waypost_domain::Role;
    use waypost_domain::files::quota::FileQuota;
    use waypost_domain::files::start::{NewFile, StartFilePorts, start_file};
    use waypost_domain::files::stored_object::StoredObject;
    use waypost_domain::testing::samples::caller;
    use waypost_domain::testing::stored_files::{MemoryFileBucket, MemoryFiles};
    use waypost_domain::testing::system::{FixedClock, SeededRandom};

    const HOURLY: &str = include_str!("../../../events/clean-files/hourly.json");

    /// Has a quarter of an hour.
    fn context(clock: &FixedClock) -> Context {
        let mut context = Context::default();
        context.deadline = u64::try_from(clock.now().plus_seconds(900).as_millis()).unwrap();
        context
    }

    #[tokio::test]
    async fn sample_event_removes_what_has_ended() {
        let (files, bucket) = (Arc::new(MemoryFiles::default()), Arc::new(MemoryFileBucket::default()));
        let clock = Arc::new(FixedClock::at("2026-01-02T02:00:00Z"));
        let app = App {
            due: files.clone(),
            files: files.clone(),
            collections: files.clone(),
            uploads: bucket.clone(),
            objects: bucket.clone(),
            clock: clock.clone(),
        };
        let ports = StartFilePorts {
            files: files.as_ref(),
            collections: files.as_ref(),
            uploads: bucket.as_ref(),
            clock: clock.as_ref(),
            random: &SeededRandom::new(1),
            max_bytes: 10,
            quota: FileQuota { files: 2, bytes: 20 },
        };
        for end in ["2026-01-02T03:00:00Z", "2026-01-02T04:00:00Z"] {
            let new = NewFile { name: "a".into(), size: 10, expires_at: Some(end.to_owned()), ..NewFile::default() };
            let file = start_file(&ports, &caller("acme", Role::Editor), &new).await.unwrap().file;
            bucket.put(&file.object_key(), StoredObject { size: 10, sha256: None, crc64nvme: None });
        }
        clock.advance(3600);
        let trigger: Trigger = serde_json::from_str(HOURLY).unwrap();
        let context = context(&clock);
        bucket.fail_after(0);
        let answer = handle(&app, &trigger, &context).await.unwrap();
        assert_eq!(answer, Answer { files: 1, bytes: 10, collections: 0, looks: 0, is_cut_short: false });
        assert_eq!((files.all().len(), bucket.keys().len()), (1, 2), "the bucket failed");
        let later = Trigger { time: trigger.time.plus_seconds(900) };
        bucket.fail_after(0);
        assert!(handle(&app, &later, &context).await.is_err(), "Lambda tries it again");
        let answer = handle(&app, &later, &context).await.unwrap();
        assert_eq!((answer.looks, bucket.keys().len()), (1, 1), "{answer:?}");
    }
}
