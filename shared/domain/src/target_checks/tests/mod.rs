//! Tests runs of checks as a whole.

mod all_targets;
mod kill;
mod property;
mod slices;
mod unsafe_targets;

use crate::jobs::delivery::Delivery;
use crate::links::link::Link;
use crate::links::ports::LinkWriter;
use crate::pages::ports::FetchError;
use crate::ports::Clock;
use crate::target_checks::job::CheckJob;
use crate::target_checks::ports::CheckPorts;
use crate::target_checks::run::{CheckRan, check_targets};
use crate::target_checks::start::{CheckTrigger, StartCheckPorts, Started, start_check_run};
use crate::testing::jobs::delivery;
use crate::testing::samples::link_with_id;
use crate::testing::target_checks::CheckWorld;
use crate::values::timestamp::Timestamp;
use crate::values::workspace::WorkspaceId;
use crate::workspaces::settings::{OnBroken, WorkspaceSettings};

fn workspace(name: &str) -> WorkspaceId {
    WorkspaceId::parse(name).unwrap()
}

/// Stores a link whose slug names it.
async fn add(world: &CheckWorld, of: &str, slug: &str, url: &str) -> Link {
    let link = link_with_id(of, slug, url, slug);
    assert!(world.links.insert(&link).await.unwrap());
    link
}

fn stored(world: &CheckWorld, slug: &str) -> Link {
    world.links.all().into_iter().find(|link| link.address.slug.as_str() == slug).unwrap()
}

fn set_rule(world: &CheckWorld, of: &str, on_broken: OnBroken) {
    world.settings.set(&workspace(of), WorkspaceSettings { on_broken, ..WorkspaceSettings::default() });
}

async fn start(world: &CheckWorld, ports: &CheckPorts, only: Option<&str>) -> Started {
    let start = StartCheckPorts { jobs: ports.jobs.as_ref(), queue: ports.queue.as_ref(), clock: ports.clock.as_ref() };
    let trigger = CheckTrigger { time: world.clock.now(), workspace: only.map(workspace) };
    start_check_run(&start, &trigger).await.unwrap()
}

fn invocation(now: Timestamp, seconds: i64) -> Delivery {
    static NUMBER: std::sync::atomic::AtomicUsize = std::sync::atomic::AtomicUsize::new(0);
    let number = NUMBER.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
    delivery(format!("r{number}"), now.plus_seconds(seconds))
}

/// Works off all messages, in invocations of so many seconds. Returns the finished run and the number of invocations.
async fn work_off(world: &CheckWorld, seconds: i64) -> (CheckJob, usize) {
    let ports = world.ports();
    let mut invocations = 0;
    loop {
        let messages = world.queue.take();
        assert!(!messages.is_empty() && invocations < 10_000, "the run does not end");
        for message in messages {
            invocations += 1;
            let invocation = invocation(world.clock.now(), seconds);
            match check_targets(&ports, &message, &invocation).await.unwrap() {
                CheckRan::Finished(job) => return (*job, invocations),
                CheckRan::HandedOver(_) => {}
                other => panic!("{other:?}"),
            }
        }
    }
}

/// Starts a run and works it off; the next one is a day later.
async fn run(world: &CheckWorld) -> CheckJob {
    let started = start(world, &world.ports(), None).await;
    assert!(matches!(started, Started::Begun(_)), "{started:?}");
    let job = work_off(world, 900).await.0;
    world.clock.advance(86_400);
    job
}

fn not_found() -> Result<u16, FetchError> {
    Err(FetchError::NotFound)
}
