//! Loads the objects that a notification names.

use lambda_runtime::Context;
use waypost_domain::StoreError;
use waypost_domain::imports::load::{Loaded, load_import};
use waypost_domain::imports::load_ports::LoadImportPorts;
use waypost_domain::jobs::delivery::Delivery;
use waypost_lambda::invocation::delivery;
use waypost_lambda::notification::{Notification, Record};
use waypost_lambda::start::BoxError;

/// Loads each of the objects. If one fails, the others are still loaded; then the event is an error, and Lambda delivers it
/// again.
pub(crate) async fn handle(
    loader: &LoadImportPorts,
    notification: Notification,
    context: Context,
) -> Result<(), BoxError> {
    let records = match notification {
        Notification::Created { records } => records,
        Notification::Test { event } if event == "s3:TestEvent" => return Ok(()),
        Notification::Test { event } => return Err(format!("{event} is not an event of this function").into()),
    };
    let delivery = delivery(&context, loader.clock.now());
    let mut result = Ok(());
    for record in &records {
        if let Err(error) = load(loader, record, &delivery).await {
            result = Err(error.into());
        }
    }
    result
}

async fn load(loader: &LoadImportPorts, record: &Record, delivery: &Delivery) -> Result<(), StoreError> {
    let request_id = delivery.request_id.as_str();
    let Some(key) = record.key() else {
        tracing::warn!(event = "import.skipped", request_id, reason = "the key is not UTF-8");
        return Ok(());
    };
    match load_import(loader, &key, record.etag(), delivery).await {
        Ok(Loaded::Finished(import)) => {
            let counts = import.counts;
            tracing::info!(
                event = "import.finished",
                request_id,
                import = %import.id,
                workspace = %import.workspace,
                status = ?import.status,
                error = import.error,
                bytes = import.bytes_done,
                rows_read = counts.read,
                rows_created = counts.created,
                rows_overwritten = counts.overwritten,
                rows_unchanged = counts.unchanged,
                rows_invalid = counts.invalid,
                rows_conflicting = counts.conflicting,
                rows_warned = counts.warned,
            );
            Ok(())
        }
        Ok(Loaded::Divided(import)) => {
            let parts = import.plan.as_ref().and_then(|plan| plan.parts);
            tracing::info!(event = "import.divided", request_id, import = %import.id, parts, bytes = import.bytes_total);
            Ok(())
        }
        Ok(Loaded::Skipped(reason)) => {
            tracing::info!(event = "import.skipped", request_id, key, %reason);
            Ok(())
        }
        Err(error) => {
            tracing::error!(event = "import.interrupted", request_id, key, operation = error.operation, %error);
            Err(error)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use waypost_domain::Domains;
    use waypost_domain::imports::job::import::ImportStatus;
    use waypost_domain::testing::domains::MemoryDomains;
    use waypost_domain::testing::files::{MemoryFileStore, MemoryUploads};
    use waypost_domain::testing::imports::{MemoryImports, MemoryPartQueue, MemoryParts};
    use waypost_domain::testing::jobs::MemoryTimer;
    use waypost_domain::testing::links::MemoryLinks;
    use waypost_domain::testing::system::FixedClock;
    use waypost_domain::testing::workspaces::MemoryWorkspaces;

    struct Fixture {
        loader: LoadImportPorts,
        imports: Arc<MemoryImports>,
        links: Arc<MemoryLinks>,
        objects: Arc<MemoryUploads>,
        reports: MemoryFileStore,
    }

    fn fixture() -> Fixture {
        let (imports, links, objects) =
            (Arc::<MemoryImports>::default(), Arc::<MemoryLinks>::default(), Arc::<MemoryUploads>::default());
        let reports = MemoryFileStore::default();
        let loader = LoadImportPorts {
            imports: imports.clone(),
            parts: Arc::new(MemoryParts::default()),
            settings: Arc::new(MemoryWorkspaces::default()),
            queue: Arc::new(MemoryPartQueue::default()),
            links: links.clone(),
            objects: objects.clone(),
            reports: Arc::new(reports.clone()),
            clock: Arc::new(FixedClock::at("2026-01-02T03:04:05Z")),
            timer: Arc::new(MemoryTimer::default()),
            domains: Domains::parse("go.example.com").unwrap(),
            domain_settings: Arc::new(MemoryDomains::default()),
            max_bytes: 1_000_000,
            part_bytes: 1_000_000,
        };
        Fixture { loader, imports, links, objects, reports }
    }

    async fn invoke(fixture: &Fixture, event: &str, request_id: &str) -> Result<(), BoxError> {
        let mut context = Context::default();
        context.request_id = request_id.to_owned();
        context.deadline = 600_000;
        handle(&fixture.loader, serde_json::from_str(event)?, context).await
    }

    const PUT: &str = include_str!("../../../events/load-import/put.json");
    const SEVERAL: &str = include_str!("../../../events/load-import/several.json");

    #[tokio::test]
    async fn sample_upload_is_loaded_once() {
        let fixture = fixture();
        fixture.objects.put("imports/acme/my links (ü).csv", "url,slug\nhttps://a.example/,a\nnope,b\n");
        invoke(&fixture, PUT, "r1").await.unwrap();
        let [import] = fixture.imports.all().try_into().unwrap();
        assert_eq!((import.status, import.counts.created), (ImportStatus::SucceededWithErrors, 1));
        assert_eq!(import.filename.as_deref(), Some("my links (ü).csv"));
        let before = (fixture.links.all(), fixture.reports.all());
        for request_id in ["r1", "r2"] {
            invoke(&fixture, PUT, request_id).await.unwrap();
        }
        assert_eq!(fixture.imports.all(), [import]);
        assert_eq!((fixture.links.all(), fixture.reports.all()), before);
    }

    #[tokio::test]
    async fn object_without_workspace_is_skipped() {
        let fixture = fixture();
        fixture.objects.put("imports/acme/a.csv", "https://a.example/\n");
        fixture.objects.put("imports/Not A Workspace/b.csv", "https://b.example/\n");
        fixture.objects.put("imports/other/c.jsonl", "{\"url\": \"https://c.example/\"}\n");
        invoke(&fixture, SEVERAL, "r1").await.unwrap();
        let mut workspaces: Vec<_> =
            fixture.links.all().into_iter().map(|link| (link.workspace.to_string(), link.url.to_string())).collect();
        workspaces.sort();
        let expected = [("acme", "https://a.example/"), ("other", "https://c.example/")];
        assert_eq!(workspaces, expected.map(|(workspace, url)| (workspace.to_owned(), url.to_owned())));
    }

    #[tokio::test]
    async fn unavailable_store_fails_the_event() {
        let fixture = fixture();
        fixture.objects.put("imports/acme/a.csv", "https://a.example/\n");
        fixture.objects.put("imports/other/c.jsonl", "{\"url\": \"https://c.example/\"}\n");
        fixture.links.fail(true);
        assert!(invoke(&fixture, SEVERAL, "r1").await.is_err());
        fixture.links.fail(false);
        invoke(&fixture, SEVERAL, "r2").await.unwrap();
        assert!(fixture.imports.all().iter().all(|import| import.status == ImportStatus::Succeeded));
        assert_eq!(fixture.links.all().len(), 2);
    }

    #[tokio::test]
    async fn only_the_s3_test_event_is_ignored() {
        let fixture = fixture();
        invoke(&fixture, include_str!("../../../events/load-import/test-event.json"), "r1").await.unwrap();
        assert!(fixture.imports.all().is_empty());
        for event in ["{}", "{\"Event\": \"s3:Other\"}", "[]"] {
            assert!(invoke(&fixture, event, "r1").await.is_err(), "{event}");
        }
    }
}
