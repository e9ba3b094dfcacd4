//! Declares what checks of targets need from outside.

use std::sync::Arc;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::job::CheckJob;
use crate::blocking::ports::{BlockListReader, BlockListWriter};
use crate::jobs::timer::Timer;
use crate::links::ports::{LinkReader, LinkShards, LinkWriter};
use crate::links::target_check::CheckRun;
use crate::pages::ports::FetchError;
use crate::ports::Clock;
use crate::target_safety::guard::TargetGuard;
use crate::values::error::StoreError;
use crate::values::target::TargetUrl;
use crate::values::workspace::WorkspaceId;
use crate::workspaces::ports::SettingsReader;

/// Asks servers that nobody trusts whether they have a page.
#[async_trait]
pub trait AskTarget: Send + Sync {
    /// Asks for `url`, in bounded time and memory, at public addresses only. Follows redirects, and reads no page.
    async fn ask(&self, url: &TargetUrl) -> Asked;
}

/// What came of asking for a target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// The status of the last answer, or why there is none.
    pub answer: Result<u16, FetchError>,
    /// Whether that is the answer of the target's own host, rather than of one that it redirects to.
    pub is_of_own_host: bool,
}

/// Keeps the newest run of all workspaces, and that of each one.
#[async_trait]
pub trait CheckJobStore: Send + Sync {
    /// Returns the newest run of `only` this workspace, or of all, as it was last written.
    async fn get(&self, only: Option<&WorkspaceId>) -> Result<Option<CheckJob>, StoreError>;
    /// Writes `next` in place of the revision before it, or as the first if its revision is 0; returns `false` if the stored one is
    /// another. Returns `true` if the store holds `next` already: the answer to an earlier call may have been lost.
    async fn replace(&self, next: &CheckJob) -> Result<bool, StoreError>;
}

/// The message by which a run goes on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckRequest {
    /// The run.
    pub check_run: CheckRun,
    /// The only workspace that it is for; all if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workspace: Option<WorkspaceId>,
    /// The run's turn, [`CheckJob::turn`], for which it was sent.
    pub turn: u32,
}

impl CheckRequest {
    /// Makes the message by which a run goes on in its present turn.
    pub fn of(job: &CheckJob) -> Self {
        Self { check_run: job.run.clone(), workspace: job.only.clone(), turn: job.turn }
    }

    /// Makes the message by which the run `job`, that this message worked on, goes on.
    pub fn next(job: &CheckJob) -> Self {
        Self { turn: job.turn + 1, ..Self::of(job) }
    }
}

/// Queues slices of runs.
#[async_trait]
pub trait CheckQueue: Send + Sync {
    /// Queues `request`, which is delivered at least once.
    async fn send(&self, request: &CheckRequest) -> Result<(), StoreError>;
}

/// Lists the workspaces that have links.
#[async_trait]
pub trait WorkspaceList: Send + Sync {
    /// Returns the first workspace after `after`, in the order of their names.
    async fn next(&self, after: Option<&WorkspaceId>) -> Result<Option<WorkspaceId>, StoreError>;
}

/// What a run needs to find unsafe targets.
#[derive(Clone)]
pub struct TargetSafety {
    /// Knows them.
    pub guard: Arc<TargetGuard>,
    /// Tells which targets are blocked.
    pub blocked: Arc<dyn BlockListReader>,
    /// Blocks targets.
    pub blocker: Arc<dyn BlockListWriter>,
    /// The most URLs that a run looks up. Each costs money.
    pub lookups_per_run: u64,
}

/// What a run needs from outside.
#[derive(Clone)]
pub struct CheckPorts {
    /// Keeps runs.
    pub jobs: Arc<dyn CheckJobStore>,
    /// Queues the next slice.
    pub queue: Arc<dyn CheckQueue>,
    /// Lists workspaces.
    pub workspaces: Arc<dyn WorkspaceList>,
    /// Tells what a workspace wants of broken targets.
    pub settings: Arc<dyn SettingsReader>,
    /// Reads all links of a workspace.
    pub shards: Arc<dyn LinkShards>,
    /// Reads a link before it is written.
    pub reader: Arc<dyn LinkReader>,
    /// Writes what a check finds.
    pub writer: Arc<dyn LinkWriter>,
    /// Knows unsafe targets, and keeps visitors from them, if the stack asks.
    pub safety: Option<TargetSafety>,
    /// Asks targets.
    pub targets: Arc<dyn AskTarget>,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Waits between two requests to a host.
    pub timer: Arc<dyn Timer>,
}
