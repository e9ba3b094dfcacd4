//! Tests that a run survives everything: invocations die before or after each single write, and calls fail as a seed says. The links must
//! be those of an undisturbed run.

use std::future::Future;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use async_trait::async_trait;
use futures::task::noop_waker_ref;

use super::*;
use crate::links::ports::{LinkWriter, Relocation};
use crate::ports::Random;
use crate::target_checks::job::CheckJobStatus;
use crate::target_checks::ports::{CheckJobStore, CheckQueue, CheckRequest};
use crate::testing::outage::{lock, outage, yield_once};
use crate::testing::system::SeededRandom;
use crate::values::error::StoreError;

/// What goes wrong.
enum Faults {
    None,
    /// The invocation dies at this write.
    KillAt {
        write: usize,
        before: bool,
    },
    /// One in so many writes fails, or seems to.
    Seeded(SeededRandom, u32),
}

/// Disturbs the writes of a world.
struct Disturbed {
    world: CheckWorld,
    faults: Mutex<Faults>,
    writes: AtomicUsize,
    killed: AtomicBool,
}

impl Disturbed {
    async fn call<T>(&self, effect: impl Future<Output = Result<T, StoreError>>) -> Result<T, StoreError> {
        yield_once().await;
        let number = self.writes.fetch_add(1, Ordering::SeqCst);
        let (skips, dies, fails) = match &*lock(&self.faults) {
            Faults::KillAt { write, before } if *write == number => (*before, true, false),
            Faults::Seeded(random, one_in) => {
                let mut bytes = [0; 4];
                random.fill(&mut bytes);
                let drawn = u32::from_le_bytes(bytes) % (one_in * 2);
                (drawn == 0, false, drawn < 2)
            }
            _ => (false, false, false),
        };
        let result = if skips { None } else { Some(effect.await) };
        if dies {
            self.killed.store(true, Ordering::SeqCst);
            return std::future::pending().await;
        }
        result.filter(|_| !fails).unwrap_or_else(|| Err(outage("disturbed")))
    }

    /// Runs `future` to its end, or to its death.
    fn run<T>(&self, future: impl Future<Output = T>) -> Option<T> {
        let mut future = pin!(future);
        let mut context = Context::from_waker(noop_waker_ref());
        loop {
            if let Poll::Ready(result) = future.as_mut().poll(&mut context) {
                return Some(result);
            }
            if self.killed.swap(false, Ordering::SeqCst) {
                return None;
            }
        }
    }
}

#[async_trait]
impl CheckJobStore for Disturbed {
    async fn get(&self, only: Option<&WorkspaceId>) -> Result<Option<CheckJob>, StoreError> {
        self.world.jobs.get(only).await
    }
    async fn replace(&self, next: &CheckJob) -> Result<bool, StoreError> {
        self.call(self.world.jobs.replace(next)).await
    }
}

#[async_trait]
impl CheckQueue for Disturbed {
    async fn send(&self, request: &CheckRequest) -> Result<(), StoreError> {
        self.call(self.world.queue.send(request)).await
    }
}

#[async_trait]
impl LinkWriter for Disturbed {
    async fn insert(&self, _: &Link) -> Result<bool, StoreError> {
        panic!("inserts nothing")
    }
    async fn replace(&self, seen: &Link, next: &Link) -> Result<bool, StoreError> {
        self.call(LinkWriter::replace(self.world.links.as_ref(), seen, next)).await
    }
    async fn relocate(&self, _: &Link, _: &Link, _: Timestamp) -> Result<Relocation, StoreError> {
        panic!("moves nothing")
    }
    async fn delete(&self, _: &Link, _: Timestamp) -> Result<bool, StoreError> {
        panic!("deletes nothing")
    }
}

