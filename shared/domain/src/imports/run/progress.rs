//! Tracks how far an invocation is with its part, and saves that on the way and at the end.

use super::stop::{EarlyEnd, Ended, Stop};
use crate::imports::job::counts::Counts;
use crate::imports::job::import::Import;
use crate::imports::job::part::{Checkpoint, Part, PartProgress};
use crate::imports::lease_part::release_part;
use crate::imports::load_ports::LoadImportPorts;
use crate::imports::rows::RowPlace;
use crate::imports::write::outcome::FilePosition;
use crate::jobs::delivery::Delivery;
use crate::values::error::StoreError;
use crate::values::timestamp::Timestamp;

/// How long before the end of its invocation a part stops reading, so that it can finish the rows in flight, in seconds.
const MARGIN_SECONDS: i64 = 20;
/// The same for a part to which no row comes, so that nothing is in flight, in seconds.
const IDLE_MARGIN_SECONDS: i64 = 5;
/// How often progress is saved and a halt of the import is looked for, in seconds.
const PROGRESS_SECONDS: i64 = 2;
/// How long report lines may wait to be written, in seconds. After a crash the next invocation repeats the work of this time.
const CHECKPOINT_SECONDS: i64 = 15;
/// How many bytes of report lines may wait to be written.
const PIECE_BYTES: usize = 1024 * 1024;
/// How much time an invocation needs to count as fruitless if it comes to no new row, in seconds.
const FRUITFUL_SECONDS: i64 = 300;
/// After how many fruitless invocations, one after the other, an import fails.
const MAX_FRUITLESS: u32 = 3;
/// Why an import fails whose next row no invocation reaches.
const TOO_SLOW: &str = "the next row of the file cannot be reached in the time of one invocation; divide the file";
/// After how many rows that do not become links an import fails: such a file is not a list of links.
const MAX_REFUSED: u64 = 1_000_000;

/// The state of an invocation's work on a part.
pub(super) struct Progress<'a> {
    ports: &'a LoadImportPorts,
    pub(super) import: Import,
    pub(super) part: Part,
    /// The outcomes of the rows up to `position`.
    pub(super) counts: Counts,
    pub(super) position: FilePosition,
    /// Report lines that are not written yet.
    pub(super) lines: Vec<u8>,
    /// Why reading must stop, if it must.
    pub(super) early_end: Option<EarlyEnd>,
    /// The revision that made this invocation's lease.
    leased_revision: u64,
    /// How many pieces of the report this invocation has written.
    pieces: u32,
    began_at: Timestamp,
    began_place: RowPlace,
    deadline: Timestamp,
    saved_at: Timestamp,
    checkpointed_at: Timestamp,
}

impl<'a> Progress<'a> {
    /// Begins the work of `delivery` on the leased `part` of `import`, at its checkpoint.
    pub(super) fn new(ports: &'a LoadImportPorts, import: Import, part: Part, delivery: &Delivery) -> Self {
        let now = ports.clock.now();
        let place = part.checkpoint.place;
        Self {
            ports,
            counts: part.checkpoint.counts,
            position: FilePosition { place, bytes_read: place.byte },
            lines: Vec::new(),
            early_end: None,
            leased_revision: part.revision,
            pieces: 0,
            began_at: now,
            began_place: place,
            deadline: delivery.deadline.plus_seconds(-MARGIN_SECONDS),
            saved_at: now,
            checkpointed_at: now,
            import,
            part,
        }
    }

    /// Returns when to stop reading.
    pub(super) fn deadline(&self) -> Timestamp {
        self.deadline
    }

    /// Tells whether it is time to stop reading.
    pub(super) fn is_out_of_time(&self) -> bool {
        self.ports.clock.now() >= self.deadline
    }

    /// Stops reading if the time is over.
    pub(super) fn stop_if_out_of_time(&mut self) {
        if self.is_out_of_time() {
            self.early_end.get_or_insert(EarlyEnd::OutOfTime);
        }
    }

    /// Saves the progress if that is due, and stops reading if the time is over or the import must stop.
    pub(super) async fn save_if_due(&mut self) -> Result<(), Stop> {
        self.stop_if_out_of_time();
        self.save().await
    }

    /// Does the same while no row comes. Stops later: an invocation with little time must come to a row, too.
    pub(super) async fn save_while_idle(&mut self) -> Result<(), Stop> {
        if self.ports.clock.now() >= self.deadline.plus_seconds(MARGIN_SECONDS - IDLE_MARGIN_SECONDS) {
            self.early_end.get_or_insert(EarlyEnd::OutOfTime);
        }
        self.save().await
    }

