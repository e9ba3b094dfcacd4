//! Declares the ports of jobs that change links.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::id::LinkChangeId;
use super::job::LinkChange;
use crate::values::error::StoreError;
use crate::values::workspace::WorkspaceId;

/// Keeps the jobs.
#[async_trait]
pub trait LinkChangeStore: Send + Sync {
    /// Writes `job` if its id is free; returns whether it was.
    async fn create(&self, job: &LinkChange) -> Result<bool, StoreError>;
    /// Returns the job as it was last written.
    async fn get(&self, workspace: &WorkspaceId, id: &LinkChangeId) -> Result<Option<LinkChange>, StoreError>;
    /// Lists the `limit` newest jobs of the workspace that are older than `before`, the newest first.
    async fn newest(
        &self,
        workspace: &WorkspaceId,
        before: Option<&LinkChangeId>,
        limit: usize,
    ) -> Result<Vec<LinkChange>, StoreError>;
    /// Writes `next` in place of the revision before it; returns `false` if the stored one is another. Returns `true` if the
    /// store holds `next` already: the answer to an earlier call may have been lost.
    async fn replace(&self, next: &LinkChange) -> Result<bool, StoreError>;
}

/// The message that asks for a job to be worked on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LinkChangeRequest {
    /// The workspace.
    pub workspace: WorkspaceId,
    /// The job.
    pub link_change: LinkChangeId,
    /// The job's turn, [`LinkChange::turn`], for which it was sent.
    #[serde(default)]
    pub turn: u32,
}

impl LinkChangeRequest {
    /// Makes the first message of a new job.
    pub fn first(job: &LinkChange) -> Self {
        Self { workspace: job.workspace.clone(), link_change: job.id.clone(), turn: job.turn }
    }

    /// Makes the message by which `job`, that this message worked on, goes on.
    pub fn next(job: &LinkChange) -> Self {
        Self { turn: job.turn + 1, ..Self::first(job) }
    }
}

/// Queues jobs.
#[async_trait]
pub trait LinkChangeQueue: Send + Sync {
    /// Queues `request`, which is delivered at least once.
    async fn send(&self, request: &LinkChangeRequest) -> Result<(), StoreError>;
}
