//! Writes the rows of an import: many at once, settled in the order of the file.
//!
//! Which row of a file gets a slug that two of them ask for must not depend on which write is faster, or a replay would not
//! come to the same result. So a row whose id is on its way waits until that write is settled.

use std::collections::{HashMap, HashSet};

use futures::future::BoxFuture;
use futures::stream::{FuturesOrdered, StreamExt};

use crate::imports::Counts;
use crate::imports::ports::{LinkBatch, MAX_BATCH};
use crate::imports::report::{ReportLine, Reported};
use crate::imports::row::Candidate;
use crate::imports::rows::{Column, Fault};
use crate::{Link, LinkId, StoreError, StoreErrorKind};

/// How many batches are on their way at once.
const MAX_IN_FLIGHT: usize = 8;
/// How many rows a batch settles, those among them that are not links included.
const MAX_ROWS: usize = 200;
/// How often a link that is there one moment and gone the next is tried.
const MAX_ROUNDS: u32 = 10;

/// What became of one row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Outcome {
    Created,
    Unchanged,
    Reported(ReportLine),
}

/// What became of the rows of one batch.
#[derive(Debug)]
pub(super) struct Settled {
    pub(super) outcomes: Vec<Outcome>,
    /// How far into the file these rows go.
    pub(super) position: u64,
}

impl Counts {
    pub(super) fn add(&mut self, outcome: &Outcome) {
        self.read += 1;
        *match outcome {
            Outcome::Created => &mut self.created,
            Outcome::Unchanged => &mut self.unchanged,
            Outcome::Reported(ReportLine { outcome: Reported::Invalid, .. }) => &mut self.invalid,
            Outcome::Reported(ReportLine { outcome: Reported::Conflict, .. }) => &mut self.conflicting,
        } += 1;
    }
}

enum Entry {
    Link(Box<Candidate>),
    Settled(Outcome),
}

/// Rows on their way.
pub(super) struct RowWriter<'a> {
    links: &'a dyn LinkBatch,
    batch: Vec<Entry>,
    batch_links: usize,
    position: u64,
    in_flight: FuturesOrdered<BoxFuture<'a, Result<Settled, StoreError>>>,
    /// The ids in the batch and in flight, with the number of the batch they are in.
    ids: HashMap<LinkId, u64>,
    sent: u64,
    settled: u64,
}

impl<'a> RowWriter<'a> {
    pub(super) fn new(links: &'a dyn LinkBatch) -> Self {
        Self {
            links,
            batch: Vec::new(),
            batch_links: 0,
            position: 0,
            in_flight: FuturesOrdered::new(),
            ids: HashMap::new(),
            sent: 0,
            settled: 0,
        }
    }

    /// Whether a batch must be settled before `candidate` can be added, because it asks for the same id. Sends that batch
    /// if it is still being filled.
    pub(super) fn must_wait_for(&mut self, candidate: &Candidate) -> bool {
        let Some(&batch) = self.ids.get(&candidate.link.id) else { return false };
        if batch == self.sent {
            self.send();
        }
        true
    }

    /// Adds a row that ends at `position`. Call [`RowWriter::settle`] as long as [`RowWriter::is_full`].
    pub(super) fn add(&mut self, place: (u64, u64), row: Result<Candidate, Fault>, position: u64) {
        self.position = position;
        match row {
            Ok(candidate) => {
                self.ids.insert(candidate.link.id.clone(), self.sent);
                self.batch.push(Entry::Link(Box::new(candidate)));
                self.batch_links += 1;
            }
            Err(Fault { column, value, cause }) => {
                let line = ReportLine::new(place, Reported::Invalid, column, &value, cause);
                self.batch.push(Entry::Settled(Outcome::Reported(line)));
            }
        }
        if self.batch_links == MAX_BATCH || self.batch.len() == MAX_ROWS {
            self.send();
        }
    }

    /// Sends what is there, though the batch is not full.
    pub(super) fn send(&mut self) {
        if self.batch.is_empty() {
            return;
        }
        let batch = std::mem::take(&mut self.batch);
        self.batch_links = 0;
        self.sent += 1;
        self.in_flight.push_back(Box::pin(settle(self.links, batch, self.position)));
    }

