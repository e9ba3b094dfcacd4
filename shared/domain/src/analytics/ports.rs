//! What analytics need from outside.

use async_trait::async_trait;

use super::ingest::archive::ArchiveObject;
use super::ingest::record::QuarantinedRecord;
use super::model::aggregate::{Aggregate, AggregateKey};
use super::model::dimension::Dimension;
use super::model::sequence::SequenceNumber;
use super::model::tally::Tally;
use crate::values::error::StoreError;

/// Aggregates of one partition in the order of their sort keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyRange<'a> {
    /// The partition.
    pub pk: &'a str,
    /// The first sort key there can be.
    pub first: String,
    /// The last sort key there can be.
    pub last: String,
    /// Only what comes after this sort key, which is in the range.
    pub after: Option<String>,
}

/// Which parts of aggregates are read, beside `clicks` and `bots`; the others are left empty.
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
    /// These of [`Tally::dimensions`].
    pub dimensions: Vec<Dimension>,
}

/// An aggregate as far as it was asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct Summand {
    /// Its sort key.
    pub sk: String,
    /// Its numbers.
    pub tally: Tally,
}

/// One page of a range of aggregates.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct AggregatePage {
    /// Ascending by sort key.
    pub items: Vec<Summand>,
    /// The sort key to go on after, if there is more.
    pub next: Option<String>,
}

/// Reads ranges of aggregates.
#[async_trait]
pub trait AggregateReader: Send + Sync {
    /// The first page of `range`, as large as the store makes it.
    async fn range(&self, range: &KeyRange<'_>, parts: &Parts) -> Result<AggregatePage, StoreError>;
}

/// Loads aggregates and writes them back.
#[async_trait]
pub trait AggregateStore: Send + Sync {
    /// The aggregates with these keys, in the same order, as they are after every write that was answered (a consistent
    /// read). At most [`MAX_LOAD`] keys, no key twice.
    async fn load(&self, keys: &[AggregateKey]) -> Result<Vec<Option<Aggregate>>, StoreError>;

    /// Writes `aggregate` if the one that is stored still has the sequence number `read` (`None`: if there is none);
    /// says whether it did.
    async fn put(&self, aggregate: Aggregate, read: Option<&SequenceNumber>) -> Result<bool, StoreError>;
}

/// How many aggregates are loaded in one call: what one BatchGetItem takes.
pub const MAX_LOAD: usize = 100;

/// Where records wait for a person that cannot be counted.
#[async_trait]
pub trait Quarantine: Send + Sync {
    /// Keeps `record` under [`QuarantinedRecord::object_key`]; doing so again changes nothing.
    async fn keep(&self, record: &QuarantinedRecord) -> Result<(), StoreError>;
}

/// Where raw clicks are kept.
#[async_trait]
pub trait Archive: Send + Sync {
    /// Keeps `object` under its key; doing so again changes nothing.
    async fn keep(&self, object: &ArchiveObject) -> Result<(), StoreError>;
}

/// Reads the archive back.
#[async_trait]
pub trait ArchiveReader: Send + Sync {
    /// The folders of all hours that have objects (`clicks/dt=2026-01-02/hour=03/`), in the order of time.
    async fn hours(&self) -> Result<Vec<String>, StoreError>;

    /// The keys of the objects in a folder.
    async fn keys(&self, hour: &str) -> Result<Vec<String>, StoreError>;

    /// An object's body.
    async fn read(&self, key: &str) -> Result<Vec<u8>, StoreError>;
}
