//! Defines a run of checks as it is stored.

use serde::{Deserialize, Serialize};

use crate::jobs::lease::Lease;
use crate::links::link::Link;
use crate::links::ports::ShardPlace;
use crate::links::target_check::CheckRun;
use crate::values::timestamp::Timestamp;
use crate::values::workspace::WorkspaceId;

/// A run of checks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckJob {
    /// The day that it is for.
    pub run: CheckRun,
    /// The only workspace whose links it checks; all if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub only: Option<WorkspaceId>,
    /// Its status.
    pub status: CheckJobStatus,
    /// When it began.
    pub started_at: Timestamp,
    /// When it last got on.
    pub progressed_at: Timestamp,
    /// When it became final.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finished_at: Option<Timestamp>,
    /// Why it failed, in words for a person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// How far it is.
    pub place: CheckPlace,
    /// What it has done so far. What a crash repeats counts twice.
    pub counts: CheckCounts,
    /// The lease of the invocation that works on it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lease: Option<Lease>,
    /// The number of runs before it. Runs take turns with the targets that they look up.
    #[serde(default)]
    pub number: u64,
    /// How many links the last finished run looked at.
    #[serde(default)]
    pub links_before: u64,
    /// The number of the message by which it goes on. Each handover sends the next; earlier ones have no effect.
    #[serde(default)]
    pub turn: u32,
    /// Counts the writes. A write succeeds only if the store holds the revision before it.
    pub revision: u64,
}

/// The status of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CheckJobStatus {
    /// It goes on.
    Running,
    /// It has checked all links.
    Succeeded,
    /// It was given up.
    Failed,
}

/// A place among the links of the workspaces.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckPlace {
    /// The workspace that is being checked, or was last; `None` before the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workspace: Option<WorkspaceId>,
    /// The shard of it that is being checked; [`Link::LIST_SHARDS`] after the last.
    pub shard: u8,
    /// The last link of the shard that was checked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<ShardPlace>,
}

/// What a run has done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckCounts {
    /// Links that it has looked at.
    pub links: u64,
    /// Targets that it has asked.
    pub targets: u64,
    /// Links whose target fails.
    pub failing: u64,
    /// Links whose target became broken.
    pub newly_broken: u64,
    /// Links whose target works again.
    pub recovered: u64,
    /// URLs that it has looked up, to learn whether they are unsafe.
    #[serde(default)]
    pub lookups: u64,
    /// Links with an unsafe target.
    #[serde(default)]
    pub unsafe_links: u64,
}

impl CheckJob {
    /// How long a run that does not get on keeps the next one from beginning, in seconds. Its message may wait for hours while
    /// functions are throttled; after four days its queue forgets it.
    pub const STALE_SECONDS: i64 = 4 * 24 * 3600;

    /// Makes a run that begins at `now`, after the run `before`.
    pub fn new(run: CheckRun, only: Option<WorkspaceId>, before: Option<&Self>, now: Timestamp) -> Self {
        let place = match &only {
            Some(workspace) => CheckPlace { workspace: Some(workspace.clone()), shard: 0, after: None },
            None => CheckPlace { workspace: None, shard: Link::LIST_SHARDS, after: None },
        };
        Self {
            run,
            only,
            status: CheckJobStatus::Running,
            started_at: now,
            progressed_at: now,
            finished_at: None,
            error: None,
            place,
            counts: CheckCounts::default(),
            lease: None,
            number: before.map_or(0, |before| before.number + 1),
            links_before: before.map_or(0, |before| match before.status {
                CheckJobStatus::Succeeded => before.counts.links,
                _ => before.links_before.max(before.counts.links),
            }),
            turn: 0,
            revision: before.map_or(0, |before| before.revision + 1),
        }
    }

    /// Tells whether it goes on, and got on lately at `now`.
    pub fn is_alive(&self, now: Timestamp) -> bool {
        self.status == CheckJobStatus::Running && now < self.progressed_at.plus_seconds(Self::STALE_SECONDS)
    }

    /// Returns until when another invocation than `owner` holds the run, if one does at `now`.
    pub fn held_until(&self, owner: &str, now: Timestamp) -> Option<Timestamp> {
        self.lease.as_ref().and_then(|lease| lease.held_until(owner, now))
    }

    /// Returns the run under `lease`, to go on in the turn `turn`.
    pub fn leased(&self, lease: Lease, turn: u32) -> Self {
        Self { lease: Some(lease), turn, ..self.next() }
    }

    /// Returns the run at `place`, where it is at `now`.
    pub fn progressed(&self, place: CheckPlace, counts: CheckCounts, now: Timestamp) -> Self {
        Self { place, counts, progressed_at: now, ..self.next() }
    }

    /// Returns the run without its lease: another invocation may go on at once.
    pub fn released(&self) -> Self {
        Self { lease: None, ..self.next() }
    }

    /// Returns the run as done.
    pub fn succeeded(&self, now: Timestamp) -> Self {
        self.ended(CheckJobStatus::Succeeded, None, now)
    }

    /// Returns the run as failed, for the reason `error`.
    pub fn failed(&self, error: String, now: Timestamp) -> Self {
        self.ended(CheckJobStatus::Failed, Some(error), now)
    }

    fn ended(&self, status: CheckJobStatus, error: Option<String>, now: Timestamp) -> Self {
        Self { status, error, finished_at: Some(now), lease: None, ..self.next() }
    }

    fn next(&self) -> Self {
        Self { revision: self.revision + 1, ..self.clone() }
    }
}
