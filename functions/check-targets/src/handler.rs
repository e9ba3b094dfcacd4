//! Starts the runs that the schedule asks for, and works on them as messages say.

use lambda_runtime::Context;
use serde::Deserialize;
use waypost_domain::StoreError;
use waypost_domain::jobs::delivery::Delivery;
use waypost_domain::target_checks::job::CheckJob;
use waypost_domain::target_checks::ports::{CheckPorts, CheckRequest};
use waypost_domain::target_checks::run::{CheckRan, check_targets};
use waypost_domain::target_checks::start::{CheckTrigger, StartCheckPorts, Started, start_check_run};
use waypost_lambda::queue::event::{BatchResponse, QueueEvent};
use waypost_lambda::queue::{QueueLoop, Retry};

/// The ports and the queue.
pub(crate) struct App {
    pub(crate) ports: CheckPorts,
    pub(crate) messages: QueueLoop,
}

/// What invokes the function.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum Event {
    /// Messages of the queue.
    Messages(QueueEvent),
    /// The schedule, or an operator.
    Trigger(CheckTrigger),
}

/// Starts a run, or works on those of the messages.
///
/// # Errors
/// A run could not be started. Lambda tries that twice more.
pub(crate) async fn handle(app: &App, event: Event, context: &Context) -> Result<BatchResponse, StoreError> {
    match event {
        Event::Trigger(trigger) => start(app, &trigger, &context.request_id).await.map(|()| BatchResponse::default()),
        Event::Messages(messages) => {
            let work = async |request: CheckRequest, delivery: &Delivery| check(app, &request, delivery).await;
            Ok(app.messages.run(&messages, context, work).await)
        }
    }
}

async fn start(app: &App, trigger: &CheckTrigger, request_id: &str) -> Result<(), StoreError> {
    let CheckPorts { jobs, queue, clock, .. } = &app.ports;
    let ports = StartCheckPorts { jobs: jobs.as_ref(), queue: queue.as_ref(), clock: clock.as_ref() };
    let workspace = trigger.workspace.as_ref().map(ToString::to_string);
    match start_check_run(&ports, trigger).await {
        Ok(Started::Begun(job)) => tracing::info!(event = "check.started", request_id, run = %job.run, workspace),
        Ok(Started::Done(job)) => tracing::info!(event = "check.done_before", request_id, run = %job.run, workspace),
        // The operator may want to check less often: the last run takes longer than the time between two.
        Ok(Started::StillRunning(job)) => {
            tracing::warn!(event = "check.still_running", request_id, run = %job.run, started_at = %job.started_at, workspace);
        }
        Err(error) => {
            tracing::error!(event = "check.not_started", request_id, workspace, operation = error.operation, %error);
            return Err(error);
        }
    }
    Ok(())
}

async fn check(app: &App, request: &CheckRequest, delivery: &Delivery) -> Result<(), Retry> {
    let request_id = delivery.request_id.as_str();
    match check_targets(&app.ports, request, delivery).await {
        Ok(CheckRan::Finished(job)) => {
            log("check.finished", &job, request_id);
            Ok(())
        }
        Ok(CheckRan::HandedOver(job)) => {
            log("check.handed_over", &job, request_id);
            Ok(())
        }
        Ok(CheckRan::Gone) => {
            tracing::info!(event = "check.skipped", request_id, run = %request.check_run);
            Ok(())
        }
        Ok(CheckRan::Busy { until }) => {
            tracing::info!(event = "check.busy", request_id, run = %request.check_run, %until);
            Err(Retry::BusyUntil(until))
        }
        Err(error) => {
            let operation = error.operation;
            tracing::error!(event = "check.interrupted", request_id, run = %request.check_run, operation, %error);
            Err(Retry::Later)
        }
    }
}

