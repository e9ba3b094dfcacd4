//! Loads the parts of imports that messages name.

use lambda_runtime::Context;
use waypost_domain::imports::job::part::PartId;
use waypost_domain::imports::load_part::{PartLoaded, load_part};
use waypost_domain::imports::load_ports::LoadImportPorts;
use waypost_domain::jobs::delivery::Delivery;
use waypost_lambda::queue::event::{BatchResponse, QueueEvent};
use waypost_lambda::queue::{QueueLoop, Retry};

/// The use case and the queue.
pub(crate) struct App {
    pub(crate) loader: LoadImportPorts,
    pub(crate) messages: QueueLoop,
}

/// Loads the part of each message.
pub(crate) async fn handle(app: &App, event: &QueueEvent, context: &Context) -> BatchResponse {
    let work = async |id: PartId, delivery: &Delivery| load(&app.loader, &id, delivery).await;
    app.messages.run(event, context, work).await
}

async fn load(loader: &LoadImportPorts, id: &PartId, delivery: &Delivery) -> Result<(), Retry> {
    let request_id = delivery.request_id.as_str();
    match load_part(loader, id, delivery).await {
        Ok(PartLoaded::Loaded(part)) => {
            let counts = part.shown.counts;
            tracing::info!(
                event = "import_part.loaded", request_id, import = %id.import, part = id.part, pass = part.pass,
                rows_read = counts.read, rows_created = counts.created, rows_reported = counts.reported(),
            );
        }
        Ok(PartLoaded::Finished(import)) => {
            let counts = import.counts;
            tracing::info!(
                event = "import.finished", request_id, import = %import.id, workspace = %import.workspace,
                status = ?import.status, error = import.error, bytes = import.bytes_done, rows_read = counts.read,
                rows_created = counts.created, rows_overwritten = counts.overwritten,
                rows_unchanged = counts.unchanged, rows_invalid = counts.invalid, rows_conflicting = counts.conflicting,
                rows_warned = counts.warned,
            );
        }
        Ok(PartLoaded::HandedOver(part)) => {
            let row = part.checkpoint.place.row;
            tracing::info!(event = "import_part.handed_over", request_id, import = %id.import, part = id.part, row);
        }
        Ok(PartLoaded::Gone) => {
            tracing::info!(event = "import_part.skipped", request_id, import = %id.import, part = id.part);
        }
        Ok(PartLoaded::Busy { until }) => {
            tracing::info!(event = "import_part.busy", request_id, import = %id.import, part = id.part, %until);
            return Err(Retry::BusyUntil(until));
        }
        Err(error) => {
            let operation = error.operation;
            tracing::error!(
                event = "import_part.interrupted", request_id, import = %id.import, part = id.part, operation, %error,
            );
            return Err(Retry::Later);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use waypost_domain::Domains;
    use waypost_domain::imports::job::import::ImportStatus;
    use waypost_domain::imports::load::{Loaded, load_import};
    use waypost_domain::testing::domains::MemoryDomains;
    use waypost_domain::testing::files::{MemoryFileStore, MemoryUploads};
    use waypost_domain::testing::imports::{MemoryImports, MemoryPartQueue, MemoryParts};
    use waypost_domain::testing::jobs::{MemoryRedelivery, MemoryTimer};
    use waypost_domain::testing::links::MemoryLinks;
    use waypost_domain::testing::system::FixedClock;
    use waypost_domain::testing::workspaces::MemoryWorkspaces;
    use waypost_lambda::invocation::delivery;

    struct Fixture {
        app: App,
        imports: Arc<MemoryImports>,
        queue: Arc<MemoryPartQueue>,
        links: Arc<MemoryLinks>,
        redelivery: Arc<MemoryRedelivery>,
    }

    /// Makes an import whose parts are in the queue.
    async fn fixture() -> Fixture {
        let (imports, queue) = (Arc::<MemoryImports>::default(), Arc::<MemoryPartQueue>::default());
        let (links, redelivery) = (Arc::<MemoryLinks>::default(), Arc::<MemoryRedelivery>::default());
        let objects = Arc::new(MemoryUploads::default());
        let file: String = (0..100).map(|n| format!("https://{n}.example/\n")).collect();
        objects.put("imports/acme/links.csv", file);
        let loader = LoadImportPorts {
            imports: imports.clone(),
            parts: Arc::new(MemoryParts::default()),
            settings: Arc::new(MemoryWorkspaces::default()),
            queue: queue.clone(),
            links: links.clone(),
            objects,
            reports: Arc::new(MemoryFileStore::default()),
            clock: Arc::new(FixedClock::at("2026-01-02T03:04:05Z")),
            timer: Arc::new(MemoryTimer::default()),
            domains: Domains::parse("go.example.com").unwrap(),
            domain_settings: Arc::new(MemoryDomains::default()),
            max_bytes: 1_000_000,
            part_bytes: 500,
        };
        let delivery = delivery(&Context::default(), loader.clock.now());
        let loaded = load_import(&loader, "imports/acme/links.csv", "", &delivery).await.unwrap();
        assert!(matches!(loaded, Loaded::Divided(_)));
        let messages =
            QueueLoop { subject: "import_part", redelivery: redelivery.clone(), clock: loader.clock.clone() };
        Fixture { app: App { loader, messages }, imports, queue, links, redelivery }
    }

    fn event(bodies: impl IntoIterator<Item = String>, deliveries: u32) -> QueueEvent {
        let mut event: serde_json::Value =
            serde_json::from_str(include_str!("../../../events/load-part/part.json")).unwrap();
        let sample = event["Records"][0].clone();
        let records = bodies.into_iter().zip(0..).map(|(body, n)| {
            let mut record = sample.clone();
            record["messageId"] = format!("m{n}").into();
            record["receiptHandle"] = format!("h{n}").into();
            record["body"] = body.into();
            record["attributes"]["ApproximateReceiveCount"] = deliveries.to_string().into();
            record
        });
        event["Records"] = records.collect();
        serde_json::from_value(event).unwrap()
    }

    async fn invoke(fixture: &Fixture, event: &QueueEvent, request_id: &str) -> String {
        let mut context = Context::default();
        context.request_id = request_id.to_owned();
        serde_json::to_string(&handle(&fixture.app, event, &context).await).unwrap()
    }

    fn bodies(fixture: &Fixture) -> Vec<String> {
        fixture.queue.take().iter().map(|id| serde_json::to_string(id).unwrap()).collect()
    }

    #[tokio::test]
    async fn last_part_ends_the_import() {
        let fixture = fixture().await;
        let event = event(bodies(&fixture), 1);
        assert!(event.records.len() > 2);
        assert_eq!(invoke(&fixture, &event, "r1").await, r#"{"batchItemFailures":[]}"#);
        assert_eq!(fixture.imports.all()[0].status, ImportStatus::Succeeded);
        assert_eq!(fixture.links.all().len(), 100);
        assert_eq!(
            invoke(&fixture, &event, "r2").await,
            r#"{"batchItemFailures":[]}"#,
            "a second delivery changes nothing"
        );
        assert_eq!(fixture.links.all().len(), 100);
    }

    #[tokio::test]
    async fn only_the_unreadable_part_comes_again() {
        let fixture = fixture().await;
        let mut bodies = bodies(&fixture);
        bodies.insert(1, "not a part".to_owned());
        let answer = invoke(&fixture, &event(bodies.clone(), 3), "r1").await;
        assert_eq!(answer, r#"{"batchItemFailures":[{"itemIdentifier":"m1"}]}"#);
        assert_eq!(fixture.redelivery.all(), [("h1".to_owned(), 40)]);
    }

    #[tokio::test]
    async fn unavailable_table_loses_no_part() {
        let fixture = fixture().await;
        let bodies = bodies(&fixture);
        fixture.links.fail(true);
        let answer = invoke(&fixture, &event(bodies.clone(), 1), "r1").await;
        assert_eq!(answer.matches("itemIdentifier").count(), bodies.len(), "{answer}");
        fixture.links.fail(false);
        assert_eq!(invoke(&fixture, &event(bodies, 2), "r2").await, r#"{"batchItemFailures":[]}"#);
        assert_eq!(fixture.links.all().len(), 100);
    }

    #[tokio::test]
    async fn sample_event_names_an_absent_import() {
        let fixture = fixture().await;
        let event = serde_json::from_str(include_str!("../../../events/load-part/part.json")).unwrap();
        assert_eq!(invoke(&fixture, &event, "r1").await, r#"{"batchItemFailures":[]}"#);
    }
}
