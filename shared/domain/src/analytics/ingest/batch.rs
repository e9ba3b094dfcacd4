//! Defines a batch of records as the fold needs it. Each record has the index of a text instead of the text, so that the
//! fold compares numbers.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::analytics::model::dimension::Dimension;
use crate::analytics::model::lane::Lane;
use crate::analytics::model::recent::ClickHash;
use crate::analytics::model::sequence::Digits;
use crate::analytics::model::visitors::Visitor;
use crate::values::timestamp::Timestamp;
use crate::values::workspace::WorkspaceId;

/// The index of a text in [`Batch::texts`]. 0 stands for no text.
pub(crate) type TextId = u32;

/// A record that can be counted.
#[derive(Debug)]
pub(crate) struct Record<'a> {
    /// Its index among the received records.
    pub(crate) received: usize,
    pub(crate) lane: usize,
    pub(crate) sequence: Digits<'a>,
    pub(crate) arrived_millis: i64,
    pub(crate) click: ClickHash,
    pub(crate) time: Timestamp,
    /// The index of its link, or of the misses of its domain, in [`Batch::owned_links`].
    pub(crate) owned_link: usize,
    pub(crate) visitor: Option<Visitor>,
    pub(crate) bot: bool,
    /// How many more misses of people and of bots it stands for.
    pub(crate) more: (u32, u32),
    /// Its values by dimension.
    pub(crate) values: [TextId; Dimension::COUNT],
}

impl Record<'_> {
    pub(crate) fn value(&self, dimension: Dimension) -> TextId {
        self.values[dimension as usize]
    }
}

/// A link while one workspace owns it, or the misses of a domain while it has one owner, in one lane.
#[derive(Debug)]
pub(crate) struct OwnedLink {
    pub(crate) lane: usize,
    /// The owner of a link. `None` for the misses of a domain, which are no clicks of any workspace.
    pub(crate) workspace: Option<usize>,
    /// The partition of its aggregates.
    pub(crate) pk: Arc<str>,
}

/// The records of a batch, and the values that they share.
#[derive(Default)]
pub(crate) struct Batch<'a> {
    pub(crate) lanes: Vec<Lane>,
    pub(crate) workspaces: Vec<WorkspaceId>,
    pub(crate) owned_links: Vec<OwnedLink>,
    /// Ascending by lane and sequence number, each number once.
    pub(crate) records: Vec<Record<'a>>,
    pub(crate) texts: Vec<String>,
    /// Reused by one aggregate at a time.
    counter: Mutex<Counter>,
}

impl<'a> Batch<'a> {
    /// Sorts the records by lane and sequence number, and drops repeated ones.
    pub(crate) fn sort(&mut self) {
        let position = |record: &Record<'a>| (record.lane, record.sequence);
        if !self.records.is_sorted_by_key(position) {
            self.records.sort_by_key(position);
        }
        self.records.dedup_by_key(|record| position(record));
    }

    pub(crate) fn text(&self, id: TextId) -> &str {
        self.texts.get(id as usize).map_or("", String::as_str)
    }

    /// Locks the counter, and gives it room for all texts of this batch.
    pub(crate) fn counter(&self) -> MutexGuard<'_, Counter> {
        let mut counter = self.counter.lock().unwrap_or_else(PoisonError::into_inner);
        counter.clicks.resize(self.texts.len(), 0);
        counter
    }
}

/// Counts values, and reuses its memory.
#[derive(Debug, Default)]
pub(crate) struct Counter {
    /// Clicks by text, all zero between two calls of [`Counter::count`].
    clicks: Vec<u64>,
    counted: Vec<(TextId, u64)>,
}

impl Counter {
    /// Counts how often each value is in `values`, in the order of their first appearance. Ignores 0, which stands for no text.
    pub(crate) fn count(&mut self, values: impl Iterator<Item = TextId>) -> &[(TextId, u64)] {
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
