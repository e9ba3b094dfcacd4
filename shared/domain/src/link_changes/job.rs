//! Defines a job that changes links as it is stored, and its states.

use serde::{Deserialize, Serialize};

use super::id::LinkChangeId;
use crate::access::key::{Caller, Role};
use crate::access::scope::Scope;
use crate::jobs::lease::Lease;
use crate::jobs::open_to::SeenJob;
use crate::links::ports::ShardPlace;
use crate::values::timestamp::Timestamp;
use crate::values::workspace::WorkspaceId;

/// The status of a job that changes links.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub enum LinkChangeStatus {
    /// The job is queued.
    Waiting,
    /// Links are being selected or changed, or will be again after a failure.
    Running,
    /// Every selected link is as the job wants it.
    Succeeded,
    /// The job is done, but some links failed or were in conflict: the results name them.
    SucceededWithErrors,
    /// The job was given up; its `error` says why. What it has changed stays changed.
    Failed,
    /// Someone cancelled the job. What it has changed stays changed.
    Cancelled,
}

impl LinkChangeStatus {
    /// Tells whether the status never changes again.
    pub fn is_final(self) -> bool {
        !matches!(self, Self::Waiting | Self::Running)
    }
}

/// What a job does to each link.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Action {
    /// Changes it.
    Change {
        /// The changes as the request had them, as JSON.
        change: String,
    },
    /// Deletes it.
    Delete,
    /// Brings back its state from before another job.
    Undo {
        /// The other job.
        of: LinkChangeId,
    },
}

/// Which links a job works on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Selection {
    /// Those that the request named. Their list is in the bucket.
    Links {
        /// Their number.
        count: u64,
    },
    /// Those that pass a filter while the job selects links.
    Filter {
        /// The filter as the request had it, as JSON.
        filter: String,
    },
    /// Those that another job has changed.
    OfJob,
}

/// How many links had which result.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct LinkChangeCounts {
    /// Links that were selected so far.
    pub selected: u64,
    /// Links that were changed, deleted or restored; in a dry run those that would be.
    pub changed: u64,
    /// Links that were as the job wants them already.
    pub unchanged: u64,
    /// Links that others changed at the wrong time. The job left them alone.
    pub conflicts: u64,
    /// Links that could not be changed.
    pub failed: u64,
}

/// Where the selection of links goes on.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Selecting {
    /// The shard of the list of links, or the chunk of the job to undo.
    pub part: u32,
    /// The last link of the shard that was looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<ShardPlace>,
}

/// How far a job is. The next invocation goes on here.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// Where the selection goes on; `None` once all chunks are known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub selecting: Option<Selecting>,
    /// The version of each chunk's file that counts.
    #[serde(default)]
    pub chunks: Vec<u64>,
    /// How many of the first chunks have the results of all their links.
    #[serde(default)]
    pub done: usize,
    /// Whether the chunk after those has the states of its links, and some may be changed.
    #[serde(default)]
    pub journaled: bool,
}

/// What happens to the definition of a tag once the job is done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum TagEnd {
    /// It gets another name, unless that has a definition of its own.
    Rename {
        /// The tag that the job renames.
        from: String,
        /// Its new name.
        to: String,
    },
    /// It is forgotten.
    Delete {
        /// The tag that the job removes.
        tag: String,
    },
}

/// A job that changes links, as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LinkChange {
    /// Its id.
    pub id: LinkChangeId,
    /// The workspace whose links it changes.
    pub workspace: WorkspaceId,
    /// Its status.
    pub status: LinkChangeStatus,
    /// What it does to each link.
    pub action: Action,
    /// Which links it works on.
    pub selection: Selection,
    /// What happens to the definition of a tag at the end, if the job renames or removes one for good.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tag: Option<TagEnd>,
    /// Whether it only tells what it would do.
    #[serde(default)]
    pub dry_run: bool,
    /// The results so far.
    pub counts: LinkChangeCounts,
    /// Why it failed, in words for a person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// Who requested it, as [`crate::links::link::Link::created_by`].
    pub created_by: String,
    /// Which links of the workspace it may reach: those of the key that requested it.
    #[serde(default, skip_serializing_if = "Scope::is_whole")]
    pub scope: Scope,
    /// When it was requested.
    pub created_at: Timestamp,
    /// When an invocation first worked on it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at: Option<Timestamp>,
    /// When it became final.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finished_at: Option<Timestamp>,
    /// Whether someone wants it to end.
    #[serde(default)]
    pub cancelling: bool,
    /// The lease of the invocation that works on it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lease: Option<Lease>,
    /// How far it is.
    #[serde(default)]
    pub progress: Progress,
    /// The number of the message by which it goes on. Each handover sends the next; earlier ones have no effect.
    #[serde(default)]
    pub turn: u32,
    /// Counts the writes. A write succeeds only if the store holds the revision before it.
    pub revision: u64,
}

