//! Defines an import as it is stored, and its states.

use serde::{Deserialize, Serialize};

use super::counts::Counts;
use super::id::ImportId;
use super::object_key::upload_key;
use super::options::ImportOptions;
use super::part::{Checkpoint, Part, PartProgress};
use super::plan::{Halt, Plan};
use crate::imports::rows::{Format, Layout, Notes, RowPlace};
use crate::jobs::lease::Lease;
use crate::values::timestamp::Timestamp;
use crate::values::workspace::WorkspaceId;

/// The status of an import.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub enum ImportStatus {
    /// The file has not been uploaded yet.
    AwaitingUpload,
    /// Rows are being loaded, or will be again after a failure.
    Running,
    /// Every row became a link or was one already. If `counts.warned` is not 0, the report says what some links lack.
    Succeeded,
    /// Every row was read; some did not become links. They are in the report.
    SucceededWithErrors,
    /// The file could not be loaded to its end; the import's `error` says why.
    Failed,
    /// Its owner stopped it. Links that were loaded before stay.
    Cancelled,
}

impl ImportStatus {
    /// Tells whether the status never changes again.
    pub fn is_final(self) -> bool {
        !matches!(self, Self::AwaitingUpload | Self::Running)
    }
}

/// Ends the origin of a link that existed before the import.
const OVERWROTE: &str = "#overwrote";

/// An import as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Import {
    /// Its id.
    pub id: ImportId,
    /// The workspace that owns it and its links.
    pub workspace: WorkspaceId,
    /// Its status.
    pub status: ImportStatus,
    /// The key of its file in the bucket.
    pub object_key: String,
    /// The owner's name for the file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filename: Option<String>,
    /// The format that was recognised.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub format: Option<Format>,
    /// The outcomes of the rows so far.
    pub counts: Counts,
    /// How many bytes of the file are done.
    pub bytes_done: u64,
    /// The size of the file in bytes: first as announced, then as uploaded.
    pub bytes_total: u64,
    /// Why it failed, in words for a person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// When it was requested, or its file was found.
    pub created_at: Timestamp,
    /// When loading began. It is the creation time of its links, also of those that a later attempt writes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at: Option<Timestamp>,
    /// When it became final.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finished_at: Option<Timestamp>,
    /// The content of the object that is being loaded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub etag: Option<String>,
    /// Remarks on the file for its owner. They do not make a row invalid.
    #[serde(default)]
    pub notes: Notes,
    /// The options of the request.
    #[serde(default)]
    pub options: ImportOptions,
    /// The lease of the invocation that plans it.
    #[serde(rename = "claim", default, skip_serializing_if = "Option::is_none")]
    pub lease: Option<Lease>,
    /// How its file is divided, once that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan: Option<Plan>,
    /// Why its parts must stop, if they must.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub halt: Option<Halt>,
    /// Whether all parts have ended and the report is written. A closed import never changes again.
    #[serde(default)]
    pub closed: bool,
    /// Counts the writes. A write succeeds only if the store holds the revision before it.
    pub revision: u64,
}

/// Why an import cannot be loaded now.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LeaseRefused {
    /// The import is final.
    #[error("the import is finished")]
    Finished,
    /// Another invocation holds the lease. If that one crashes, its own retry goes on.
    #[error("another invocation loads the import until {until}")]
    Held {
        /// When that invocation ends at the latest.
        until: Timestamp,
    },
}

impl Import {
    /// How long an import waits for its file before its record may be deleted, in seconds.
    pub const AWAITING_SECONDS: i64 = 7 * 24 * 3600;
    /// The greatest length of a file's name, in characters.
    pub const MAX_FILENAME_CHARS: usize = 255;

    /// Makes an import that waits for a file at [`upload_key`].
    pub fn awaiting(
        id: ImportId,
        workspace: WorkspaceId,
        filename: Option<String>,
        bytes_total: u64,
        now: Timestamp,
    ) -> Self {
        Self {
            object_key: upload_key(&workspace, &id),
            id,
            workspace,
            status: ImportStatus::AwaitingUpload,
            filename,
            format: None,
            counts: Counts::default(),
            bytes_done: 0,
            bytes_total,
            error: None,
            created_at: now,
            started_at: None,
            finished_at: None,
            etag: None,
            notes: Notes::default(),
            options: ImportOptions::default(),
            lease: None,
            plan: None,
            halt: None,
            closed: false,
            revision: 0,
        }
    }

    /// Tells whether the API created the import. Otherwise its file was put straight into the bucket.
    pub fn is_requested(&self) -> bool {
        self.object_key == upload_key(&self.workspace, &self.id)
    }

    /// Returns the key that sorts a workspace's imports by creation.
    pub fn list_key(&self) -> String {
        format!("{}#{}", self.created_at, self.id)
    }

