//! Implements the ports of checks of targets in memory.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicUsize, Ordering};

use async_trait::async_trait;

use super::blocking::MemoryBlockList;
use super::jobs::MemoryTimer;
use super::links::MemoryLinks;
use super::outage::{lock, outage, yield_once};
use super::system::FixedClock;
use super::target_safety::MemoryChecker;
use super::workspaces::MemoryWorkspaces;
use crate::pages::ports::FetchError;
use crate::target_checks::job::CheckJob;
use crate::target_checks::ports::{
    AskTarget, Asked, CheckJobStore, CheckPorts, CheckQueue, CheckRequest, TargetSafety, WorkspaceList,
};
use crate::values::error::StoreError;
use crate::values::target::TargetUrl;
use crate::values::workspace::WorkspaceId;

/// Everything that a run needs, in memory.
pub struct CheckWorld {
    /// The links.
    pub links: Arc<MemoryLinks>,
    /// The settings of workspaces.
    pub settings: Arc<MemoryWorkspaces>,
    /// The runs.
    pub jobs: Arc<MemoryCheckJobs>,
    /// The queue of slices.
    pub queue: Arc<MemoryCheckQueue>,
    /// The targets.
    pub targets: Arc<MemoryTargets>,
    /// What knows unsafe targets.
    pub checker: Arc<MemoryChecker>,
    /// The list of blocked targets.
    pub blocked: Arc<MemoryBlockList>,
    /// The time.
    pub clock: Arc<FixedClock>,
    /// The pauses.
    pub timer: Arc<MemoryTimer>,
}

impl CheckWorld {
    /// Makes a world without links at `time`, in which all targets work.
    pub fn at(time: &str) -> Self {
        let clock = Arc::new(FixedClock::at(time));
        Self {
            links: Arc::default(),
            settings: Arc::default(),
            jobs: Arc::default(),
            queue: Arc::default(),
            targets: Arc::new(MemoryTargets::new(clock.clone())),
            checker: Arc::default(),
            blocked: Arc::default(),
            clock,
            timer: Arc::default(),
        }
    }

    /// Returns its ports.
    pub fn ports(&self) -> CheckPorts {
        CheckPorts {
            jobs: self.jobs.clone(),
            queue: self.queue.clone(),
            workspaces: self.links.clone(),
            settings: self.settings.clone(),
            shards: self.links.clone(),
            reader: self.links.clone(),
            writer: self.links.clone(),
            targets: self.targets.clone(),
            clock: self.clock.clone(),
            timer: self.timer.clone(),
            safety: None,
        }
    }

    /// Returns its ports, and what looks up so many URLs in a run, as a new process.
    pub fn ports_with_lookups(&self, lookups_per_run: u64) -> CheckPorts {
        let safety = TargetSafety {
            guard: self.checker.guard(self.clock.clone()),
            blocked: self.blocked.clone(),
            blocker: self.blocked.clone(),
            lookups_per_run,
        };
        CheckPorts { safety: Some(safety), ..self.ports() }
    }
}

#[async_trait]
impl WorkspaceList for MemoryLinks {
    async fn next(&self, after: Option<&WorkspaceId>) -> Result<Option<WorkspaceId>, StoreError> {
        let all: BTreeSet<String> = self.all().into_iter().map(|link| link.workspace.to_string()).collect();
        let next = all.into_iter().find(|name| after.is_none_or(|after| name.as_str() > after.as_str()));
        Ok(next.and_then(|name| WorkspaceId::parse(&name).ok()))
    }
}

/// A store of runs, which can fail.
#[derive(Default)]
pub struct MemoryCheckJobs {
    jobs: Mutex<HashMap<Option<WorkspaceId>, CheckJob>>,
    failing: AtomicBool,
}

impl MemoryCheckJobs {
    /// Makes every later call fail, or work again.
    pub fn fail(&self, failing: bool) {
        self.failing.store(failing, Ordering::SeqCst);
    }