impl SeenJob for LinkChange {
    type Id = LinkChangeId;
    fn id(&self) -> LinkChangeId {
        self.id.clone()
    }
    fn is_open_to(&self, caller: &Caller) -> bool {
        self.workspace == caller.workspace && (caller.scope.is_whole() || self.created_by == caller.key_id)
    }
}

impl LinkChange {
    /// The greatest number of links that one job changes.
    pub const MAX_LINKS: u64 = 1_000_000;
    /// How much longer than its files the record is kept, in seconds.
    pub const KEPT_SECONDS: i64 = 30 * 24 * 3600;

    /// Returns the caller that changes the links: the job itself, within the limits of the key that requested it.
    pub(super) fn worker(&self) -> Caller {
        let caller = Caller::new(self.workspace.clone(), Role::Editor, self.id.to_string());
        Caller { scope: self.scope.clone(), ..caller }
    }

    /// Returns the beginning of the keys of its files in the bucket.
    pub fn file_prefix(&self) -> String {
        format!("link-changes/{}/{}/", self.workspace, self.id)
    }

    /// Returns the key of a chunk's file.
    pub fn chunk_key(&self, index: usize, version: u64) -> String {
        format!("{}{index:06}-{version}.jsonl", self.file_prefix())
    }

    /// Returns the key of the list of ids that the request named.
    pub fn ids_key(&self) -> String {
        format!("{}ids.json", self.file_prefix())
    }

    /// Returns the index and the version of the chunks that have results, and of the one that was interrupted if the job has ended.
    pub fn readable_chunks(&self) -> usize {
        let interrupted = self.progress.journaled && self.status.is_final();
        (self.progress.done + usize::from(interrupted)).min(self.progress.chunks.len())
    }

    /// Returns until when another invocation than `owner` holds the job, if one does at `now`.
    pub fn held_until(&self, owner: &str, now: Timestamp) -> Option<Timestamp> {
        self.lease.as_ref().and_then(|lease| lease.held_until(owner, now))
    }

    /// Returns the job under `lease`, to go on in the turn `turn` at `now`.
    pub fn leased(&self, lease: Lease, turn: u32, now: Timestamp) -> Self {
        let started_at = self.started_at.or(Some(now));
        Self { status: LinkChangeStatus::Running, lease: Some(lease), turn, started_at, ..self.next() }
    }

    /// Returns the job with this progress and these counts.
    pub fn progressed(&self, progress: Progress, counts: LinkChangeCounts) -> Self {
        Self { progress, counts, ..self.next() }
    }

    /// Returns the job without its lease: another invocation may go on at once.
    pub fn released(&self) -> Self {
        Self { lease: None, ..self.next() }
    }

    /// Returns the job as one that someone wants to end.
    pub fn to_cancel(&self) -> Self {
        Self { cancelling: true, ..self.next() }
    }

    /// Returns the job as done: all chunks have their results.
    pub fn succeeded(&self, now: Timestamp) -> Self {
        let status = match (self.counts.failed, self.counts.conflicts) {
            (0, 0) => LinkChangeStatus::Succeeded,
            _ => LinkChangeStatus::SucceededWithErrors,
        };
        self.ended(status, None, now)
    }

    /// Returns the job as cancelled.
    pub fn cancelled(&self, now: Timestamp) -> Self {
        self.ended(LinkChangeStatus::Cancelled, None, now)
    }

    /// Returns the job as failed, for the reason `error`.
    pub fn failed(&self, error: String, now: Timestamp) -> Self {
        self.ended(LinkChangeStatus::Failed, Some(error), now)
    }

    fn ended(&self, status: LinkChangeStatus, error: Option<String>, now: Timestamp) -> Self {
        Self { status, error, finished_at: Some(now), lease: None, ..self.next() }
    }

    fn next(&self) -> Self {
        Self { revision: self.revision + 1, ..self.clone() }
    }
}
