//! What analytics need from outside.

use async_trait::async_trait;

use super::archive::ArchiveObject;
use super::{Aggregate, AggregateKey, SequenceNumber, SetAside};
use crate::StoreError;

/// One page of a range of aggregates.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct AggregatePage {
    /// Ascending by sort key.
    pub items: Vec<Aggregate>,
    /// The sort key to go on after, if there is more.
    pub next: Option<String>,
}

/// Reads ranges of aggregates.
#[async_trait]
pub trait AggregateReader: Send + Sync {
    /// The aggregates of one partition with a sort key from `first` to `last`, both included, that are behind `after`.
    async fn range(&self, pk: &str, first: &str, last: &str, after: Option<&str>) -> Result<AggregatePage, StoreError>;
}

/// Loads aggregates and writes them back.
#[async_trait]
pub trait AggregateStore: Send + Sync {
    /// The aggregates with these keys, in the same order, as they are after every write that was answered (a consistent
    /// read). At most [`MAX_LOAD`] keys, no key twice.
    async fn load(&self, keys: &[AggregateKey]) -> Result<Vec<Option<Aggregate>>, StoreError>;

    /// Writes `aggregate` if the one that is stored still has the sequence number `read` (`None`: if there is none);
    /// says whether it did.
    async fn put(&self, aggregate: &Aggregate, read: Option<&SequenceNumber>) -> Result<bool, StoreError>;
}

/// How many aggregates are loaded in one call: what one BatchGetItem takes.
pub const MAX_LOAD: usize = 100;

/// Where records wait for a person that cannot be counted.
#[async_trait]
pub trait Quarantine: Send + Sync {
    /// Keeps `record` under [`SetAside::object_key`]; doing so again changes nothing.
    async fn keep(&self, record: &SetAside) -> Result<(), StoreError>;
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
