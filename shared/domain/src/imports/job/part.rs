//! A part of an import: rows between two places of the file, loaded by one invocation after the other.

use serde::{Deserialize, Serialize};

use super::counts::Counts;
use super::id::ImportId;
use super::plan::Plan;
use crate::imports::rows::{Format, Notes, RowPlace};
use crate::jobs::lease::Lease;
use crate::values::timestamp::Timestamp;
use crate::values::workspace::WorkspaceId;

/// What of a part is settled for good: whoever loads it next begins here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checkpoint {
    /// Where the next row begins.
    pub place: RowPlace,
    /// What became of the rows before it.
    pub counts: Counts,
    /// Where their lines of the report are: of each claim, by the revision it was made with, how many pieces it wrote.
    pub report: Vec<(u64, u32)>,
}

/// What of a part is to be seen: ahead of the checkpoint while it is being loaded.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shown {
    /// What became of the rows.
    pub counts: Counts,
    /// How many bytes of the part are settled.
    pub bytes: u64,
}

/// A part of an import as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// The import.
    pub import: ImportId,
    /// Its workspace.
    pub workspace: WorkspaceId,
    /// The number of the plan that it belongs to.
    pub plan: u64,
    /// Its own number, 0 for the first.
    pub number: u32,
    /// Where its first row begins.
    pub start: RowPlace,
    /// Where it ends: the byte behind its last row.
    pub end: u64,
    /// When it was planned.
    pub created_at: Timestamp,
    /// In which pass it is; see [`Plan::pass`].
    pub pass: u32,
    /// How far it is.
    pub checkpoint: Checkpoint,
    /// How far it looks.
    pub shown: Shown,
    /// What the file was recognised as.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub format: Option<Format>,
    /// What its owner should know about the file.
    #[serde(default)]
    pub notes: Notes,
    /// Whether a row took the place of a later one in this pass, so that what became of others may have to be told anew.
    #[serde(default)]
    pub contested: bool,
    /// Why it failed, for a person. Then its import fails.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failed: Option<String>,
    /// Whether it is at its end, or will not come to it.
    #[serde(default)]
    pub done: bool,
    /// Who loads it.
    #[serde(rename = "claim", default, skip_serializing_if = "Option::is_none")]
    pub lease: Option<Lease>,
    /// Counts the writes: each is made on the condition that the one before it is the last.
    pub revision: u64,
}

impl Part {
    /// For how long a part is kept, in seconds since it was planned.
    pub const KEPT_SECONDS: i64 = 60 * 24 * 3600;

    /// The key of a piece of this part's report, until the report is put together: the `piece`th that was written under the
    /// lease which made the part's `revision`.
    pub(in crate::imports) fn piece_key(&self, revision: u64, piece: u32) -> String {
        let Self { workspace, import, plan, number, .. } = self;
        format!("reports/{workspace}/{import}/{plan}-{number}-{revision}-{piece}.jsonl")
    }

    /// Whether its outcome stands as far as `plan` is now.
    pub fn is_settled(&self, plan: &Plan) -> bool {
        self.done && !self.lags_behind(plan)
    }

    /// Whether it must be loaded once more.
    pub fn lags_behind(&self, plan: &Plan) -> bool {
        self.number >= plan.from && self.pass < plan.pass
    }

    /// Until when somebody else than `owner` has it.
    pub fn held_until(&self, owner: &str, now: Timestamp) -> Option<Timestamp> {
        self.lease.as_ref().and_then(|lease| lease.held_until(owner, now))
    }

    /// The part as `claim` takes it over, at its checkpoint.
    pub fn leased(&self, lease: Lease) -> Self {
        let mut next = self.next();
        next.lease = Some(lease);
        next.shown.counts = self.checkpoint.counts;
        next
    }

    /// The part in the pass of `plan`, from its beginning.
    pub fn again(&self, plan: &Plan) -> Self {
        let mut next = self.next();
        next.pass = plan.pass;
        next.checkpoint = Checkpoint { place: self.start, counts: Counts::default(), report: Vec::new() };
        next.shown = Shown::default();
        next.contested = false;
        next.failed = None;
        next.done = false;
        next.lease = None;
        next
    }

    /// The part ended before its time, by somebody who does not load it.
    pub fn stopped(&self) -> Self {
        let mut next = self.next();
        next.done = true;
        next.lease = None;
        next.shown.counts = self.checkpoint.counts;
        next
    }

    /// The part given up by its owner.
    pub fn released(&self) -> Self {
        Self { lease: None, ..self.next() }
    }

    /// The next revision.
    pub(in crate::imports) fn next(&self) -> Self {
        Self { revision: self.revision + 1, ..self.clone() }
    }
}

/// Names a part: what is sent to whoever loads it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartId {
    /// The workspace of the import.
    pub workspace: WorkspaceId,
    /// The import.
    pub import: ImportId,
    /// The number of its plan.
    pub plan: u64,
    /// The part's number.
    pub part: u32,
}

impl From<&Part> for PartId {
    fn from(part: &Part) -> Self {
        let (workspace, import) = (part.workspace.clone(), part.import.clone());
        Self { workspace, import, plan: part.plan, part: part.number }
    }
}
