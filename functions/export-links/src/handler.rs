//! Writes the exports that messages ask for.

use lambda_runtime::Context;
use waypost_domain::exports::ports::ExportRequest;
use waypost_domain::exports::write::{Written, write_export};
use waypost_domain::exports::write_ports::WriteExportPorts;
use waypost_domain::jobs::delivery::Delivery;
use waypost_lambda::queue::event::{BatchResponse, QueueEvent};
use waypost_lambda::queue::{QueueLoop, Retry};

/// The use case and the queue.
pub(crate) struct App {
    pub(crate) exporter: WriteExportPorts,
    pub(crate) messages: QueueLoop,
}

/// Writes the export of each message.
pub(crate) async fn handle(app: &App, event: &QueueEvent, context: &Context) -> BatchResponse {
    let work = async |request: ExportRequest, delivery: &Delivery| write(&app.exporter, &request, delivery).await;
    app.messages.run(event, context, work).await
}

async fn write(exporter: &WriteExportPorts, request: &ExportRequest, delivery: &Delivery) -> Result<(), Retry> {
    let request_id = delivery.request_id.as_str();
    match write_export(exporter, request, delivery).await {
        Ok(Written::Finished(export)) => {
            tracing::info!(
                event = "export.finished", request_id, export = %export.id, workspace = %export.workspace,
                status = ?export.status, error = export.error, links = export.links, bytes = export.bytes,
            );
            Ok(())
        }
        Ok(Written::HandedOver(export)) => {
            tracing::info!(event = "export.handed_over", request_id, export = %export.id, links = export.links);
            Ok(())
        }
        Ok(Written::Gone) => {
            tracing::info!(event = "export.skipped", request_id, export = %request.export);
            Ok(())
        }
        Ok(Written::Busy { until }) => {
            tracing::info!(event = "export.busy", request_id, export = %request.export, %until);
            Err(Retry::BusyUntil(until))
        }
        Err(error) => {
            let operation = error.operation;
            tracing::error!(event = "export.interrupted", request_id, export = %request.export, operation, %error);
            Err(Retry::Later)
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use waypost_domain::Role;
    use waypost_domain::exports::checkpoint::Checkpoint;
    use waypost_domain::exports::export::ExportStatus;
    use waypost_domain::exports::ports::ExportStore;
    use waypost_domain::exports::start::{NewExport, StartExportPorts, start_export};
    use waypost_domain::links::ports::LinkWriter;
    use waypost_domain::testing::exports::{MemoryExportQueue, MemoryExports};
    use waypost_domain::testing::files::MemoryFileStore;
    use waypost_domain::testing::jobs::{MemoryRedelivery, MemoryTimer};
    use waypost_domain::testing::links::MemoryLinks;
    use waypost_domain::testing::samples::{caller, link};
    use waypost_domain::testing::system::{FixedClock, SeededRandom};

    fn event(body: &str) -> QueueEvent {
        let mut event: serde_json::Value =
            serde_json::from_str(include_str!("../../../events/export-links/export.json")).unwrap();
        event["Records"][0]["body"] = body.into();
        serde_json::from_value(event).unwrap()
    }

    #[tokio::test]
    async fn request_is_retried_until_its_export_is_written() {
        let (exports, links) = (Arc::<MemoryExports>::default(), Arc::<MemoryLinks>::default());
        let (clock, redelivery) =
            (Arc::new(FixedClock::at("2026-01-02T03:04:05Z")), Arc::<MemoryRedelivery>::default());
        links.insert(&link("acme", "a", "https://a.example/")).await.unwrap();
        let queue = Arc::<MemoryExportQueue>::default();
        let (viewer, random) = (caller("acme", Role::Viewer), SeededRandom::new(1));
        let new = NewExport::default();
        let export = {
            let ports = StartExportPorts {
                exports: exports.as_ref(),
                queue: queue.as_ref(),
                clock: clock.as_ref(),
                random: &random,
            };
            start_export(&ports, &viewer, new).await.unwrap()
        };
        let exporter = WriteExportPorts {
            exports: exports.clone(),
            queue: queue.clone(),
            links: links.clone(),
            files: Arc::new(MemoryFileStore::default()),
            clock: clock.clone(),
            timer: Arc::new(MemoryTimer::default()),
            part_bytes: Checkpoint::PART_BYTES,
        };
        let messages = QueueLoop { subject: "export", redelivery: redelivery.clone(), clock };
        let app = App { exporter, messages };
        let event = event(&serde_json::to_string(&queue.take()[0]).unwrap());
        links.fail(true);
        let answer = serde_json::to_string(&handle(&app, &event, &Context::default()).await).unwrap();
        assert!(answer.contains("itemIdentifier") && redelivery.all().len() == 1, "{answer}");
        links.fail(false);
        let answer = serde_json::to_string(&handle(&app, &event, &Context::default()).await).unwrap();
        assert_eq!(answer, r#"{"batchItemFailures":[]}"#);
        let stored = exports.get(&viewer.workspace, &export.id).await.unwrap().unwrap();
        assert_eq!((stored.status, stored.links), (ExportStatus::Succeeded, 1));
    }
}
