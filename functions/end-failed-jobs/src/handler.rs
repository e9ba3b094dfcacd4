//! Ends the jobs of messages.
//!
//! A message stays in its queue until its job has ended, and one that cannot be read stays for an operator.

use std::sync::Arc;

use async_trait::async_trait;
use lambda_runtime::Context;
use waypost_domain::StoreError;
use waypost_domain::exports::give_up::give_up_export;
use waypost_domain::exports::ports::ExportStore;
use waypost_domain::files::give_up::give_up_inspection;
use waypost_domain::files::store_ports::StoredFiles;
use waypost_domain::files::target::file_of_key;
use waypost_domain::imports::give_up::{give_up_part, give_up_upload};
use waypost_domain::imports::load_ports::EndImportPorts;
use waypost_domain::jobs::delivery::Delivery;
use waypost_domain::jobs::given_up::GivenUp;
use waypost_domain::jobs::redelivery::Redelivery;
use waypost_domain::link_changes::give_up::give_up_link_change;
use waypost_domain::link_changes::ports::LinkChangeStore;
use waypost_domain::ports::Clock;
use waypost_domain::target_checks::give_up::give_up_check_run;
use waypost_domain::target_checks::ports::CheckJobStore;
use waypost_lambda::notification::{Notification, Record};
use waypost_lambda::queue::event::{BatchResponse, QueueEvent};
use waypost_lambda::queue::{QueueLoop, Retry};

use crate::message::FailedMessage;

/// The stores of all jobs.
pub(crate) struct App {
    pub(crate) exports: Arc<dyn ExportStore>,
    pub(crate) link_changes: Arc<dyn LinkChangeStore>,
    pub(crate) imports: EndImportPorts,
    pub(crate) checks: Arc<dyn CheckJobStore>,
    pub(crate) files: Arc<dyn StoredFiles>,
    pub(crate) clock: Arc<dyn Clock>,
}

/// Leaves it to the queues when a message comes again: there are a few, and no hurry.
struct QueuesOwnPace;

#[async_trait]
impl Redelivery for QueuesOwnPace {
    async fn retry_after(&self, _: &str, _: u32) -> Result<(), StoreError> {
        Ok(())
    }
}

/// Ends the job of each message.
pub(crate) async fn handle(app: &App, event: &QueueEvent, context: &Context) -> BatchResponse {
    let messages = QueueLoop { subject: "failed_job", redelivery: Arc::new(QueuesOwnPace), clock: app.clock.clone() };
    let work = async |message: FailedMessage, delivery: &Delivery| end(app, &message, delivery).await;
    messages.run(event, context, work).await
}

async fn end(app: &App, message: &FailedMessage, delivery: &Delivery) -> Result<(), Retry> {
    match message {
        FailedMessage::Export(request) => {
            let given_up = give_up_export(app.exports.as_ref(), app.clock.as_ref(), request).await;
            ended(given_up, message, delivery, |export| (export.id.to_string(), export.error.clone()))
        }
        FailedMessage::LinkChange(request) => {
            let given_up = give_up_link_change(app.link_changes.as_ref(), app.clock.as_ref(), request).await;
            ended(given_up, message, delivery, |job| (job.id.to_string(), job.error.clone()))
        }
        FailedMessage::Check(request) => {
            let given_up = give_up_check_run(app.checks.as_ref(), app.clock.as_ref(), request).await;
            ended(given_up, message, delivery, |job| (job.run.to_string(), job.error.clone()))
        }
        FailedMessage::Part(part) => {
            let given_up = give_up_part(&app.imports, part, delivery).await;
            ended(given_up, message, delivery, |import| (import.id.to_string(), import.error.clone()))
        }
        FailedMessage::Event { request_payload: Notification::Created { records } } => {
            for record in records {
                end_event(app, record, message, delivery).await?;
            }
            Ok(())
        }
        FailedMessage::Event { request_payload: Notification::Test { .. } } => Ok(()),
        FailedMessage::Scan { request_payload } => end_inspection(app, request_payload.key(), message, delivery).await,
        FailedMessage::Trigger { request_payload } => {
            let (request_id, run) = (delivery.request_id.as_str(), request_payload.time.date());
            tracing::error!(
                event = "job.given_up",
                request_id,
                job = run,
                reason = "the checks of targets were not started"
            );
            Ok(())
        }
    }
}