    fn check(&self, operation: &'static str) -> Result<(), StoreError> {
        if self.failing.load(Ordering::SeqCst) { Err(outage(operation)) } else { Ok(()) }
    }
}

#[async_trait]
impl CheckJobStore for MemoryCheckJobs {
    async fn get(&self, only: Option<&WorkspaceId>) -> Result<Option<CheckJob>, StoreError> {
        self.check("checks.get")?;
        Ok(lock(&self.jobs).get(&only.cloned()).cloned())
    }

    async fn replace(&self, next: &CheckJob) -> Result<bool, StoreError> {
        self.check("checks.replace")?;
        let mut jobs = lock(&self.jobs);
        let stored = jobs.get(&next.only);
        let follows = stored.map_or(next.revision == 0, |stored| stored.revision + 1 == next.revision);
        let is_stored = stored == Some(next);
        if follows {
            jobs.insert(next.only.clone(), next.clone());
        }
        Ok(follows || is_stored)
    }
}

/// A queue of slices.
#[derive(Default)]
pub struct MemoryCheckQueue(Mutex<Vec<CheckRequest>>);

impl MemoryCheckQueue {
    /// Takes all requests.
    pub fn take(&self) -> Vec<CheckRequest> {
        std::mem::take(&mut lock(&self.0))
    }
}

#[async_trait]
impl CheckQueue for MemoryCheckQueue {
    async fn send(&self, request: &CheckRequest) -> Result<(), StoreError> {
        lock(&self.0).push(request.clone());
        Ok(())
    }
}

/// Targets by their URL. Others work. Panics if a host is asked twice at the same time.
pub struct MemoryTargets {
    answers: Mutex<HashMap<String, Asked>>,
    asked: Mutex<Vec<String>>,
    open: Mutex<HashSet<String>>,
    most_open: AtomicUsize,
    clock: Arc<FixedClock>,
    seconds: AtomicI64,
}

impl MemoryTargets {
    fn new(clock: Arc<FixedClock>) -> Self {
        Self {
            answers: Mutex::default(),
            asked: Mutex::default(),
            open: Mutex::default(),
            most_open: AtomicUsize::new(0),
            clock,
            seconds: AtomicI64::new(0),
        }
    }

    /// Sets the answer of the own host of `url`.
    pub fn put(&self, url: &str, answer: Result<u16, FetchError>) {
        self.put_asked(url, Asked { answer, is_of_own_host: true });
    }

    /// Sets what comes of asking for `url`.
    pub fn put_asked(&self, url: &str, asked: Asked) {
        lock(&self.answers).insert(url.to_owned(), asked);
    }

    /// Makes each answer take so many seconds.
    pub fn slow_down(&self, seconds: i64) {
        self.seconds.store(seconds, Ordering::SeqCst);
    }

    /// Takes the URLs that were asked for, in their order.
    pub fn take_asked(&self) -> Vec<String> {
        std::mem::take(&mut lock(&self.asked))
    }

    /// Returns the greatest number of hosts that were asked at the same time.
    pub fn most_at_once(&self) -> usize {
        self.most_open.load(Ordering::SeqCst)
    }
}

#[async_trait]
impl AskTarget for MemoryTargets {
    async fn ask(&self, url: &TargetUrl) -> Asked {
        let host = url::Url::parse(url.as_str()).ok().and_then(|url| Some(url.host_str()?.to_owned()));
        let host = host.unwrap_or_default();
        lock(&self.asked).push(url.to_string());
        let open = {
            let mut open = lock(&self.open);
            assert!(open.insert(host.clone()), "{host} is asked twice at the same time");
            open.len()
        };
        self.most_open.fetch_max(open, Ordering::SeqCst);
        yield_once().await;
        self.clock.advance(self.seconds.load(Ordering::SeqCst));
        lock(&self.open).remove(&host);
        lock(&self.answers).get(url.as_str()).cloned().unwrap_or(Asked { answer: Ok(200), is_of_own_host: true })
    }
}
