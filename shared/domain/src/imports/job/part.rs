//! Defines a part of an import: the rows between two places of the file. One invocation after the other loads it.

use serde::{Deserialize, Serialize};

use super::counts::Counts;
use super::id::ImportId;
use super::plan::Plan;
use crate::imports::rows::{Format, Notes, RowPlace};
use crate::jobs::lease::Lease;
use crate::values::timestamp::Timestamp;
use crate::values::workspace::WorkspaceId;

/// The part of the work that is done for good. The next invocation begins here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checkpoint {
    /// Where the next row begins.
    pub place: RowPlace,
    /// The outcomes of the rows before it.
    pub counts: Counts,
    /// Where their report lines are: for each lease, the revision that made it and the number of pieces written under it.
    pub report: Vec<(u64, u32)>,
}

/// The progress that the API shows. While the part is being loaded, it is ahead of the checkpoint.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartProgress {
    /// The outcomes of the rows.
    pub counts: Counts,
    /// How many bytes of the part are done.
    pub bytes: u64,
}

/// A part of an import as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// The import.
    pub import: ImportId,
    /// Its workspace.
    pub workspace: WorkspaceId,
    /// The number of its plan.
    pub plan: u64,
    /// Its own number, 0 for the first.
    pub number: u32,
    /// Where its first row begins.
    pub start: RowPlace,
    /// Where it ends: the byte after its last row.
    pub end: u64,
    /// When it was planned.
    pub created_at: Timestamp,
    /// The pass that loads it; see [`Plan::pass`].
    pub pass: u32,
    /// The work that is done.
    pub checkpoint: Checkpoint,
    /// The progress that the API shows.
    pub shown: PartProgress,
    /// The format that was recognised.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub format: Option<Format>,
    /// Remarks on the file for its owner.
    #[serde(default)]
    pub notes: Notes,
    /// Whether a row took over the link of a later row in this pass. Then recorded outcomes of other rows may be wrong.
    #[serde(default)]
    pub contested: bool,
    /// Why it failed, in words for a person. Then its import fails.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failed: Option<String>,
    /// How many invocations one after the other had time enough and came to no new row.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub fruitless: u32,
    /// Whether it has ended, or must not go on.
    #[serde(default)]
    pub done: bool,
    /// The lease of the invocation that loads it.
    #[serde(rename = "claim", default, skip_serializing_if = "Option::is_none")]
    pub lease: Option<Lease>,
    /// Counts the writes. A write succeeds only if the store holds the revision before it.
    pub revision: u64,
}

impl Part {
    /// How long a part is kept, in seconds since it was planned.
    pub const KEPT_SECONDS: i64 = 60 * 24 * 3600;

    /// Returns the key of a piece of this part's report: the `piece`th that was written under the lease that made the part's
    /// `revision`. Closing the import joins the pieces.
    pub(in crate::imports) fn piece_key(&self, revision: u64, piece: u32) -> String {
        let Self { workspace, import, plan, number, .. } = self;
        format!("reports/{workspace}/{import}/{plan}-{number}-{revision}-{piece}.jsonl")
    }

    /// Tells whether it has ended and the pass of `plan` need not load it again.
    pub fn is_settled(&self, plan: &Plan) -> bool {
        self.done && !self.needs_reload(plan)
    }

    /// Tells whether the pass of `plan` must load it once more.
    pub fn needs_reload(&self, plan: &Plan) -> bool {
        self.number >= plan.from && self.pass < plan.pass
    }

    /// Returns until when another invocation than `owner` holds the part, if one does at `now`.
    pub fn held_until(&self, owner: &str, now: Timestamp) -> Option<Timestamp> {
        self.lease.as_ref().and_then(|lease| lease.held_until(owner, now))
    }

    /// Returns the part under `lease`, at its checkpoint.
    pub fn leased(&self, lease: Lease) -> Self {
        let mut next = self.next();
        next.lease = Some(lease);
        next.shown.counts = self.checkpoint.counts;
        next
    }

    /// Returns the part in the pass of `plan`, from its beginning.
    pub fn restarted(&self, plan: &Plan) -> Self {
        let mut next = self.next();
        next.pass = plan.pass;
        next.checkpoint = Checkpoint { place: self.start, counts: Counts::default(), report: Vec::new() };
        next.shown = PartProgress::default();
        next.contested = false;
        next.failed = None;
        next.fruitless = 0;
        next.done = false;
        next.lease = None;
        next
    }

    /// Returns the part ended early, at its checkpoint, by an invocation that does not load it.
    pub fn stopped(&self) -> Self {
        let mut next = self.next();
        next.done = true;
        next.lease = None;
        next.shown.counts = self.checkpoint.counts;
        next
    }

    /// Returns the part without its lease.
    pub fn released(&self) -> Self {
        Self { lease: None, ..self.next() }
    }

    /// Returns the part as its next revision.
    pub(in crate::imports) fn next(&self) -> Self {
        Self { revision: self.revision + 1, ..self.clone() }
    }
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde calls it")]
fn is_zero(count: &u32) -> bool {
    *count == 0
}

/// The id of a part, and the message that asks for it to be loaded.
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