/// Makes links of two workspaces, some of which fail, and some of which failed yesterday and before.
async fn disturbed() -> Arc<Disturbed> {
    let world = CheckWorld::at("2026-01-01T03:00:00Z");
    set_rule(&world, "acme", OnBroken::Archive);
    for n in 0..12 {
        let url = format!("https://{}.example/{n}", n % 4);
        add(&world, if n % 3 == 0 { "other" } else { "acme" }, &format!("s{n}"), &url).await;
        world.targets.put(&url, if n % 2 == 0 { Ok(404) } else { Ok(200) });
    }
    run(&world).await;
    for n in [2, 4] {
        world.targets.put(&format!("https://{}.example/{n}", n % 4), Ok(200));
    }
    run(&world).await;
    // Not a host without answers: how many of its targets are asked depends on where slices end.
    world.targets.put("https://1.example/1", Ok(500));
    world.targets.slow_down(20);
    let (writes, killed) = (AtomicUsize::new(0), AtomicBool::new(false));
    Arc::new(Disturbed { world, faults: Mutex::new(Faults::None), writes, killed })
}

/// Runs a third run under `faults`, in invocations of so many seconds. Returns the links without times, and the number of writes.
async fn third_run(faults: Faults, seconds: i64) -> (Vec<Link>, usize) {
    let disturbed = disturbed().await;
    let ports = CheckPorts {
        jobs: disturbed.clone(),
        queue: disturbed.clone(),
        writer: disturbed.clone(),
        ..disturbed.world.ports()
    };
    *lock(&disturbed.faults) = faults;
    let world = &disturbed.world;
    let trigger = CheckTrigger { time: world.clock.now(), workspace: None };
    // Lambda tries again until it is started.
    loop {
        let start =
            StartCheckPorts { jobs: disturbed.as_ref(), queue: disturbed.as_ref(), clock: world.clock.as_ref() };
        if matches!(disturbed.run(start_check_run(&start, &trigger)), Some(Ok(_))) {
            break;
        }
    }
    // The queue delivers a message again until its work is done.
    let mut open = Vec::new();
    for _ in 0..2_000 {
        open.extend(world.queue.take());
        let Some(message) = open.pop() else { break };
        let invocation = invocation(world.clock.now(), seconds);
        let until = invocation.deadline;
        match disturbed.run(check_targets(&ports, &message, &invocation)) {
            Some(Ok(CheckRan::Finished(_) | CheckRan::HandedOver(_) | CheckRan::Gone)) => {}
            Some(Ok(CheckRan::Busy { .. }) | Err(_)) | None => {
                let left = until.as_seconds() - world.clock.now().as_seconds();
                world.clock.advance(left.max(0) + 1);
                open.insert(0, message);
            }
        }
    }
    let job = world.jobs.get(None).await.unwrap().unwrap();
    assert_eq!((job.status, open.is_empty()), (CheckJobStatus::Succeeded, true));
    let timeless = |mut link: Link| {
        if let Some(check) = &mut link.target_check {
            (check.checked_at, check.failing_since) = (link.created_at, check.failing_since.map(|_| link.created_at));
        }
        link
    };
    (world.links.all().into_iter().map(timeless).collect(), disturbed.writes.load(Ordering::SeqCst))
}

#[tokio::test]
async fn death_at_any_write_changes_nothing() {
    for seconds in [900, 30] {
        let (expected, writes) = third_run(Faults::None, seconds).await;
        assert!(writes > 8, "{writes}");
        assert_eq!(expected.iter().filter(|link| link.is_broken()).count(), 4, "{expected:?}");
        assert_eq!(expected.iter().filter(|link| link.settings.archived).count(), 2);
        for write in 0..writes {
            for before in [false, true] {
                let (found, _) = third_run(Faults::KillAt { write, before }, seconds).await;
                assert_eq!(found, expected, "{seconds}: killed at write {write}, before {before}");
            }
        }
    }
}

#[tokio::test]
async fn faults_of_any_kind_change_nothing() {
    let (expected, _) = third_run(Faults::None, 900).await;
    for seed in 0..60 {
        let faults = Faults::Seeded(SeededRandom::new(seed), 6);
        let (found, _) = third_run(faults, [0, 30, 900][(seed % 3) as usize]).await;
        assert_eq!(found, expected, "seed {seed}");
    }
}