    async fn save(&mut self) -> Result<(), Stop> {
        let now = self.ports.clock.now();
        if now < self.saved_at.plus_seconds(PROGRESS_SECONDS) {
            return Ok(());
        }
        self.saved_at = now;
        let due = now >= self.checkpointed_at.plus_seconds(CHECKPOINT_SECONDS);
        if self.lines.is_empty() || self.lines.len() >= PIECE_BYTES || due {
            self.checkpoint().await?;
            self.checkpointed_at = now;
        }
        let next = Part { shown: self.shown(), ..self.part.next() };
        self.replace(next).await?;
        let import = self.ports.imports.get(&self.import.workspace, &self.import.id).await?;
        match import {
            Some(import) if import.halt.is_none() => {}
            _ => self.early_end = Some(EarlyEnd::Halted),
        }
        let mut refused = self.counts.refused();
        if due && let Some(plan) = self.import.plan.as_ref().filter(|plan| plan.parts != Some(1)) {
            let parts = self.ports.parts.all(&self.import.id, plan.number).await?;
            refused = parts.iter().map(|part| part.shown.counts.refused()).sum();
        }
        if refused >= MAX_REFUSED {
            self.early_end = Some(EarlyEnd::TooManyRefused);
        }
        Ok(())
    }

    /// Counts this invocation as fruitless if it had time enough and came to no new row. Returns how many did so.
    fn count_fruitless(&mut self) -> u32 {
        if self.position.place != self.began_place {
            self.part.fruitless = 0;
        } else if self.began_at.plus_seconds(FRUITFUL_SECONDS) <= self.deadline {
            self.part.fruitless += 1;
        }
        self.part.fruitless
    }

    /// Marks the part as contested. Save this before a row takes over a link: a crash must not lose the mark.
    pub(super) async fn mark_contested(&mut self) -> Result<(), Stop> {
        if self.part.contested {
            return Ok(());
        }
        self.replace(Part { contested: true, ..self.part.next() }).await
    }

    fn shown(&self) -> PartProgress {
        let bytes = self.position.bytes_read.saturating_sub(self.part.start.byte);
        PartProgress { counts: self.counts, bytes }
    }

    /// Writes the waiting report lines, and moves the part's checkpoint here. Save the part to make it count.
    async fn checkpoint(&mut self) -> Result<(), StoreError> {
        let mut report = self.part.checkpoint.report.clone();
        if !self.lines.is_empty() {
            let key = self.part.piece_key(self.leased_revision, self.pieces);
            self.ports.reports.put(&key, self.lines.clone()).await?;
            self.lines.clear();
            self.pieces += 1;
            match report.last_mut().filter(|(revision, _)| *revision == self.leased_revision) {
                Some((_, pieces)) => *pieces = self.pieces,
                None => report.push((self.leased_revision, self.pieces)),
            }
        }
        self.part.checkpoint = Checkpoint { place: self.position.place, counts: self.counts, report };
        Ok(())
    }

    async fn replace(&mut self, next: Part) -> Result<(), Stop> {
        if !self.ports.parts.replace(&next).await? {
            return Err(Stop::TakenOver);
        }
        self.part = next;
        Ok(())
    }

    /// Ends the part, or hands it over if reading stopped because the time was over.
    pub(super) async fn finish(&mut self) -> Result<Ended, StoreError> {
        match self.early_end {
            Some(EarlyEnd::OutOfTime) => match self.count_fruitless() {
                MAX_FRUITLESS.. => self.fail(TOO_SLOW.to_owned()).await,
                _ => self.hand_over().await,
            },
            Some(EarlyEnd::Halted) => self.end().await,
            Some(EarlyEnd::TooManyRefused) => {
                let reason = format!("more than {MAX_REFUSED} rows did not become links; the import was stopped");
                self.fail(reason).await
            }
            None => {
                self.position.bytes_read = self.part.end;
                self.end().await
            }
        }
    }

    /// Ends the part as failed, for `reason`.
    pub(super) async fn fail(&mut self, reason: String) -> Result<Ended, StoreError> {
        self.part.failed = Some(reason);
        self.end().await
    }

    async fn end(&mut self) -> Result<Ended, StoreError> {
        self.checkpoint().await?;
        let next = Part { done: true, lease: None, shown: self.shown(), ..self.part.next() };
        self.save_last(next, Ended::Done).await
    }

    /// Leaves the rest of the part to another invocation.
    pub(super) async fn hand_over(&mut self) -> Result<Ended, StoreError> {
        self.checkpoint().await?;
        let next = Part { lease: None, shown: self.shown(), ..self.part.next() };
        self.save_last(next, Ended::OutOfTime).await
    }

    async fn save_last(&mut self, next: Part, ended: fn(Box<Part>) -> Ended) -> Result<Ended, StoreError> {
        if !self.ports.parts.replace(&next).await? {
            return Ok(Ended::TakenOver);
        }
        self.part = next;
        Ok(ended(Box::new(self.part.clone())))
    }

    /// Checkpoints and releases the part after a store has failed.
    pub(super) async fn give_up(&mut self) {
        if let Err(error) = self.checkpoint().await {
            tracing::warn!(event = "import_part.not_kept", import = %self.import.id, part = self.part.number, %error);
        }
        release_part(self.ports, &self.part).await;
    }
}
