//! Holds the job that an invocation works on, and saves how far it is.

use super::task::Work;
use crate::jobs::delivery::Delivery;
use crate::link_changes::job::LinkChange;
use crate::link_changes::run_ports::RunLinkChangePorts;
use crate::values::error::StoreError;
use crate::values::timestamp::Timestamp;

/// How long before the end of its invocation a job begins no more chunk, in seconds.
const MARGIN_SECONDS: i64 = 60;

/// How the work of an invocation ended, if no store failed.
pub(super) enum End {
    /// All links have their results.
    Complete,
    /// Someone cancelled the job.
    Cancelled,
    /// The job cannot be done, for this reason.
    Impossible(String),
    /// Time ran out.
    OutOfTime,
}

/// Why work stopped.
pub(super) enum Stop {
    /// Another invocation holds the job, or it has ended.
    TakenOver,
    /// A store failed.
    Store(StoreError),
}

impl From<StoreError> for Stop {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// One invocation's work on one job.
pub(super) struct Run<'a> {
    pub(super) ports: &'a RunLinkChangePorts,
    /// The job as it was last saved.
    pub(super) job: LinkChange,
    /// When to begin no more chunk.
    deadline: Timestamp,
    /// When a busy store is no more asked again.
    pub(super) last_try: Timestamp,
}

impl<'a> Run<'a> {
    /// Begins the work of `delivery` on the leased `job`.
    pub(super) fn new(ports: &'a RunLinkChangePorts, job: LinkChange, delivery: &Delivery) -> Self {
        let deadline = delivery.deadline.plus_seconds(-MARGIN_SECONDS);
        Self { ports, job, deadline, last_try: delivery.deadline.plus_seconds(-MARGIN_SECONDS / 4) }
    }

    /// Works as far as there is time, at least one step.
    pub(super) async fn work(&mut self) -> Result<End, Stop> {
        let work = match Work::of(&self.job, &self.ports.domains) {
            Ok(work) => work,
            Err(reason) => return Ok(End::Impossible(reason)),
        };
        if let Some(end) = self.select().await? {
            return Ok(end);
        }
        while self.job.progress.done < self.job.progress.chunks.len() {
            // Links of a chunk that was begun may be changed: it is finished first, so that its results tell.
            if self.job.cancelling && !self.job.progress.journaled {
                return Ok(End::Cancelled);
            }
            self.work_on_chunk(&work).await?;
            if self.is_late() && self.job.progress.done < self.job.progress.chunks.len() {
                return Ok(End::OutOfTime);
            }
        }
        Ok(End::Complete)
    }

    pub(super) fn is_late(&self) -> bool {
        self.ports.clock.now() >= self.deadline
    }

    /// Saves what `next` makes of the job. Takes over that someone wants to cancel it, which may be written at the same time.
    pub(super) async fn save(&mut self, next: impl Fn(&LinkChange) -> LinkChange) -> Result<(), Stop> {
        loop {
            let saved = next(&self.job);
            if self.ports.jobs.replace(&saved).await? {
                self.job = saved;
                return Ok(());
            }
            let stored = self.ports.jobs.get(&self.job.workspace, &self.job.id).await?;
            match stored {
                Some(stored) if stored == self.job.to_cancel() => self.job = stored,
                _ => return Err(Stop::TakenOver),
            }
        }
    }
}
