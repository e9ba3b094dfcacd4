//! Writes the rows of an import: many batches at once, settled in the order of the file.
//!
//! If two rows of a file ask for one slug, the faster write must not decide which row gets it: a second run could have
//! another result. So a row waits while another row with its address is in flight.

use std::collections::HashMap;

use futures::future::BoxFuture;
use futures::stream::{FuturesOrdered, StreamExt};

use super::outcome::{FilePosition, Outcome, SettledBatch};
use super::report::{ReportLine, Reported};
use super::row::Candidate;
use super::send_rows::Sender;
use super::settle_batch::{BatchRow, settle_batch};
use crate::imports::rows::{Fault, RowAddress};
use crate::links::address::LinkAddress;
use crate::links::ports::MAX_BATCH;
use crate::values::error::StoreError;

/// The most rows of a batch, including rows that do not become links.
const MAX_ROWS: usize = 200;
/// The most bytes of the file that are in flight, whatever the window allows.
const MAX_BYTES: u64 = 8 * 1024 * 1024;

/// Collects rows into batches, and keeps several batches in flight.
pub(crate) struct RowWriter<'a> {
    sender: &'a Sender<'a>,
    batch: Vec<BatchRow>,
    /// How many rows of the batch ask for a link.
    batch_links: usize,
    /// The position after the last row that was added.
    position: FilePosition,
    in_flight: FuturesOrdered<BoxFuture<'a, Result<SettledBatch, StoreError>>>,
    /// The addresses in the batch and in flight, each with the number of its batch.
    addresses: HashMap<LinkAddress, u64>,
    batches_sent: u64,
    batches_settled: u64,
    bytes_settled: u64,
}

impl<'a> RowWriter<'a> {
    /// Makes a writer for the rows after `position`.
    pub(crate) fn new(sender: &'a Sender<'a>, position: FilePosition) -> Self {
        Self {
            sender,
            batch: Vec::new(),
            batch_links: 0,
            position,
            in_flight: FuturesOrdered::new(),
            addresses: HashMap::new(),
            batches_sent: 0,
            batches_settled: 0,
            bytes_settled: position.place.byte,
        }
    }

    /// Tells whether a batch with the address of `candidate` must be settled before `candidate` can be added. Sends that batch if it
    /// is still being filled.
    pub(crate) fn must_wait_for(&mut self, candidate: &Candidate) -> bool {
        let Some(&batch) = self.addresses.get(&candidate.link.address) else { return false };
        if batch == self.batches_sent {
            self.send();
        }
        true
    }

    /// Adds a row that ends at `position`. Call [`RowWriter::settle`] as long as [`RowWriter::is_full`].
    pub(crate) fn add(&mut self, address: &RowAddress, row: Result<Candidate, Fault>, position: FilePosition) {
        self.position = position;
        match row {
            Ok(candidate) => {
                self.addresses.insert(candidate.link.address.clone(), self.batches_sent);
                self.batch.push(BatchRow::Candidate(Box::new(candidate)));
                self.batch_links += 1;
            }
            Err(Fault { column, value, cause }) => {
                let line = ReportLine::new(address, Reported::Invalid, column, &value, cause);
                self.batch.push(BatchRow::Settled(Outcome::Reported(line)));
            }
        }
        if self.batch_links == MAX_BATCH || self.batch.len() == MAX_ROWS {
            self.send();
        }
    }

    /// Sends the batch, even if it is not full.
    pub(crate) fn send(&mut self) {
        if self.batch.is_empty() {
            return;
        }
        let batch = std::mem::take(&mut self.batch);
        self.batch_links = 0;
        self.batches_sent += 1;
        self.in_flight.push_back(Box::pin(settle_batch(self.sender, batch, self.position)));
    }

    /// Tells whether a batch must be settled before more rows are added.
    pub(crate) fn is_full(&self) -> bool {
        let bytes = self.position.place.byte.saturating_sub(self.bytes_settled);
        self.in_flight.len() >= self.sender.window.size() || bytes > MAX_BYTES && !self.in_flight.is_empty()
    }

    /// Waits for the first batch in flight; returns `None` if there is none. The future may be dropped without loss.
    pub(crate) async fn settle(&mut self) -> Option<Result<SettledBatch, StoreError>> {
        let result = self.in_flight.next().await?;
        let settled_batch = self.batches_settled;
        self.addresses.retain(|_, batch| *batch != settled_batch);
        self.batches_settled += 1;
        if let Ok(settled) = &result {
            self.bytes_settled = settled.position.place.byte;
        }
        Some(result)
    }
}
