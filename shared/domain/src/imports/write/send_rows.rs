//! Sends batches to the table as fast as the table takes them. It never gives up a row because the table is busy.

use futures::future::BoxFuture;

use super::row::Candidate;
use super::window::Window;
use crate::imports::job::import::Import;
use crate::imports::job::options::OnConflict;
use crate::imports::load_ports::LoadImportPorts;
use crate::jobs::timer::Timer;
use crate::links::address::LinkAddress;
use crate::links::link::Link;
use crate::links::ports::{Inserted, LinkBatch, Occupant, Relocation};
use crate::ports::Clock;
use crate::values::error::{StoreError, StoreErrorKind};
use crate::values::timestamp::Timestamp;

/// How often a row is tried again while links and their addresses change under it.
pub(crate) const MAX_ROUNDS: u32 = 10;
/// How many batches are in flight at first, and at most.
const FIRST_IN_FLIGHT: u32 = 4;
const MAX_IN_FLIGHT: u32 = 32;
/// The upper bounds of the random waits for a busy table, in milliseconds: of the first wait, and of the longest.
const FIRST_PAUSE_MS: u64 = 50;
const LONGEST_PAUSE_MS: u64 = 5_000;

/// Writes the links of an import's rows, and waits while the table is busy.
pub(crate) struct Sender<'a> {
    pub(crate) import: &'a Import,
    links: &'a dyn LinkBatch,
    timer: &'a dyn Timer,
    clock: &'a dyn Clock,
    pub(crate) window: Window,
    /// Whether an earlier pass is likely to have written the rows.
    is_reload: bool,
    /// When to stop waiting for a busy table.
    deadline: Timestamp,
}

impl<'a> Sender<'a> {
    /// Makes a sender for the rows of `import` that waits for a busy table until `deadline`.
    pub(crate) fn new(ports: &'a LoadImportPorts, import: &'a Import, pass: u32, deadline: Timestamp) -> Self {
        // If a conflict ends the import, no later row may be in flight.
        let one_by_one = import.options.on_conflict == OnConflict::Fail;
        let window = if one_by_one { Window::new(1, 1) } else { Window::new(FIRST_IN_FLIGHT, MAX_IN_FLIGHT) };
        let (links, timer, clock) = (ports.links.as_ref(), ports.timer.as_ref(), ports.clock.as_ref());
        Self { import, links, timer, clock, window, is_reload: pass > 1, deadline }
    }

    /// Tells whether to read links before writing them, because that is cheaper or needed.
    pub(crate) fn reads_first(&self) -> bool {
        let options = &self.import.options;
        self.is_reload || options.dry_run || options.on_conflict != OnConflict::Skip
    }

    /// Writes each link whose address is free; returns for each whether it was. A dry run writes nothing and takes each address for free.
    pub(crate) async fn insert_all(&self, rows: &[(usize, Candidate)]) -> Result<Vec<bool>, StoreError> {
        if self.import.options.dry_run {
            return Ok(vec![true; rows.len()]);
        }
        let mut open: Vec<(usize, Link)> = rows.iter().map(|(_, row)| row.link.clone()).enumerate().collect();
        let mut written = vec![false; rows.len()];
        let mut tries = 0;
        loop {
            let batch: Vec<Link> = open.iter().map(|(_, link)| link.clone()).collect();
            let request = self.window.start_request();
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
                self.window.record_success();
                return Ok(written);
            }
            tries = if open.len() < before { 0 } else { tries + 1 };
            self.wait_for_table(request, tries).await?;
        }
    }

    /// Writes a link whose address is reserved for its workspace; returns whether it still was. A dry run only returns `true`.
    pub(crate) async fn insert_reserved(&self, link: &Link) -> Result<bool, StoreError> {
        if self.import.options.dry_run {
            return Ok(true);
        }
        self.retry_while_busy(|| self.links.insert_one(link)).await
    }

    /// Returns what is at the address of each of `rows`.
    pub(crate) async fn get_all(&self, rows: &[(usize, Candidate)]) -> Result<Vec<Occupant>, StoreError> {
        let addresses: Vec<LinkAddress> = rows.iter().map(|(_, row)| row.link.address.clone()).collect();
        self.occupants(&addresses).await
    }

    /// Returns what is at these addresses, at most [`crate::links::ports::MAX_BATCH`].
    pub(crate) async fn occupants(&self, addresses: &[LinkAddress]) -> Result<Vec<Occupant>, StoreError> {
        self.retry_while_busy(|| self.links.get_all(addresses)).await
    }

    /// Gives `seen` the addresses of `next`. Not for a dry run.
    pub(crate) async fn relocate(&self, seen: &Link, next: &Link) -> Result<Relocation, StoreError> {
        self.retry_while_busy(|| self.links.relocate(seen, next, self.clock.now())).await
    }

    /// Replaces `seen` by `next` if the link is unchanged; returns whether it was. A dry run only returns `true`.
    pub(crate) async fn replace(&self, seen: &Link, next: &Link) -> Result<bool, StoreError> {
        if self.import.options.dry_run {
            return Ok(true);
        }
        self.retry_while_busy(|| self.links.replace(seen, next)).await
    }

    async fn retry_while_busy<'f, T>(
        &self,
        call: impl Fn() -> BoxFuture<'f, Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        let mut tries = 0;
        loop {
            let request = self.window.start_request();
            match call().await {
                Err(error) if error.kind == StoreErrorKind::Throttled => {}
                result => return result,
            }
            tries += 1;
            self.wait_for_table(request, tries).await?;
        }
    }

    async fn wait_for_table(&self, request: u64, tries: u32) -> Result<(), StoreError> {
        self.window.record_busy(request);
        if self.clock.now() >= self.deadline {
            return Err(StoreError::new("links.insert_all", StoreErrorKind::Throttled, "the table stays busy"));
        }
        let pause = FIRST_PAUSE_MS.saturating_mul(1 << tries.min(10)).min(LONGEST_PAUSE_MS);
        self.timer.pause(pause).await;
        Ok(())
    }
}
