//! From messages to the use case.

use std::sync::Arc;

use lambda_runtime::Context;
use waypost_domain::exports::ports::ExportRequest;
use waypost_domain::exports::write_export::{Exporter, Written, write_export};
use waypost_domain::imports::ports::{Delivery, Redelivery};
use waypost_lambda::invocation::delivery;
use waypost_lambda::queue::event::{BatchResponse, Message, QueueEvent};

/// What the function needs.
pub(crate) struct App {
    pub(crate) exporter: Exporter,
    pub(crate) redelivery: Arc<dyn Redelivery>,
}

/// Writes each of the exports. One that is to come again does not keep the others from being done with.
pub(crate) async fn handle(app: &App, event: &QueueEvent, context: &Context) -> BatchResponse {
    let delivery = delivery(context, app.exporter.clock.now());
    let mut response = BatchResponse::default();
    for message in &event.records {
        let Err(seconds) = write(app, message, &delivery).await else { continue };
        response.fail(message);
        if let Err(error) = app.redelivery.come_again(&message.receipt_handle, seconds).await {
            tracing::warn!(event = "message.not_sooner", request_id = delivery.request_id, %error);
        }
    }
    response
}

/// Writes an export, or says after how many seconds its message must come again.
async fn write(app: &App, message: &Message, delivery: &Delivery) -> Result<(), u32> {
    let request_id = delivery.request_id.as_str();
    let request: ExportRequest = match serde_json::from_str(&message.body) {
        Ok(request) => request,
        Err(error) => {
            // It will end in the dead-letter queue, where somebody can look at it.
            tracing::error!(event = "export.unreadable", request_id, message = message.message_id, %error);
            return Err(message.retry_seconds());
        }
    };
    match write_export(&app.exporter, &request, delivery).await {
        Ok(Written::Finished(export)) => {
            tracing::info!(
                event = "export.finished", request_id, export = %export.id, workspace = %export.workspace,
                status = ?export.status, error = export.error, links = export.links, bytes = export.bytes,
            );
            Ok(())
        }
        Ok(Written::Gone) => {
            tracing::info!(event = "export.skipped", request_id, export = %request.export);
            Ok(())
        }
        Ok(Written::Busy { until }) => {
            tracing::info!(event = "export.busy", request_id, export = %request.export, %until);
            let left = until.as_seconds() - app.exporter.clock.now().as_seconds() + 1;
            Err(u32::try_from(left.clamp(1, 900)).unwrap_or(900))
        }
        Err(error) => {
            let operation = error.operation;
            tracing::error!(event = "export.interrupted", request_id, export = %request.export, operation, %error);
            Err(message.retry_seconds())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use waypost_domain::Role;
    use waypost_domain::exports::ExportStatus;
    use waypost_domain::exports::memory::{MemoryExportQueue, MemoryExports};
    use waypost_domain::exports::ports::ExportStore;
    use waypost_domain::exports::start_export::{NewExport, start_export};
    use waypost_domain::imports::memory::{MemoryRedelivery, MemoryReports};
    use waypost_domain::memory::{FixedClock, MemoryLinks, SeededRandom, caller, link};
    use waypost_domain::ports::LinkWriter;

    fn event(body: &str) -> QueueEvent {
        let mut event: serde_json::Value =
            serde_json::from_str(include_str!("../../../events/export-links/export.json")).unwrap();
        event["Records"][0]["body"] = body.into();
        serde_json::from_value(event).unwrap()
    }

    #[tokio::test]
    async fn a_request_comes_again_until_its_export_is_written() {
        let (exports, links) = (Arc::<MemoryExports>::default(), Arc::<MemoryLinks>::default());
        let (clock, redelivery) =
            (Arc::new(FixedClock::at("2026-01-02T03:04:05Z")), Arc::<MemoryRedelivery>::default());
        links.insert(&link("acme", "a", "https://a.example/")).await.unwrap();
        let queue = MemoryExportQueue::default();
        let (viewer, random) = (caller("acme", Role::Viewer), SeededRandom::new(1));
        let new = NewExport::default();
        let export = start_export(exports.as_ref(), &queue, clock.as_ref(), &random, &viewer, new).await.unwrap();
        let exporter = Exporter {
            exports: exports.clone(),
            links: links.clone(),
            files: Arc::new(MemoryReports::default()),
            clock,
        };
        let app = App { exporter, redelivery: redelivery.clone() };
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
