//! The ports of analytics: stores of aggregates, the quarantine and the archive.

use async_trait::async_trait;

use super::ingest::archive::ArchiveObject;
use super::ingest::record::QuarantinedRecord;
use super::model::aggregate::{Aggregate, AggregateKey};
use super::model::dimension::Dimension;
use super::model::sequence::SequenceNumber;
use super::model::tally::Tally;
use crate::values::error::StoreError;

/// A range of aggregates of one partition, in the order of their sort keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyRange<'a> {
    /// The partition.
    pub pk: &'a str,
    /// The lowest sort key of the range, which need not exist.
    pub first: String,
    /// The highest sort key of the range, which need not exist.
    pub last: String,
    /// Where to go on: only sort keys after this one, which is in the range.
    pub after: Option<String>,
}

/// The parts of aggregates to read beside `clicks` and `bots`. The reader leaves the others empty.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Parts {
    /// [`Tally::hours`] and [`Tally::bot_hours`].
    pub hours: bool,
    /// [`Tally::minutes`] and [`Tally::bot_minutes`].
    pub minutes: bool,
    /// [`Tally::visitors`].
    pub visitors: bool,
    /// [`Tally::first_click_at`] and [`Tally::last_click_at`].
    pub clicked_at: bool,
    /// Which of [`Tally::dimensions`].
    pub dimensions: Vec<Dimension>,
}

/// The requested [`Parts`] of an aggregate.
#[derive(Debug, Clone, PartialEq)]
pub struct Summand {
    /// Its sort key.
    pub sk: String,
    /// Its numbers; parts that were not requested are empty.
    pub tally: Tally,
}

/// One page of a range of aggregates.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct AggregatePage {
    /// The aggregates, ascending by sort key.
    pub items: Vec<Summand>,
    /// The value of [`KeyRange::after`] for the next page, if there is one.
    pub next: Option<String>,
}

/// Reads ranges of aggregates.
#[async_trait]
pub trait AggregateReader: Send + Sync {
    /// Reads the first page of `range`. The store decides how large it is.
    async fn range(&self, range: &KeyRange<'_>, parts: &Parts) -> Result<AggregatePage, StoreError>;
}

/// Loads aggregates and writes them back.
#[async_trait]
pub trait AggregateStore: Send + Sync {
    /// Loads the aggregates with these keys, in the same order. The read is consistent: it sees every write that was
    /// answered. Pass at most [`MAX_LOAD`] keys, and no key twice.
    async fn load(&self, keys: &[AggregateKey]) -> Result<Vec<Option<Aggregate>>, StoreError>;

    /// Writes `aggregate` if the stored one still has the sequence number `read` (`None`: if none is stored). Returns
    /// whether it did.
    async fn put(&self, aggregate: Aggregate, read: Option<&SequenceNumber>) -> Result<bool, StoreError>;
}

/// The greatest number of aggregates in one call of [`AggregateStore::load`]: what one BatchGetItem takes.
pub const MAX_LOAD: usize = 100;

/// Keeps the records that cannot be counted, for a person to look at.
#[async_trait]
pub trait Quarantine: Send + Sync {
    /// Keeps `record` under [`QuarantinedRecord::object_key`]. A second call changes nothing.
    async fn keep(&self, record: &QuarantinedRecord) -> Result<(), StoreError>;
}

/// Keeps raw clicks.
#[async_trait]
pub trait Archive: Send + Sync {
    /// Keeps `object` under its key. A second call changes nothing.
    async fn keep(&self, object: &ArchiveObject) -> Result<(), StoreError>;
}

/// Reads the archive back.
#[async_trait]
pub trait ArchiveReader: Send + Sync {
    /// Lists the folders of all hours that have objects (`clicks/dt=2026-01-02/hour=03/`), the oldest first.
    async fn hours(&self) -> Result<Vec<String>, StoreError>;

    /// Lists the keys of the objects in the folder `hour`.
    async fn keys(&self, hour: &str) -> Result<Vec<String>, StoreError>;

    /// Reads the body of an object.
    async fn read(&self, key: &str) -> Result<Vec<u8>, StoreError>;
}