    /// Returns the origin of the link that row `number` writes; see [`crate::links::link::Link::origin`].
    pub fn origin(&self, number: u64) -> String {
        format!("{}#{number}", self.id)
    }

    /// Returns when the record may be deleted, if it may.
    pub fn expires_at(&self) -> Option<Timestamp> {
        (self.status == ImportStatus::AwaitingUpload).then(|| self.created_at.plus_seconds(Self::AWAITING_SECONDS))
    }

    /// Returns the row of this import that wrote a link with `origin`, and whether it overwrote a link from before the import.
    pub fn row_of(&self, origin: &str) -> Option<(u64, bool)> {
        let rest = origin.strip_prefix(self.id.as_str())?.strip_prefix('#')?;
        let (row, overwrote) = rest.strip_suffix(OVERWROTE).map_or((rest, false), |row| (row, true));
        row.parse().ok().map(|row| (row, overwrote))
    }

    /// Returns the origin of a link that the row with `origin` overwrote.
    pub fn overwriting(origin: &str) -> String {
        format!("{origin}{OVERWROTE}")
    }

    /// Tells whether neither its links nor its report will be written again.
    pub fn is_closed(&self) -> bool {
        self.status.is_final() && (self.closed || self.halt.is_none())
    }

    /// Returns the import under `lease`, to plan the object with `etag` and `size`. The `etag` of an earlier attempt stays, so
    /// that the two can be compared.
    pub fn leased(&self, lease: Lease, etag: &str, size: u64, now: Timestamp) -> Result<Self, LeaseRefused> {
        if self.status.is_final() {
            return Err(LeaseRefused::Finished);
        }
        if let Some(until) = self.lease.as_ref().and_then(|held| held.held_until(&lease.owner, now)) {
            return Err(LeaseRefused::Held { until });
        }
        let mut next = self.next();
        next.status = ImportStatus::Running;
        next.started_at = Some(self.started_at.unwrap_or(now));
        next.lease = Some(lease);
        next.etag = Some(self.etag.clone().unwrap_or_else(|| etag.to_owned()));
        next.bytes_total = size;
        Ok(next)
    }

    /// Makes the part `number` of its plan, or of a new one, from `start` to the byte `end`.
    pub fn plan_part(&self, number: u32, start: RowPlace, end: u64, now: Timestamp) -> Part {
        Part {
            import: self.id.clone(),
            workspace: self.workspace.clone(),
            plan: self.plan.as_ref().map_or(self.revision, |plan| plan.number),
            number,
            start,
            end,
            created_at: now,
            pass: 1,
            checkpoint: Checkpoint { place: start, counts: Counts::default(), report: Vec::new() },
            shown: PartProgress::default(),
            format: None,
            notes: Notes::default(),
            contested: false,
            failed: None,
            fruitless: 0,
            done: false,
            lease: None,
            revision: 0,
        }
    }

    /// Returns the import with a plan whose parts are still being found, under the same lease. The plan's number is the revision of
    /// this import.
    pub fn dividing(&self, layout: Layout) -> Self {
        let plan = Plan { number: self.revision, parts: None, layout: Some(layout), pass: 1, from: 0 };
        let format = plan.layout.as_ref().map(Layout::format);
        Self { plan: Some(plan), format, ..self.next() }
    }

    /// Tells whether the parts of its file are still being found, while some of them may be loaded already.
    pub fn is_dividing(&self) -> bool {
        self.plan.as_ref().is_some_and(|plan| !plan.is_complete())
    }

    /// Returns the import with a complete plan of `parts` parts: the one that it has, or a new one.
    pub fn planned(&self, parts: u32, layout: Option<Layout>) -> Self {
        let new = Plan { number: self.revision, parts: None, layout, pass: 1, from: 0 };
        let plan = Plan { parts: Some(parts), ..self.plan.clone().unwrap_or(new) };
        let format = plan.layout.as_ref().map(Layout::format);
        Self { plan: Some(plan), lease: None, format, ..self.next() }
    }

    /// Returns the import in its next pass, which loads the parts from `from` on once more.
    pub fn with_another_pass(&self, from: u32) -> Self {
        let plan = self.plan.clone().map(|plan| Plan { pass: plan.pass + 1, from, ..plan });
        Self { plan, ..self.next() }
    }

    /// Returns the import whose parts must stop. A cancelled import is final for its owner at once.
    pub fn halted(&self, halt: Halt, now: Timestamp) -> Self {
        let mut next = self.next();
        if halt == Halt::Cancelled {
            next.status = ImportStatus::Cancelled;
            next.finished_at = Some(now);
            // No invocation has begun.
            next.closed = self.plan.is_none() && self.lease.is_none();
        }
        next.halt = Some(halt);
        next
    }

    /// Returns the import as failed for `reason`, final for its owner at once. Its parts must still stop.
    pub fn given_up(&self, reason: String, now: Timestamp) -> Self {
        let (error, finished_at) = (Some(reason.clone()), Some(now));
        Self { status: ImportStatus::Failed, error, finished_at, ..self.halted(Halt::Failed(reason), now) }
    }

