//! A batch of records, read: every text that repeats has a number, so that folding compares numbers.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::analytics::model::dimension::Dimension;
use crate::analytics::model::lane::Lane;
use crate::analytics::model::recent::ClickHash;
use crate::analytics::model::sequence::Digits;
use crate::analytics::model::visitors::Visitor;
use crate::values::timestamp::Timestamp;
use crate::values::workspace::WorkspaceId;

/// The number of a text in [`Batch::texts`]; 0 is no text.
pub(crate) type Value = u32;

/// A record that can be counted.
#[derive(Debug)]
pub(crate) struct Record<'a> {
    /// Its place in what was received.
    pub(crate) received: usize,
    pub(crate) lane: usize,
    pub(crate) sequence: Digits<'a>,
    pub(crate) arrived_millis: i64,
    pub(crate) click: ClickHash,
    pub(crate) time: Timestamp,
    /// The number of the link's clicks in [`Batch::owned`].
    pub(crate) owned: usize,
    pub(crate) visitor: Option<Visitor>,
    pub(crate) bot: bool,
    /// By dimension.
    pub(crate) values: [Value; Dimension::COUNT],
}

impl Record<'_> {
    pub(crate) fn value(&self, dimension: Dimension) -> Value {
        self.values[dimension as usize]
    }
}

/// The clicks of a link while one workspace owns it, in one lane.
#[derive(Debug)]
pub(crate) struct Owned {
    pub(crate) lane: usize,
    pub(crate) workspace: usize,
    /// The partition of their aggregates.
    pub(crate) pk: Arc<str>,
}

/// Records of a batch, and what they have in common.
#[derive(Default)]
pub(crate) struct Batch<'a> {
    pub(crate) lanes: Vec<Lane>,
    pub(crate) workspaces: Vec<WorkspaceId>,
    pub(crate) owned: Vec<Owned>,
    /// Ascending by lane and sequence number, each number once.
    pub(crate) records: Vec<Record<'a>>,
    pub(crate) texts: Vec<String>,
    /// For one aggregate at a time.
    counter: Mutex<Counter>,
}

impl<'a> Batch<'a> {
    /// Brings the records in order.
    pub(crate) fn sort(&mut self) {
        let place = |record: &Record<'a>| (record.lane, record.sequence);
        if !self.records.is_sorted_by_key(place) {
            self.records.sort_by_key(place);
        }
        self.records.dedup_by_key(|record| place(record));
    }

    pub(crate) fn text(&self, value: Value) -> &str {
        self.texts.get(value as usize).map_or("", String::as_str)
    }

    /// What counts the values of this batch.
    pub(crate) fn counter(&self) -> MutexGuard<'_, Counter> {
        let mut counter = self.counter.lock().unwrap_or_else(PoisonError::into_inner);
        counter.clicks.resize(self.texts.len(), 0);
        counter
    }
}

/// Counts values, always in the same room.
#[derive(Debug, Default)]
pub(crate) struct Counter {
    /// Clicks by value, all zero between two counts.
    clicks: Vec<u64>,
    counted: Vec<(Value, u64)>,
}

impl Counter {
    /// How often each value is in `values`, in the order of their first appearance; no text is not counted.
    pub(crate) fn count(&mut self, values: impl Iterator<Item = Value>) -> &[(Value, u64)] {
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
