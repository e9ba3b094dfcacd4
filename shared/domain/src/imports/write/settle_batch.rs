//! Finds the outcome of each row of a batch, and writes the rows that become links.

use std::collections::HashSet;

use super::add_aliases::add_aliases;
use super::outcome::{ContestedRow, FilePosition, Outcome, SettledBatch, SettledRow};
use super::report::{ReportLine, Reported};
use super::resolve_conflict::{Resolution, keeps_password, replacement_of, resolve_conflict, resolve_reserved};
use super::row::Candidate;
use super::send_rows::{MAX_ROUNDS, Sender};
use crate::imports::job::options::OnConflict;
use crate::imports::rows::{Column, Fault};
use crate::links::ports::Occupant;
use crate::values::error::{StoreError, StoreErrorKind};

/// A row of a batch.
pub(crate) enum BatchRow {
    /// A row that asks for a link.
    Candidate(Box<Candidate>),
    /// A row whose outcome is known.
    Settled(Outcome),
}

/// Rows without an outcome, each with its index in the batch.
type Waiting = Vec<(usize, Candidate)>;

/// Finds the outcomes of the rows of `batch`, which ends at `position`.
pub(crate) async fn settle_batch(
    sender: &Sender<'_>,
    batch: Vec<BatchRow>,
    position: FilePosition,
) -> Result<SettledBatch, StoreError> {
    let mut outcomes: Vec<Option<Outcome>> = Vec::with_capacity(batch.len());
    let mut warnings: Vec<Vec<ReportLine>> = Vec::with_capacity(batch.len());
    let mut waiting: Waiting = Vec::new();
    for (index, row) in batch.into_iter().enumerate() {
        match row {
            BatchRow::Settled(outcome) => {
                outcomes.push(Some(outcome));
                warnings.push(Vec::new());
            }
            BatchRow::Candidate(mut candidate) => {
                warnings.push(take_warnings(&mut candidate));
                waiting.push((index, *candidate));
                outcomes.push(None);
            }
        }
    }
    let mut batch =
        OpenBatch { sender, outcomes, warnings, retries: Vec::new(), with_aliases: Vec::new(), halted: false };
    for _ in 0..MAX_ROUNDS {
        if waiting.is_empty() {
            batch.add_aliases().await?;
            let settled = batch.outcomes.into_iter().zip(batch.warnings);
            let rows = settled.filter_map(|(outcome, warnings)| Some(SettledRow { outcome: outcome?, warnings }));
            return Ok(SettledBatch { rows: rows.collect(), halted: batch.halted, position });
        }
        batch.try_once(waiting).await?;
        waiting = std::mem::take(&mut batch.retries);
    }
    let reason = "links appear and disappear while rows are written";
    Err(StoreError::new("links.insert_all", StoreErrorKind::Unavailable, reason))
}

/// Finds the outcome of a single row.
pub(crate) async fn settle_row(
    sender: &Sender<'_>,
    candidate: Candidate,
    position: FilePosition,
) -> Result<SettledRow, StoreError> {
    let settled = settle_batch(sender, vec![BatchRow::Candidate(Box::new(candidate))], position).await?;
    let row = settled.rows.into_iter().next();
    row.ok_or_else(|| StoreError::new("rows.settle", StoreErrorKind::Broken, "a row has no outcome"))
}

/// Takes the warnings of a row, as lines of the report.
fn take_warnings(candidate: &mut Candidate) -> Vec<ReportLine> {
    let warnings = std::mem::take(&mut candidate.warnings);
    let line =
        |Fault { column, value, cause }| ReportLine::new(&candidate.address, Reported::Warned, column, &value, cause);
    warnings.into_iter().map(line).collect()
}

/// A batch whose rows are being settled.
struct OpenBatch<'a> {
    sender: &'a Sender<'a>,
    /// The outcome of each row, once it is known.
    outcomes: Vec<Option<Outcome>>,
    /// The warnings of each row.
    warnings: Vec<Vec<ReportLine>>,
    /// The rows for the next round.
    retries: Waiting,
    /// The rows that became a link and have aliases.
    with_aliases: Waiting,
    halted: bool,
}

/// What to do with a row whose address turns out to be free.
#[derive(Clone, Copy, PartialEq, Eq)]
enum IfFree {
    Return,
    Retry,
}

