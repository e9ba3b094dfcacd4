//! Declares what links need from outside.

use crate::ports::{Clock, Random};
use crate::values::domains::Domains;
use async_trait::async_trait;

use crate::links::link::{Link, LinkId};
use crate::links::query::{LinkQuery, LinkSlice};
use crate::values::domains::Domain;
use crate::values::error::StoreError;
use crate::values::target::TargetUrl;
use crate::values::workspace::WorkspaceId;

/// Reads single links.
#[async_trait]
pub trait LinkReader: Send + Sync {
    /// The link, or `None` where there is none. May lag behind a write by less than a second.
    async fn get(&self, id: &LinkId) -> Result<Option<Link>, StoreError>;
}

/// Writes single links.
#[async_trait]
pub trait LinkWriter: Send + Sync {
    /// Writes `link` if its id is free; says whether it was. Nothing that exists is changed.
    async fn insert(&self, link: &Link) -> Result<bool, StoreError>;
    /// Puts `next` in the place of `seen`, which has the same id and owner, if no owner's change came between; says
    /// whether it did. [`crate::links::settings::LinkSettings::used_clicks`] stays what it is in the store.
    async fn replace(&self, seen: &Link, next: &Link) -> Result<bool, StoreError>;
    /// Deletes the link if `workspace` owns it; says whether it did.
    async fn delete(&self, id: &LinkId, workspace: &WorkspaceId) -> Result<bool, StoreError>;
    /// Deletes the link if its owner has not changed it since it was `seen`; says whether it did.
    async fn delete_unchanged(&self, seen: &Link) -> Result<bool, StoreError>;
}

/// Lists a workspace's links.
#[async_trait]
pub trait LinkIndex: Send + Sync {
    /// The links of `workspace` that `query` asks for. May end early, with less than was asked for and
    /// [`LinkSlice::reached`], but never without having got further.
    async fn page(&self, workspace: &WorkspaceId, query: &LinkQuery) -> Result<LinkSlice, StoreError>;
}

/// Knows one link of each target.
#[async_trait]
pub trait LinkTargets: Send + Sync {
    /// The link that was last remembered for the target. It may be gone by now, or have changed.
    async fn find(
        &self,
        workspace: &WorkspaceId,
        domain: &Domain,
        url: &TargetUrl,
    ) -> Result<Option<LinkId>, StoreError>;
    /// Remembers `link` as the one of its target.
    async fn remember(&self, link: &Link) -> Result<(), StoreError>;
    /// Writes `link` and remembers it, both or neither: if its id is free and `seen` is still what [`LinkTargets::find`]
    /// gives.
    async fn insert_as_only(&self, link: &Link, seen: Option<&LinkId>) -> Result<Insertion, StoreError>;
}

/// What became of [`LinkTargets::insert_as_only`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Insertion {
    /// The link is written and remembered.
    Done,
    /// Its id is taken.
    IdTaken,
    /// Another link is remembered by now, or just being written.
    TargetTaken,
}

/// Writes many links at once.
#[async_trait]
pub trait LinkBatch: Send + Sync {
    /// Writes each of `links` whose id is free and says what became of it. Nothing that exists is changed. All ids
    /// differ; there are 1 to [`MAX_BATCH`] of them. On an error any of them may have been written. A store that is busy
    /// is not asked again here.
    async fn insert_all(&self, links: &[Link]) -> Result<Vec<Inserted>, StoreError>;
    /// The links with these ids (at most [`MAX_BATCH`]), in their order. Sees every write that was finished before.
    async fn get_all(&self, ids: &[LinkId]) -> Result<Vec<Option<Link>>, StoreError>;
    /// As [`crate::links::ports::LinkWriter::replace`].
    async fn replace(&self, seen: &Link, next: &Link) -> Result<bool, StoreError>;
}

/// What became of a link in [`LinkBatch::insert_all`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Inserted {
    /// It was written.
    Written,
    /// Its id is taken.
    Taken,
    /// The store is busy and did not look at it.
    Busy,
}

/// The greatest number of links in a call of [`LinkBatch`] (DynamoDB's limit for a batch of PartiQL statements).
pub const MAX_BATCH: usize = 25;

/// Reads all links of a workspace, one shard of its list after the other.
#[async_trait]
pub trait LinkShards: Send + Sync {
    /// The next links of the shard (less than [`Link::LIST_SHARDS`]) behind `after`, the oldest first, and whether there may
    /// be more. A busy store is asked again, within bounds, before it is an error.
    async fn next(
        &self,
        workspace: &WorkspaceId,
        shard: u8,
        after: Option<&Link>,
    ) -> Result<(Vec<Link>, bool), StoreError>;
}

/// What the use cases of links need from outside.
#[derive(Clone, Copy)]
pub struct LinkPorts<'a> {
    /// Reads what was written last.
    pub reader: &'a dyn LinkReader,
    /// Writes links.
    pub writer: &'a dyn LinkWriter,
    /// Finds a link by its target.
    pub targets: &'a dyn LinkTargets,
    /// Tells the time of a change.
    pub clock: &'a dyn Clock,
    /// Makes slugs and salts.
    pub random: &'a dyn Random,
    /// The stack's own domains.
    pub domains: &'a Domains,
}