    /// Returns the closed import, with the results of its `parts`.
    pub fn closed(&self, parts: &[Part], now: Timestamp) -> Self {
        let mut next = self.next();
        next.counts = parts.iter().map(|part| part.shown.counts).sum();
        next.bytes_done = parts.iter().map(|part| part.shown.bytes).sum::<u64>().min(self.bytes_total);
        next.format = self.format.or_else(|| parts.iter().find_map(|part| part.format));
        parts.iter().for_each(|part| next.notes.merge(&part.notes));
        next.status = match (&self.halt, next.counts.refused()) {
            (Some(Halt::Cancelled), _) => ImportStatus::Cancelled,
            (Some(Halt::Failed(_)), _) => ImportStatus::Failed,
            (None, 0) => ImportStatus::Succeeded,
            (None, _) => ImportStatus::SucceededWithErrors,
        };
        if let Some(Halt::Failed(reason)) = &self.halt {
            next.error = Some(reason.clone());
        }
        next.finished_at = Some(self.finished_at.unwrap_or(now));
        next.lease = None;
        next.closed = true;
        next
    }

    /// Returns the import with the progress of its `parts`, while they are being loaded.
    pub fn with_progress(mut self, parts: &[Part]) -> Self {
        self.counts = parts.iter().map(|part| part.shown.counts).sum();
        self.bytes_done = parts.iter().map(|part| part.shown.bytes).sum::<u64>().min(self.bytes_total);
        self.format = self.format.or_else(|| parts.iter().find_map(|part| part.format));
        self
    }

    /// Returns the import without its lease: another invocation may go on at once.
    pub fn released(&self) -> Self {
        Self { lease: None, ..self.next() }
    }

    fn next(&self) -> Self {
        Self { revision: self.revision + 1, ..self.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::Clock;
    use crate::testing::system::{FixedClock, SeededRandom};

    fn awaiting(clock: &FixedClock) -> Import {
        let id = ImportId::generate(clock, &SeededRandom::new(1));
        Import::awaiting(id, WorkspaceId::parse("acme").unwrap(), None, 10, clock.now())
    }

    fn lease(owner: &str, clock: &FixedClock) -> Lease {
        Lease { owner: owner.to_owned(), attempt: 1, until: clock.now().plus_seconds(900) }
    }

    #[test]
    fn lease_admits_only_its_own_retry_until_it_ends() {
        let clock = FixedClock::at("2026-01-01T00:00:00Z");
        let running = awaiting(&clock).leased(lease("r1", &clock), "e1", 10, clock.now()).unwrap();
        clock.advance(899);
        assert!(running.leased(lease("r1", &clock), "e1", 10, clock.now()).is_ok());
        assert!(matches!(running.leased(lease("r2", &clock), "e1", 10, clock.now()), Err(LeaseRefused::Held { .. })));
        clock.advance(1);
        assert!(running.leased(lease("r2", &clock), "e1", 10, clock.now()).is_ok());
    }

    #[test]
    fn released_import_can_be_leased_at_once() {
        let clock = FixedClock::at("2026-01-01T00:00:00Z");
        let running = awaiting(&clock).leased(lease("r1", &clock), "e1", 10, clock.now()).unwrap();
        assert!(running.released().leased(lease("r2", &clock), "e1", 10, clock.now()).is_ok());
    }

    #[test]
    fn final_import_cannot_be_leased() {
        let clock = FixedClock::at("2026-01-01T00:00:00Z");
        let done = awaiting(&clock).closed(&[], clock.now());
        assert_eq!(done.status, ImportStatus::Succeeded);
        assert_eq!(done.leased(lease("r1", &clock), "e1", 10, clock.now()), Err(LeaseRefused::Finished));
    }

    #[test]
    fn origin_tells_the_row_of_a_link() {
        let clock = FixedClock::at("2026-01-01T00:00:00Z");
        let import = awaiting(&clock);
        let origin = import.origin(7);
        assert_eq!(import.row_of(&origin), Some((7, false)));
        assert_eq!(import.row_of(&Import::overwriting(&origin)), Some((7, true)));
        for other in ["", "key#7", &format!("{}#x", import.id), &format!("{}0#7", import.id)] {
            assert_eq!(import.row_of(other), None, "{other}");
        }
    }

    #[test]
    fn later_attempt_keeps_the_start_time() {
        let clock = FixedClock::at("2026-01-01T00:00:00Z");
        let first = awaiting(&clock).leased(lease("r1", &clock), "e1", 10, clock.now()).unwrap();
        clock.advance(60);
        let second = first.leased(lease("r1", &clock), "e1", 10, clock.now()).unwrap();
        assert_eq!(second.started_at, first.started_at);
        assert_eq!(second.revision, first.revision + 1);
    }
}