/// Ends the import of an object, or the inspection of a file.
async fn end_event(app: &App, record: &Record, message: &FailedMessage, delivery: &Delivery) -> Result<(), Retry> {
    let Some(key) = record.key() else { return Ok(()) };
    if file_of_key(&key).is_some() {
        return end_inspection(app, &key, message, delivery).await;
    }
    let given_up = give_up_upload(&app.imports, &key, record.etag(), delivery).await;
    ended(given_up, message, delivery, |import| (import.id.to_string(), import.error.clone()))
}

async fn end_inspection(app: &App, key: &str, message: &FailedMessage, delivery: &Delivery) -> Result<(), Retry> {
    let given_up = give_up_inspection(app.files.as_ref(), key).await;
    ended(given_up, message, delivery, |file| (file.id.to_string(), file.blocked_reason.clone()))
}

/// Logs what became of a job. The message is deleted, so the line has all of it.
fn ended<Job>(
    given_up: Result<GivenUp<Job>, StoreError>,
    message: &FailedMessage,
    delivery: &Delivery,
    describe: impl Fn(&Job) -> (String, Option<String>),
) -> Result<(), Retry> {
    let request_id = delivery.request_id.as_str();
    match given_up {
        Ok(GivenUp::Failed(job)) => {
            let (job, reason) = describe(&job);
            tracing::error!(event = "job.given_up", request_id, job, reason, ?message);
            Ok(())
        }
        Ok(GivenUp::Gone) => {
            tracing::warn!(event = "job.message_given_up", request_id, ?message);
            Ok(())
        }
        Ok(GivenUp::Busy { until }) => {
            tracing::info!(event = "job.busy", request_id, ?message, %until);
            Err(Retry::BusyUntil(until))
        }
        Err(error) => {
            let operation = error.operation;
            tracing::error!(event = "job.not_given_up", request_id, ?message, operation, %error);
            Err(Retry::Later)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use waypost_domain::exports::export::{Export, ExportFormat, ExportId, ExportStatus};
    use waypost_domain::exports::ports::ExportRequest;
    use waypost_domain::files::file::{FileStatus, StoredFile};
    use waypost_domain::files::id::FileId;
    use waypost_domain::files::quota::FileQuota;
    use waypost_domain::files::start::{NewFile, StartFilePorts, start_file};
    use waypost_domain::imports::job::import::ImportStatus;
    use waypost_domain::imports::load::{Loaded, load_import};
    use waypost_domain::imports::load_ports::LoadImportPorts;
    use waypost_domain::link_changes::job::LinkChangeStatus;
    use waypost_domain::link_changes::start::{StartLinkChangePorts, start_link_change};
    use waypost_domain::links::target_check::CheckRun;
    use waypost_domain::target_checks::job::{CheckJob, CheckJobStatus};
    use waypost_domain::testing::domains::MemoryDomains;
    use waypost_domain::testing::exports::MemoryExports;
    use waypost_domain::testing::files::{MemoryFileStore, MemoryUploads};
    use waypost_domain::testing::imports::{MemoryImports, MemoryPartQueue, MemoryParts};
    use waypost_domain::testing::jobs::MemoryTimer;
    use waypost_domain::testing::link_changes::{MemoryLinkChangeQueue, MemoryLinkChanges};
    use waypost_domain::testing::links::MemoryLinks;
    use waypost_domain::testing::samples::caller;
    use waypost_domain::testing::stored_files::{MemoryFileBucket, MemoryFiles};
    use waypost_domain::testing::system::{FixedClock, SeededRandom};
    use waypost_domain::testing::target_checks::MemoryCheckJobs;
    use waypost_domain::testing::workspaces::MemoryWorkspaces;
    use waypost_domain::{Domains, Role, WorkspaceId};
    use waypost_lambda::invocation::delivery;

    struct Fixture {
        app: App,
        loader: LoadImportPorts,
        exports: Arc<MemoryExports>,
        link_changes: Arc<MemoryLinkChanges>,
        checks: Arc<MemoryCheckJobs>,
        files: Arc<MemoryFiles>,
        imports: Arc<MemoryImports>,
        queue: Arc<MemoryPartQueue>,
    }

    fn fixture() -> Fixture {
        let (exports, imports) = (Arc::<MemoryExports>::default(), Arc::<MemoryImports>::default());
        let (queue, objects) = (Arc::<MemoryPartQueue>::default(), Arc::<MemoryUploads>::default());
        let clock = Arc::new(FixedClock::at("2026-01-02T03:04:05Z"));
        let file: String = (0..100).map(|n| format!("https://{n}.example/\n")).collect();
        objects.put("imports/acme/links.csv", file);
        let loader = LoadImportPorts {
            imports: imports.clone(),
            parts: Arc::new(MemoryParts::default()),
            settings: Arc::new(MemoryWorkspaces::default()),
            queue: queue.clone(),
            links: Arc::new(MemoryLinks::default()),
            objects,
            reports: Arc::new(MemoryFileStore::default()),
            clock: clock.clone(),
            timer: Arc::new(MemoryTimer::default()),
            domains: Domains::parse("go.example.com").unwrap(),
            domain_settings: Arc::new(MemoryDomains::default()),
            max_bytes: 1_000_000,
            part_bytes: 500,
        };
        let link_changes = Arc::<MemoryLinkChanges>::default();
        let (checks, files) = (Arc::<MemoryCheckJobs>::default(), Arc::<MemoryFiles>::default());
        let app = App {
            exports: exports.clone(),
            link_changes: link_changes.clone(),
            imports: loader.ending(),
            checks: checks.clone(),
            files: files.clone(),
            clock,
        };
        Fixture { app, loader, exports, link_changes, checks, files, imports, queue }
    }

    /// The sample event, with another body if one is given.
    fn event(sample: &str, body: Option<String>) -> QueueEvent {
        let mut event: serde_json::Value = serde_json::from_str(sample).unwrap();
        if let Some(body) = body {
            event["Records"][0]["body"] = body.into();
        }
        serde_json::from_value(event).unwrap()
    }

    async fn invoke(fixture: &Fixture, event: &QueueEvent) -> String {
        serde_json::to_string(&handle(&fixture.app, event, &Context::default()).await).unwrap()
    }

    const NONE_FAILED: &str = r#"{"batchItemFailures":[]}"#;
    const EXPORT: &str = include_str!("../../../events/end-failed-jobs/export.json");
    const LINK_CHANGE: &str = include_str!("../../../events/end-failed-jobs/link_change.json");
    const CHECK: &str = include_str!("../../../events/end-failed-jobs/check.json");
    const TRIGGER: &str = include_str!("../../../events/end-failed-jobs/schedule.json");
    const PART: &str = include_str!("../../../events/end-failed-jobs/part.json");
    const UPLOAD: &str = include_str!("../../../events/end-failed-jobs/upload.json");
    const INSPECTION: &str = include_str!("../../../events/end-failed-jobs/inspection.json");
    const SCAN: &str = include_str!("../../../events/end-failed-jobs/scan.json");

    #[tokio::test]
    async fn sample_events_name_absent_jobs() {
        let fixture = fixture();
        for sample in [EXPORT, LINK_CHANGE, CHECK, TRIGGER, PART, UPLOAD, INSPECTION, SCAN] {
            assert_eq!(invoke(&fixture, &event(sample, None)).await, NONE_FAILED);
        }
    }

    #[tokio::test]
    async fn export_ends_as_failed() {
        let fixture = fixture();
        let id = ExportId::generate(fixture.app.clock.as_ref(), &SeededRandom::new(1));
        let workspace = WorkspaceId::parse("acme").unwrap();
        let export = Export::waiting(id, workspace, ExportFormat::Csv, false, fixture.app.clock.now());
        fixture.exports.create(&export).await.unwrap();
        let body = serde_json::to_string(&ExportRequest::first(&export)).unwrap();
        assert_eq!(invoke(&fixture, &event(EXPORT, Some(body))).await, NONE_FAILED);
        let failed = fixture.exports.get(&export.workspace, &export.id).await.unwrap().unwrap();
        assert!(failed.status == ExportStatus::Failed && failed.error.is_some(), "{failed:?}");
    }

    #[tokio::test]
    async fn change_of_links_ends_as_failed() {
        let fixture = fixture();
        let queue = MemoryLinkChangeQueue::default();
        let job = {
            let ports = StartLinkChangePorts {
                jobs: fixture.link_changes.as_ref(),
                queue: &queue,
                files: &MemoryFileStore::default(),
                clock: fixture.app.clock.as_ref(),
                random: &SeededRandom::new(1),
                domains: &Domains::parse("go.example.com").unwrap(),
            };
            let new = serde_json::from_str(r#"{"select": {"all": true}, "delete": true}"#).unwrap();
            start_link_change(&ports, &caller("acme", Role::Editor), &new).await.unwrap()
        };
        let body = serde_json::to_string(&queue.take()[0]).unwrap();
        assert_eq!(invoke(&fixture, &event(LINK_CHANGE, Some(body))).await, NONE_FAILED);
        let failed = fixture.link_changes.get(&job.workspace, &job.id).await.unwrap().unwrap();
        assert!(failed.status == LinkChangeStatus::Failed && failed.error.is_some(), "{failed:?}");
    }

    #[tokio::test]
    async fn run_of_checks_ends_as_failed() {
        let fixture = fixture();
        let now = fixture.app.clock.now();
        fixture.checks.replace(&CheckJob::new(CheckRun::of(now), None, None, now)).await.unwrap();
        assert_eq!(invoke(&fixture, &event(CHECK, None)).await, NONE_FAILED);
        let failed = fixture.checks.get(None).await.unwrap().unwrap();
        assert!(failed.status == CheckJobStatus::Failed && failed.error.is_some(), "{failed:?}");
    }

    /// Announces the file that the sample event names.
    async fn announce(fixture: &Fixture) -> StoredFile {
        let quota = FileQuota { files: 9, bytes: 9 };
        let ports = StartFilePorts {
            files: &MemoryFiles::default(),
            collections: &MemoryFiles::default(),
            uploads: &MemoryFileBucket::default(),
            clock: fixture.app.clock.as_ref(),
            random: &SeededRandom::new(1),
            max_bytes: 9,
            quota,
        };
        let new = NewFile { name: "a".to_owned(), size: 5, ..NewFile::default() };
        let file = start_file(&ports, &caller("acme", Role::Editor), &new).await.unwrap().file;
        let file = StoredFile { id: FileId::parse("fil_0199b0c67e4570008000000000000005").unwrap(), ..file };
        fixture.files.add(&file, quota).await.unwrap();
        file
    }

    #[tokio::test]
    async fn file_that_could_not_be_inspected_is_blocked() {
        for sample in [INSPECTION, SCAN] {
            let fixture = fixture();
            announce(&fixture).await;
            assert_eq!(invoke(&fixture, &event(sample, None)).await, NONE_FAILED);
            let file = fixture.files.all().remove(0);
            assert!(file.status == FileStatus::Blocked && file.blocked_reason.is_some(), "{file:?}");
            assert!(fixture.imports.all().is_empty(), "it is no import");
        }
    }

    #[tokio::test]
    async fn import_of_a_part_ends_as_failed() {
        let fixture = fixture();
        let delivery = delivery(&Context::default(), fixture.app.clock.now());
        let loaded = load_import(&fixture.loader, "imports/acme/links.csv", "", &delivery).await.unwrap();
        assert!(matches!(loaded, Loaded::Divided(_)));
        let body = serde_json::to_string(&fixture.queue.take()[0]).unwrap();
        assert_eq!(invoke(&fixture, &event(PART, Some(body))).await, NONE_FAILED);
        let import = fixture.imports.all().remove(0);
        assert!(import.status == ImportStatus::Failed && import.is_closed(), "{import:?}");
    }

    #[tokio::test]
    async fn message_that_cannot_be_read_stays() {
        let fixture = fixture();
        for body in ["not a job", "{}", "{\"workspace\": \"acme\"}"] {
            let answer = invoke(&fixture, &event(EXPORT, Some(body.to_owned()))).await;
            assert!(answer.contains("itemIdentifier"), "{body}: {answer}");
        }
    }
}
