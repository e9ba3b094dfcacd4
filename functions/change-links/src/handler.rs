//! Works on the jobs that messages ask for.

use lambda_runtime::Context;
use waypost_domain::jobs::delivery::Delivery;
use waypost_domain::link_changes::ports::LinkChangeRequest;
use waypost_domain::link_changes::run::{Ran, run_link_change};
use waypost_domain::link_changes::run_ports::RunLinkChangePorts;
use waypost_lambda::queue::event::{BatchResponse, QueueEvent};
use waypost_lambda::queue::{QueueLoop, Retry};

/// The use case and the queue.
pub(crate) struct App {
    pub(crate) runner: RunLinkChangePorts,
    pub(crate) messages: QueueLoop,
}

/// Works on the job of each message.
pub(crate) async fn handle(app: &App, event: &QueueEvent, context: &Context) -> BatchResponse {
    let work = async |request: LinkChangeRequest, delivery: &Delivery| run(&app.runner, &request, delivery).await;
    app.messages.run(event, context, work).await
}

async fn run(runner: &RunLinkChangePorts, request: &LinkChangeRequest, delivery: &Delivery) -> Result<(), Retry> {
    let (request_id, link_change) = (delivery.request_id.as_str(), &request.link_change);
    match run_link_change(runner, request, delivery).await {
        Ok(Ran::Finished(job)) => {
            let counts = job.counts;
            tracing::info!(
                event = "link_change.finished", request_id, %link_change, workspace = %job.workspace, status = ?job.status,
                error = job.error, selected = counts.selected, changed = counts.changed, unchanged = counts.unchanged,
                conflicts = counts.conflicts, failed = counts.failed,
            );
            Ok(())
        }
        Ok(Ran::HandedOver(job)) => {
            let (selected, changed) = (job.counts.selected, job.counts.changed);
            tracing::info!(event = "link_change.handed_over", request_id, %link_change, selected, changed);
            Ok(())
        }
        Ok(Ran::Gone) => {
            tracing::info!(event = "link_change.skipped", request_id, %link_change);
            Ok(())
        }
        Ok(Ran::Busy { until }) => {
            tracing::info!(event = "link_change.busy", request_id, %link_change, %until);
            Err(Retry::BusyUntil(until))
        }
        Err(error) => {
            let operation = error.operation;
            tracing::error!(event = "link_change.interrupted", request_id, %link_change, operation, %error);
            Err(Retry::Later)
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use serde_json::json;
    use waypost_domain::link_changes::job::LinkChangeStatus;
    use waypost_domain::link_changes::ports::LinkChangeStore;
    use waypost_domain::link_changes::start::{StartLinkChangePorts, start_link_change};
    use waypost_domain::links::ports::LinkWriter;
    use waypost_domain::testing::files::MemoryFileStore;
    use waypost_domain::testing::jobs::{MemoryRedelivery, MemoryTimer};
    use waypost_domain::testing::link_changes::{MemoryLinkChangeQueue, MemoryLinkChanges};
    use waypost_domain::testing::links::MemoryLinks;
    use waypost_domain::testing::samples::{caller, link};
    use waypost_domain::testing::system::{FixedClock, SeededRandom};
    use waypost_domain::testing::tags::MemoryTags;
    use waypost_domain::{Domains, Role};

    fn event(body: Option<String>) -> QueueEvent {
        let mut event: serde_json::Value =
            serde_json::from_str(include_str!("../../../events/change-links/change.json")).unwrap();
        if let Some(body) = body {
            event["Records"][0]["body"] = body.into();
        }
        serde_json::from_value(event).unwrap()
    }

    #[tokio::test]
    async fn message_comes_again_until_its_job_has_ended() {
        let (jobs, queue) = (Arc::<MemoryLinkChanges>::default(), Arc::<MemoryLinkChangeQueue>::default());
        let (links, files) = (Arc::<MemoryLinks>::default(), Arc::<MemoryFileStore>::default());
        let (clock, redelivery) =
            (Arc::new(FixedClock::at("2026-01-02T03:04:05Z")), Arc::<MemoryRedelivery>::default());
        let (domains, random) = (Domains::parse("go.example.com").unwrap(), Arc::new(SeededRandom::new(1)));
        links.insert(&link("acme", "a", "https://a.example/")).await.unwrap();
        let job = {
            let ports = StartLinkChangePorts {
                jobs: jobs.as_ref(),
                queue: queue.as_ref(),
                files: files.as_ref(),
                clock: clock.as_ref(),
                random: random.as_ref(),
                domains: &domains,
            };
            let new = json!({"select": {"all": true}, "change": {"archived": true}});
            let new = serde_json::from_value(new).unwrap();
            start_link_change(&ports, &caller("acme", Role::Editor), &new).await.unwrap()
        };
        let runner = RunLinkChangePorts {
            jobs: jobs.clone(),
            queue: queue.clone(),
            files,
            shards: links.clone(),
            batch: links.clone(),
            reader: links.clone(),
            writer: links.clone(),
            restorer: links.clone(),
            targets: links.clone(),
            marker: links.clone(),
            tags: Arc::new(MemoryTags::default()),
            clock: clock.clone(),
            random,
            timer: Arc::new(MemoryTimer::default()),
            domain_settings: Arc::new(waypost_domain::testing::domains::MemoryDomains::default()),
            domains,
            guard: None,
            concurrency: 4,
            chunk_entries: 10,
        };
        let messages = QueueLoop { subject: "link_change", redelivery: redelivery.clone(), clock };
        let app = App { runner, messages };
        let answer = serde_json::to_string(&handle(&app, &event(None), &Context::default()).await).unwrap();
        assert_eq!(answer, r#"{"batchItemFailures":[]}"#, "the sample names a job that does not exist");
        let event = event(Some(serde_json::to_string(&queue.take()[0]).unwrap()));
        links.fail(true);
        let answer = serde_json::to_string(&handle(&app, &event, &Context::default()).await).unwrap();
        assert!(answer.contains("itemIdentifier") && redelivery.all().len() == 1, "{answer}");
        links.fail(false);
        let answer = serde_json::to_string(&handle(&app, &event, &Context::default()).await).unwrap();
        assert_eq!(answer, r#"{"batchItemFailures":[]}"#);
        let stored = jobs.get(&job.workspace, &job.id).await.unwrap().unwrap();
        assert_eq!((stored.status, stored.counts.changed), (LinkChangeStatus::Succeeded, 1));
    }
}