fn log(event: &'static str, job: &CheckJob, request_id: &str) {
    let (counts, workspace) = (job.counts, job.only.as_ref().map(ToString::to_string));
    tracing::info!(
        event, request_id, run = %job.run, workspace, links = counts.links, targets = counts.targets,
        failing = counts.failing, newly_broken = counts.newly_broken, recovered = counts.recovered,
        lookups = counts.lookups, unsafe_links = counts.unsafe_links,
    );
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use waypost_domain::links::ports::LinkWriter;
    use waypost_domain::links::target_check::CheckStatus;
    use waypost_domain::pages::ports::FetchError;
    use waypost_domain::testing::jobs::MemoryRedelivery;
    use waypost_domain::testing::links::MemoryLinks;
    use waypost_domain::testing::samples::link;
    use waypost_domain::testing::system::FixedClock;
    use waypost_domain::testing::target_checks::{CheckWorld, MemoryCheckJobs};

    const DAILY: &str = include_str!("../../../events/check-targets/daily.json");
    const SLICE: &str = include_str!("../../../events/check-targets/slice.json");

    struct Fixture {
        app: App,
        world: CheckWorld,
        redelivery: Arc<MemoryRedelivery>,
    }

    fn fixture() -> Fixture {
        let (world, redelivery) = (CheckWorld::at("2026-01-02T03:00:30Z"), Arc::<MemoryRedelivery>::default());
        let clock = Arc::new(FixedClock::at("2026-01-02T03:00:30Z"));
        let messages = QueueLoop { subject: "check", redelivery: redelivery.clone(), clock };
        Fixture { app: App { ports: world.ports(), messages }, world, redelivery }
    }

    /// Has a quarter of an hour.
    fn context() -> Context {
        let mut context = Context::default();
        context.request_id = "r1".to_owned();
        context.deadline = 1_767_323_000_000 + 900_000;
        context
    }

    async fn invoke(fixture: &Fixture, event: &str) -> String {
        let event: Event = serde_json::from_str(event).unwrap();
        serde_json::to_string(&handle(&fixture.app, event, &context()).await.unwrap()).unwrap()
    }

    const DONE: &str = r#"{"batchItemFailures":[]}"#;

    #[tokio::test]
    async fn sample_events_start_and_finish_a_run() {
        let fixture = fixture();
        let links: &MemoryLinks = &fixture.world.links;
        links.insert(&link("acme", "docs", "https://example.com/")).await.unwrap();
        fixture.world.targets.put("https://example.com/", Err(FetchError::NotFound));
        assert_eq!(invoke(&fixture, SLICE).await, DONE, "a run that does not exist");
        assert_eq!(invoke(&fixture, DAILY).await, DONE);
        let sample: serde_json::Value = serde_json::from_str(SLICE).unwrap();
        let sent = serde_json::to_value(&fixture.world.queue.take()[0]).unwrap();
        let body: serde_json::Value = serde_json::from_str(sample["Records"][0]["body"].as_str().unwrap()).unwrap();
        assert_eq!(sent, body);
        assert_eq!(invoke(&fixture, SLICE).await, DONE);
        let check = links.all()[0].target_check.clone().unwrap();
        assert_eq!(check.status, CheckStatus::Failing);
        assert_eq!(invoke(&fixture, DAILY).await, DONE, "the same event again");
        assert!(fixture.world.queue.take().is_empty() && fixture.redelivery.all().is_empty());
    }

    #[tokio::test]
    async fn slice_is_retried_while_the_table_fails() {
        let fixture = fixture();
        assert_eq!(invoke(&fixture, DAILY).await, DONE);
        let jobs: &MemoryCheckJobs = &fixture.world.jobs;
        jobs.fail(true);
        assert!(invoke(&fixture, SLICE).await.contains("itemIdentifier"));
        let trigger: Event = serde_json::from_str(DAILY).unwrap();
        assert!(handle(&fixture.app, trigger, &context()).await.is_err());
        jobs.fail(false);
        assert_eq!(invoke(&fixture, SLICE).await, DONE);
        assert_eq!(fixture.redelivery.all().len(), 1);
    }
}
