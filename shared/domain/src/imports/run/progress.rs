//! How far an invocation is with its part: what it writes down on the way and when it ends.

use crate::imports::job::part::{Checkpoint, Part, Shown};
use crate::imports::load_part::release;
use crate::imports::run::{EarlyEnd, Ended, Run, Stop};
use crate::values::error::StoreError;

/// How often progress is written, in seconds, and looked whether the import must stop.
const PROGRESS_SECONDS: i64 = 2;
/// How long lines of the report may wait to be written, in seconds: up to there the next invocation would begin again.
const PIECE_SECONDS: i64 = 15;
/// How many bytes of the report wait to be written.
const PIECE_BYTES: usize = 1024 * 1024;
/// After how many lines of report a file is given up: it is not what it was taken for.
const MAX_REPORTED: u64 = 1_000_000;

impl Run<'_> {
    /// Now and then writes how far it is, and looks whether the import must stop.
    pub(super) async fn look_around(&mut self) -> Result<(), Stop> {
        let now = self.loader.clock.now();
        if now < self.saved_at.plus_seconds(PROGRESS_SECONDS) {
            return Ok(());
        }
        self.saved_at = now;
        let due = now >= self.kept_at.plus_seconds(PIECE_SECONDS);
        if self.lines.is_empty() || self.lines.len() >= PIECE_BYTES || due {
            self.keep().await?;
            self.kept_at = now;
        }
        let next = Part { shown: self.shown(), ..self.part.next() };
        self.save(next).await?;
        let import = self.loader.imports.get(&self.import.workspace, &self.import.id).await?;
        match import {
            Some(import) if import.halt.is_none() => {}
            _ => self.stop = Some(EarlyEnd::Halted),
        }
        let mut reported = self.counts.reported();
        if due && let Some(plan) = self.import.plan.as_ref().filter(|plan| plan.parts > 1) {
            let parts = self.loader.parts.all(&self.import.id, plan.number).await?;
            reported = parts.iter().map(|part| part.shown.counts.reported()).sum();
        }
        if reported >= MAX_REPORTED {
            let reason = format!("more than {MAX_REPORTED} rows are in the report: the file was given up");
            return Err(Stop::Failed(reason));
        }
        Ok(())
    }

    fn shown(&self) -> Shown {
        Shown { counts: self.counts, bytes: self.mark.position.saturating_sub(self.part.start.byte) }
    }

    /// Settles all so far: the next invocation begins here. It counts once the part is saved.
    async fn keep(&mut self) -> Result<(), StoreError> {
        let mut report = self.part.checkpoint.report.clone();
        if !self.lines.is_empty() {
            let key = self.part.piece_key(self.claimed, self.pieces);
            self.loader.reports.put(&key, self.lines.clone()).await?;
            self.lines.clear();
            self.pieces += 1;
            match report.last_mut().filter(|(revision, _)| *revision == self.claimed) {
                Some((_, pieces)) => *pieces = self.pieces,
                None => report.push((self.claimed, self.pieces)),
            }
        }
        self.part.checkpoint = Checkpoint { place: self.mark.place, counts: self.counts, report };
        Ok(())
    }

    pub(super) async fn save(&mut self, next: Part) -> Result<(), Stop> {
        if !self.loader.parts.replace(&next).await? {
            return Err(Stop::TakenOver);
        }
        self.part = next;
        Ok(())
    }

    /// The end of the part, or of what can be done of it now.
    pub(super) async fn finish(&mut self) -> Result<Ended, StoreError> {
        match self.stop {
            Some(EarlyEnd::OutOfTime) => self.hand_over().await,
            Some(EarlyEnd::Halted) => self.end().await,
            None => {
                self.mark.position = self.part.end;
                self.end().await
            }
        }
    }

    pub(super) async fn end(&mut self) -> Result<Ended, StoreError> {
        self.keep().await?;
        let next = Part { done: true, lease: None, shown: self.shown(), ..self.part.next() };
        self.leave(next, Ended::Done).await
    }

    pub(super) async fn hand_over(&mut self) -> Result<Ended, StoreError> {
        self.keep().await?;
        let next = Part { lease: None, shown: self.shown(), ..self.part.next() };
        self.leave(next, Ended::OutOfTime).await
    }

    async fn leave(&mut self, next: Part, ended: fn(Box<Part>) -> Ended) -> Result<Ended, StoreError> {
        if !self.loader.parts.replace(&next).await? {
            return Ok(Ended::TakenOver);
        }
        self.part = next;
        Ok(ended(Box::new(self.part.clone())))
    }

    /// Leaves the part to whoever comes next, as far as it is.
    pub(super) async fn give_up(&mut self, error: StoreError) -> StoreError {
        if let Err(lines) = self.keep().await {
            tracing::warn!(event = "import_part.not_kept", import = %self.import.id, part = self.part.number, error = %lines);
        }
        release(self.loader, &self.part).await;
        error
    }
}
