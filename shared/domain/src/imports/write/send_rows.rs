//! Sends batches to the table as fast as it takes them, and never gives a row up because it is busy.

use futures::future::BoxFuture;

use super::row::Candidate;
use super::window::Window;
use crate::imports::job::import::Import;
use crate::imports::job::options::OnConflict;
use crate::jobs::timer::Timer;
use crate::links::link::{Link, LinkId};
use crate::links::ports::{Inserted, LinkBatch};
use crate::ports::Clock;
use crate::values::error::{StoreError, StoreErrorKind};
use crate::values::timestamp::Timestamp;

/// How many batches are on their way at first, and at most.
const FIRST_IN_FLIGHT: u32 = 4;
const MAX_IN_FLIGHT: u32 = 32;
/// The limits of the random waits for a busy table, in milliseconds: the first, and the longest.
const FIRST_PAUSE_MS: u64 = 50;
const LONGEST_PAUSE_MS: u64 = 5_000;

/// What writes the links of an import's rows.
pub(crate) struct Sender<'a> {
    pub(crate) import: &'a Import,
    pub(crate) links: &'a dyn LinkBatch,
    pub(crate) timer: &'a dyn Timer,
    pub(crate) clock: &'a dyn Clock,
    pub(crate) window: Window,
    /// Whether rows of an earlier pass are expected to be there.
    again: bool,
    /// When to stop to wait for a busy table.
    until: Timestamp,
}

impl<'a> Sender<'a> {
    /// A sender for the rows of `import` that waits for a busy table no longer than `until`.
    pub(crate) fn new(
        import: &'a Import,
        pass: u32,
        links: &'a dyn LinkBatch,
        timer: &'a dyn Timer,
        clock: &'a dyn Clock,
        until: Timestamp,
    ) -> Self {
        // Where a conflict ends the import, nothing after it may be on its way.
        let one_by_one = import.options.on_conflict == OnConflict::Fail;
        let window = if one_by_one { Window::new(1, 1) } else { Window::new(FIRST_IN_FLIGHT, MAX_IN_FLIGHT) };
        Self { import, links, timer, clock, window, again: pass > 1, until }
    }

    /// Whether it is cheaper, or needed, to read before writing.
    pub(crate) fn looks_first(&self) -> bool {
        let options = &self.import.options;
        self.again || options.dry_run || options.on_conflict != OnConflict::Skip
    }

    /// Writes each link whose id is free, and says whether it was. A dry run writes nothing and says the same.
    pub(crate) async fn insert_all(&self, rows: &[(usize, Candidate)]) -> Result<Vec<bool>, StoreError> {
        if self.import.options.dry_run {
            return Ok(vec![true; rows.len()]);
        }
        let mut open: Vec<(usize, Link)> = rows.iter().map(|(_, row)| row.link.clone()).enumerate().collect();
        let mut written = vec![false; rows.len()];
        let mut tries = 0;
        loop {
            let batch: Vec<Link> = open.iter().map(|(_, link)| link.clone()).collect();
            let request = self.window.send();
            let before = open.len();
            match self.links.insert_all(&batch).await {
                Ok(inserted) => {
                    let mut answers = inserted.into_iter();
                    open.retain(|(index, _)| {
                        let answer = answers.next().unwrap_or(Inserted::Busy);
                        written[*index] = answer == Inserted::Written;
                        answer == Inserted::Busy
                    });
                }
                Err(error) if error.kind == StoreErrorKind::Throttled => {}
                Err(error) => return Err(error),
            }
            if open.is_empty() {
                self.window.went_through();
                return Ok(written);
            }
            tries = if open.len() < before { 0 } else { tries + 1 };
            self.wait(request, tries).await?;
        }
    }

    /// The links that have the ids of `rows`.
    pub(crate) async fn get_all(&self, rows: &[(usize, Candidate)]) -> Result<Vec<Option<Link>>, StoreError> {
        let ids: Vec<LinkId> = rows.iter().map(|(_, row)| row.link.id.clone()).collect();
        self.patiently(|| self.links.get_all(&ids)).await
    }

    /// Puts `next` in the place of `seen` if nobody changed it since; says whether it did. A dry run does not, and says so
    /// all the same.
    pub(crate) async fn replace(&self, seen: &Link, next: &Link) -> Result<bool, StoreError> {
        if self.import.options.dry_run {
            return Ok(true);
        }
        self.patiently(|| self.links.replace(seen, next)).await
    }

    async fn patiently<'f, T>(&self, call: impl Fn() -> BoxFuture<'f, Result<T, StoreError>>) -> Result<T, StoreError> {
        let mut tries = 0;
        loop {
            let request = self.window.send();
            match call().await {
                Err(error) if error.kind == StoreErrorKind::Throttled => {}
                result => return result,
            }
            tries += 1;
            self.wait(request, tries).await?;
        }
    }

    async fn wait(&self, request: u64, tries: u32) -> Result<(), StoreError> {
        self.window.was_busy(request);
        if self.clock.now() >= self.until {
            return Err(StoreError::new("links.insert_all", StoreErrorKind::Throttled, "the table stays busy"));
        }
        let pause = FIRST_PAUSE_MS.saturating_mul(1 << tries.min(10)).min(LONGEST_PAUSE_MS);
        self.timer.pause(pause).await;
        Ok(())
    }
}