impl OpenBatch<'_> {
    /// Tries to write each row once.
    async fn try_once(&mut self, waiting: Waiting) -> Result<(), StoreError> {
        let mut addresses = HashSet::new();
        // A row's next slug may be one that another row of the batch asks for: such a row waits for the next round.
        let (mut open, later): (Waiting, Waiting) =
            waiting.into_iter().partition(|(_, candidate)| addresses.insert(candidate.link.address.clone()));
        self.retries = later;
        if self.sender.reads_first() {
            let existing = self.sender.get_all(&open).await?;
            open = self.resolve_all(open.into_iter().zip(existing), IfFree::Return).await?;
            self.halt_at_conflict(&mut open);
        }
        if open.is_empty() {
            return Ok(());
        }
        let inserted = self.sender.insert_all(&open).await?;
        let mut taken = Vec::new();
        for ((index, candidate), inserted) in open.into_iter().zip(inserted) {
            if inserted {
                self.became(index, Outcome::Created, candidate);
            } else {
                taken.push((index, candidate));
            }
        }
        if !taken.is_empty() {
            let existing = self.sender.get_all(&taken).await?;
            // A free address belongs to a reservation that ended in between.
            self.resolve_all(taken.into_iter().zip(existing), IfFree::Retry).await?;
            self.halt_at_conflict(&mut Vec::new());
        }
        Ok(())
    }

    /// Settles the rows whose address is taken, or leaves them for the next round. Returns the rows
    /// whose address is free or reserved for their workspace, or tries them again, as `if_free` says.
    async fn resolve_all(
        &mut self,
        rows: impl Iterator<Item = ((usize, Candidate), Occupant)>,
        if_free: IfFree,
    ) -> Result<Waiting, StoreError> {
        let mut free = Vec::new();
        for ((index, candidate), occupant) in rows {
            let (resolution, existing) = match occupant {
                Occupant::Link(existing) => {
                    (resolve_conflict(self.sender.import, &candidate, &existing), Some(existing))
                }
                Occupant::Reserved(workspace) if workspace != candidate.link.workspace => {
                    (resolve_reserved(&candidate), None)
                }
                _ if if_free == IfFree::Return => {
                    free.push((index, candidate));
                    continue;
                }
                Occupant::Reserved(_) => {
                    // A batch cannot write to a reserved address.
                    if self.sender.insert_reserved(&candidate.link).await? {
                        self.became(index, Outcome::Created, candidate);
                    } else {
                        self.retries.push((index, candidate));
                    }
                    continue;
                }
                Occupant::Nobody => {
                    self.retries.push((index, candidate));
                    continue;
                }
            };
            self.outcomes[index] = match resolution {
                Resolution::Own { overwrote } => {
                    let outcome = if overwrote { Outcome::Overwritten } else { Outcome::Created };
                    self.became(index, outcome, candidate);
                    continue;
                }
                Resolution::Unchanged => Some(Outcome::Unchanged),
                Resolution::Conflict(line) => Some(Outcome::Reported(line)),
                Resolution::Contested => existing
                    .map(|existing| Outcome::Contested(Box::new(ContestedRow { candidate, existing: *existing }))),
                Resolution::NextSlug(next) => {
                    self.retries.push((index, *next));
                    None
                }
                Resolution::Overwrite => {
                    let replaced = match &existing {
                        Some(existing) => {
                            if keeps_password(&candidate, existing) {
                                self.warnings[index].retain(|line| !line.column.is_some_and(Column::is_password));
                            }
                            let (next, _) = replacement_of(self.sender.import, &candidate, existing);
                            self.sender.replace(existing, &next).await?
                        }
                        None => false,
                    };
                    if replaced {
                        self.became(index, Outcome::Overwritten, candidate);
                        continue;
                    }
                    self.retries.push((index, candidate));
                    None
                }
            };
        }
        Ok(free)
    }

    /// Notes that the row has become a link.
    fn became(&mut self, index: usize, outcome: Outcome, candidate: Candidate) {
        self.outcomes[index] = Some(outcome);
        if !candidate.aliases.is_empty() {
            self.with_aliases.push((index, candidate));
        }
    }

    /// Adds the aliases of the rows that became links.
    async fn add_aliases(&mut self) -> Result<(), StoreError> {
        for (index, candidate) in std::mem::take(&mut self.with_aliases) {
            if self.outcomes.get(index).is_some_and(Option::is_some) {
                let taken = add_aliases(self.sender, &candidate).await?;
                self.warnings[index].extend(taken);
            }
        }
        Ok(())
    }

    /// Drops the rows after the first conflict, if a conflict ends the import.
    fn halt_at_conflict(&mut self, open: &mut Waiting) {
        if self.sender.import.options.on_conflict != OnConflict::Fail {
            return;
        }
        let conflict = |outcome: &Option<Outcome>| {
            matches!(outcome, Some(Outcome::Reported(ReportLine { outcome: Reported::Conflicting, .. })))
        };
        let Some(first) = self.outcomes.iter().position(conflict) else { return };
        self.halted = true;
        // If another caller took the slug just now, later rows of the batch may have been written: count those.
        let last_written = self.outcomes.iter().rposition(|outcome| matches!(outcome, Some(Outcome::Created)));
        let end = last_written.map_or(first, |last| last.max(first));
        open.retain(|(index, _)| *index < first);
        self.retries.retain(|(index, _)| *index < first);
        self.outcomes.truncate(end + 1);
        for (index, outcome) in self.outcomes.iter_mut().enumerate() {
            if index > first && !matches!(outcome, Some(Outcome::Created)) {
                *outcome = None;
            }
        }
    }
}
