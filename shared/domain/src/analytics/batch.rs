//! A batch of records, read: every text that repeats has a number, so that folding compares numbers.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::recent::ClickHash;
use super::sequence::Digits;
use super::visitors::Visitor;
use super::{Dimension, Lane};
use crate::{Timestamp, WorkspaceId};

/// The number of a text in [`Batch::texts`]; 0 is no text.
pub(super) type Value = u32;

/// A record that can be counted.
#[derive(Debug)]
pub(super) struct Record<'a> {
    /// Its place in what was received.
    pub(super) received: usize,
    pub(super) lane: usize,
    pub(super) sequence: Digits<'a>,
    pub(super) arrived_millis: i64,
    pub(super) click: ClickHash,
    pub(super) time: Timestamp,
    /// The number of the link's clicks in [`Batch::owned`].
    pub(super) owned: usize,
    pub(super) visitor: Option<Visitor>,
    pub(super) bot: bool,
    /// By dimension.
    pub(super) values: [Value; Dimension::COUNT],
}

impl Record<'_> {
    pub(super) fn value(&self, dimension: Dimension) -> Value {
        self.values[dimension as usize]
    }
}

/// The clicks of a link while one workspace owns it, in one lane.
#[derive(Debug)]
pub(super) struct Owned {
    pub(super) lane: usize,
    pub(super) workspace: usize,
    /// The partition of their aggregates.
    pub(super) pk: Arc<str>,
}

/// Records of a batch, and what they have in common.
#[derive(Default)]
pub(super) struct Batch<'a> {
    pub(super) lanes: Vec<Lane>,
    pub(super) workspaces: Vec<WorkspaceId>,
    pub(super) owned: Vec<Owned>,
    /// Ascending by lane and sequence number, each number once.
    pub(super) records: Vec<Record<'a>>,
    pub(super) texts: Vec<String>,
    /// For one aggregate at a time.
    counter: Mutex<Counter>,
}

impl<'a> Batch<'a> {
    /// Brings the records in order.
    pub(super) fn sort(&mut self) {
        let place = |record: &Record<'a>| (record.lane, record.sequence);
        if !self.records.is_sorted_by_key(place) {
            self.records.sort_by_key(place);
        }
        self.records.dedup_by_key(|record| place(record));
    }

    pub(super) fn text(&self, value: Value) -> &str {
        self.texts.get(value as usize).map_or("", String::as_str)
    }

    /// What counts the values of this batch.
    pub(super) fn counter(&self) -> MutexGuard<'_, Counter> {
        let mut counter = self.counter.lock().unwrap_or_else(PoisonError::into_inner);
        counter.clicks.resize(self.texts.len(), 0);
        counter
    }
}

/// Counts values, always in the same room.
#[derive(Debug, Default)]
pub(super) struct Counter {
    /// Clicks by value, all zero between two counts.
    clicks: Vec<u64>,
    counted: Vec<(Value, u64)>,
}

impl Counter {
    /// How often each value is in `values`, in the order of their first appearance; no text is not counted.
    pub(super) fn count(&mut self, values: impl Iterator<Item = Value>) -> &[(Value, u64)] {
        self.counted.clear();
        for value in values.filter(|value| *value != 0) {
            let clicks = &mut self.clicks[value as usize];
            if *clicks == 0 {
                self.counted.push((value, 0));
            }
            *clicks += 1;
        }
        for (value, clicks) in &mut self.counted {
            *clicks = std::mem::take(&mut self.clicks[*value as usize]);
        }
        &self.counted
    }
}