    /// Whether no more rows may be added now.
    pub(super) fn is_full(&self) -> bool {
        self.in_flight.len() >= MAX_IN_FLIGHT
    }

    /// Waits for the first batch on its way; `None` if there is none. Nothing is lost if the future is dropped.
    pub(super) async fn settle(&mut self) -> Option<Result<Settled, StoreError>> {
        let result = self.in_flight.next().await?;
        let done = self.settled;
        self.ids.retain(|_, batch| *batch != done);
        self.settled += 1;
        Some(result)
    }
}

/// Writes the links of `batch` and finds out what became of each of its rows.
async fn settle(links: &dyn LinkBatch, batch: Vec<Entry>, position: u64) -> Result<Settled, StoreError> {
    let mut outcomes: Vec<Option<Outcome>> = Vec::with_capacity(batch.len());
    let mut waiting: Vec<(usize, Candidate)> = Vec::new();
    for (index, entry) in batch.into_iter().enumerate() {
        match entry {
            Entry::Settled(outcome) => outcomes.push(Some(outcome)),
            Entry::Link(candidate) => {
                waiting.push((index, *candidate));
                outcomes.push(None);
            }
        }
    }
    for _ in 0..MAX_ROUNDS {
        if waiting.is_empty() {
            return Ok(Settled { outcomes: outcomes.into_iter().flatten().collect(), position });
        }
        waiting = round(links, waiting, &mut outcomes).await?;
    }
    Err(StoreError::new("links.insert_all", StoreErrorKind::Unavailable, "links come and go while they are written"))
}

/// Tries to write each link once. Gives back those that need another try.
async fn round(
    links: &dyn LinkBatch,
    waiting: Vec<(usize, Candidate)>,
    outcomes: &mut [Option<Outcome>],
) -> Result<Vec<(usize, Candidate)>, StoreError> {
    let mut ids = HashSet::new();
    // A row's second slug may be one that another row of the batch asks for.
    let (now, mut later): (Vec<_>, Vec<_>) =
        waiting.into_iter().partition(|(_, candidate)| ids.insert(candidate.link.id.clone()));
    let batch: Vec<Link> = now.iter().map(|(_, candidate)| candidate.link.clone()).collect();
    let inserted = links.insert_all(&batch).await?;
    let mut taken = Vec::new();
    for ((index, candidate), inserted) in now.into_iter().zip(inserted) {
        if inserted {
            outcomes[index] = Some(Outcome::Created);
        } else {
            taken.push((index, candidate));
        }
    }
    if taken.is_empty() {
        return Ok(later);
    }
    let ids: Vec<LinkId> = taken.iter().map(|(_, candidate)| candidate.link.id.clone()).collect();
    let existing = links.get_all(&ids).await?;
    for ((index, candidate), existing) in taken.into_iter().zip(existing) {
        match compare(candidate, existing) {
            Ok(outcome) => outcomes[index] = Some(outcome),
            Err(candidate) => later.push((index, *candidate)),
        }
    }
    Ok(later)
}

/// What became of a row whose id is taken, or the row to be tried again.
fn compare(mut candidate: Candidate, existing: Option<Link>) -> Result<Outcome, Box<Candidate>> {
    // Deleted since.
    let Some(existing) = existing else { return Err(Box::new(candidate)) };
    let own = existing.workspace == candidate.link.workspace;
    if own && existing.origin == candidate.link.origin {
        // An earlier attempt, or an earlier try of this one whose answer was lost, wrote it.
        return Ok(Outcome::Created);
    }
    if candidate.attempt.is_none() && own && existing.url == candidate.link.url {
        return Ok(Outcome::Unchanged);
    }
    if candidate.try_next_slug() {
        return Err(Box::new(candidate));
    }
    let LinkId { domain, slug } = &candidate.link.id;
    // Whose it is and where it leads is shown only to its owner.
    let cause = match (candidate.attempt, own) {
        (Some(_), _) => "no free slug was found for the row".to_owned(),
        (None, true) => format!("is taken on {domain} and leads to another target: {}", existing.url),
        (None, false) => format!("is taken on {domain}"),
    };
    let line = ReportLine::new(candidate.place, Reported::Conflict, Some(Column::Slug), slug.as_str(), cause);
    Ok(Outcome::Reported(line))
}
