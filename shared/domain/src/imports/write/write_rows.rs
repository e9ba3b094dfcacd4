//! Writes the rows of an import: many at once, settled in the order of the file.
//!
//! Which row of a file gets a slug that two of them ask for must not depend on which write is faster, or a replay would not
//! come to the same result. So a row whose id is on its way waits until that write is settled.

use std::collections::{HashMap, HashSet};

use futures::future::BoxFuture;
use futures::stream::{FuturesOrdered, StreamExt};

use super::report::{ReportLine, Reported};
use super::resolve_conflict::{Resolution, in_place_of, resolve_conflict};
use super::row::Candidate;
use super::send_rows::Sender;
use crate::imports::job::counts::Counts;
use crate::imports::job::options::OnConflict;
use crate::imports::rows::{Fault, RowAddress, RowPlace};
use crate::links::link::{Link, LinkId};
use crate::links::ports::MAX_BATCH;
use crate::values::error::{StoreError, StoreErrorKind};

/// How many rows a batch settles, those among them that are not links included.
const MAX_ROWS: usize = 200;
/// How many bytes of the file are on their way at once, whatever the window allows.
const MAX_BYTES: u64 = 8 * 1024 * 1024;
/// How often a link that is there one moment and gone the next is tried.
const MAX_ROUNDS: u32 = 10;

/// What became of one row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outcome {
    Created,
    Overwritten,
    Unchanged,
    Reported(ReportLine),
    /// A later row of the import has the id: this row is to take it over.
    Contested(Box<Contest>),
}

/// A row, and the link of a later one in its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Contest {
    pub(crate) candidate: Candidate,
    pub(crate) existing: Link,
}

/// What became of the rows of one batch.
#[derive(Debug)]
pub(crate) struct Settled {
    pub(crate) outcomes: Vec<Outcome>,
    /// Whether a conflict ended the import; then the rows after it were not looked at.
    pub(crate) halted: bool,
    /// The place behind these rows.
    pub(crate) mark: Mark,
}

/// How far into the file a row goes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Mark {
    /// Where the next row begins.
    pub(crate) place: RowPlace,
    /// How many bytes of the object are read.
    pub(crate) position: u64,
}

impl Counts {
    pub(crate) fn add(&mut self, outcome: &Outcome) {
        self.read += 1;
        *match outcome {
            Outcome::Created => &mut self.created,
            Outcome::Overwritten => &mut self.overwritten,
            Outcome::Unchanged => &mut self.unchanged,
            Outcome::Reported(ReportLine { outcome: Reported::Invalid, .. }) => &mut self.invalid,
            Outcome::Reported(_) | Outcome::Contested(_) => &mut self.conflicting,
        } += 1;
    }
}

enum Entry {
    Link(Box<Candidate>),
    Settled(Outcome),
}

/// Rows on their way.
pub(crate) struct RowWriter<'a> {
    sender: &'a Sender<'a>,
    batch: Vec<Entry>,
    batch_links: usize,
    mark: Mark,
    in_flight: FuturesOrdered<BoxFuture<'a, Result<Settled, StoreError>>>,
    /// The ids in the batch and in flight, with the number of the batch they are in.
    ids: HashMap<LinkId, u64>,
    sent: u64,
    settled: u64,
    settled_bytes: u64,
}

impl<'a> RowWriter<'a> {
    pub(crate) fn new(sender: &'a Sender<'a>, mark: Mark) -> Self {
        Self {
            sender,
            batch: Vec::new(),
            batch_links: 0,
            mark,
            in_flight: FuturesOrdered::new(),
            ids: HashMap::new(),
            sent: 0,
            settled: 0,
            settled_bytes: mark.place.byte,
        }
    }

    /// Whether a batch must be settled before `candidate` can be added, because it asks for the same id. Sends that batch
    /// if it is still being filled.
    pub(crate) fn must_wait_for(&mut self, candidate: &Candidate) -> bool {
        let Some(&batch) = self.ids.get(&candidate.link.id) else { return false };
        if batch == self.sent {
            self.send();
        }
        true
    }

    /// Adds a row that ends at `mark`. Call [`RowWriter::settle`] as long as [`RowWriter::is_full`].
    pub(crate) fn add(&mut self, address: &RowAddress, row: Result<Candidate, Fault>, mark: Mark) {
        self.mark = mark;
        match row {
            Ok(candidate) => {
                self.ids.insert(candidate.link.id.clone(), self.sent);
                self.batch.push(Entry::Link(Box::new(candidate)));
                self.batch_links += 1;
            }
            Err(Fault { column, value, cause }) => {
                let line = ReportLine::new(address, Reported::Invalid, column, &value, cause);
                self.batch.push(Entry::Settled(Outcome::Reported(line)));
            }
        }
        if self.batch_links == MAX_BATCH || self.batch.len() == MAX_ROWS {
            self.send();
        }
    }

    /// Sends what is there, though the batch is not full.
    pub(crate) fn send(&mut self) {
        if self.batch.is_empty() {
            return;
        }
        let batch = std::mem::take(&mut self.batch);
        self.batch_links = 0;
        self.sent += 1;
        self.in_flight.push_back(Box::pin(settle(self.sender, batch, self.mark)));
    }

    /// Whether no more rows may be added now.
    pub(crate) fn is_full(&self) -> bool {
        let bytes = self.mark.place.byte.saturating_sub(self.settled_bytes);
        self.in_flight.len() >= self.sender.window.size() || bytes > MAX_BYTES && !self.in_flight.is_empty()
    }

    /// Waits for the first batch on its way; `None` if there is none. Nothing is lost if the future is dropped.
    pub(crate) async fn settle(&mut self) -> Option<Result<Settled, StoreError>> {
        let result = self.in_flight.next().await?;
        let done = self.settled;
        self.ids.retain(|_, batch| *batch != done);
        self.settled += 1;
        if let Ok(settled) = &result {
            self.settled_bytes = settled.mark.place.byte;
        }
        Some(result)
    }
}

/// Finds out what becomes of each row of `batch`, and writes those that become links.
async fn settle(sender: &Sender<'_>, batch: Vec<Entry>, mark: Mark) -> Result<Settled, StoreError> {
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
    let mut halted = false;
    for _ in 0..MAX_ROUNDS {
        if waiting.is_empty() {
            return Ok(Settled { outcomes: outcomes.into_iter().flatten().collect(), halted, mark });
        }
        waiting = round(sender, waiting, &mut outcomes, &mut halted).await?;
    }
    Err(StoreError::new("links.insert_all", StoreErrorKind::Unavailable, "links come and go while they are written"))
}

/// What becomes of a single row, looked at once more.
pub(crate) async fn settle_one(sender: &Sender<'_>, candidate: Candidate, mark: Mark) -> Result<Outcome, StoreError> {
    let settled = settle(sender, vec![Entry::Link(Box::new(candidate))], mark).await?;
    let outcome = settled.outcomes.into_iter().next();
    outcome.ok_or_else(|| StoreError::new("rows.settle", StoreErrorKind::Broken, "a row came to nothing"))
}

/// Tries to write each link once. Gives back those that need another try.
async fn round(
    sender: &Sender<'_>,
    waiting: Vec<(usize, Candidate)>,
    outcomes: &mut Vec<Option<Outcome>>,
    halted: &mut bool,
) -> Result<Vec<(usize, Candidate)>, StoreError> {
    let mut ids = HashSet::new();
    // A row's second slug may be one that another row of the batch asks for.
    let (mut now, mut later): (Vec<_>, Vec<_>) =
        waiting.into_iter().partition(|(_, candidate)| ids.insert(candidate.link.id.clone()));
    if sender.looks_first() {
        let known = sender.get_all(&now).await?;
        now = judge_all(sender, now.into_iter().zip(known), outcomes, &mut later, true).await?;
        halt(sender, &mut now, &mut later, outcomes, halted);
    }
    if now.is_empty() {
        return Ok(later);
    }
    let inserted = sender.insert_all(&now).await?;
    let mut taken = Vec::new();
    for ((index, candidate), inserted) in now.into_iter().zip(inserted) {
        if inserted {
            outcomes[index] = Some(Outcome::Created);
        } else {
            taken.push((index, candidate));
        }
    }
    if !taken.is_empty() {
        let known = sender.get_all(&taken).await?;
        judge_all(sender, taken.into_iter().zip(known), outcomes, &mut later, false).await?;
        halt(sender, &mut Vec::new(), &mut later, outcomes, halted);
    }
    Ok(later)
}

/// Settles the rows whose id is taken. Rows that are to be tried again go to `later`, and so do those whose id is free,
/// unless `give_back` is true.
async fn judge_all(
    sender: &Sender<'_>,
    rows: impl Iterator<Item = ((usize, Candidate), Option<Link>)>,
    outcomes: &mut [Option<Outcome>],
    later: &mut Vec<(usize, Candidate)>,
    give_back: bool,
) -> Result<Vec<(usize, Candidate)>, StoreError> {
    let mut free = Vec::new();
    for ((index, candidate), existing) in rows {
        let Some(existing) = existing else {
            // Deleted since, if it was there.
            if give_back {
                free.push((index, candidate))
            } else {
                later.push((index, candidate))
            }
            continue;
        };
        outcomes[index] = match resolve_conflict(sender.import, &candidate, &existing) {
            Resolution::Own { overwrote: false } => Some(Outcome::Created),
            Resolution::Own { overwrote: true } => Some(Outcome::Overwritten),
            Resolution::Unchanged => Some(Outcome::Unchanged),
            Resolution::Conflict(line) => Some(Outcome::Reported(line)),
            Resolution::Contested => Some(Outcome::Contested(Box::new(Contest { candidate, existing }))),
            Resolution::NextSlug(next) => {
                later.push((index, *next));
                None
            }
            Resolution::Overwrite => {
                let (next, _) = in_place_of(sender.import, &candidate, &existing);
                if sender.replace(&existing, &next).await? {
                    Some(Outcome::Overwritten)
                } else {
                    later.push((index, candidate));
                    None
                }
            }
        };
    }
    Ok(free)
}

/// If a conflict is to end the import: forgets the rows behind the first one.
fn halt(
    sender: &Sender<'_>,
    now: &mut Vec<(usize, Candidate)>,
    later: &mut Vec<(usize, Candidate)>,
    outcomes: &mut Vec<Option<Outcome>>,
    halted: &mut bool,
) {
    if sender.import.options.on_conflict != OnConflict::Fail {
        return;
    }
    let conflict = |outcome: &Option<Outcome>| {
        matches!(outcome, Some(Outcome::Reported(ReportLine { outcome: Reported::Conflict, .. })))
    };
    // Rows behind it that were written all the same, in the moment in which somebody took its slug, are counted.
    let Some(first) = outcomes.iter().position(conflict) else { return };
    *halted = true;
    let last_written = outcomes.iter().rposition(|outcome| matches!(outcome, Some(Outcome::Created)));
    let end = last_written.map_or(first, |last| last.max(first));
    now.retain(|(index, _)| *index < first);
    later.retain(|(index, _)| *index < first);
    outcomes.truncate(end + 1);
    for (index, outcome) in outcomes.iter_mut().enumerate() {
        if index > first && !matches!(outcome, Some(Outcome::Created)) {
            *outcome = None;
        }
    }
}
