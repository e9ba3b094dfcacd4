//! Declares what links need from outside.

use async_trait::async_trait;

use super::link::{Link, LinkAddress};
use super::query::{LinkQuery, LinkSlice};
use crate::ports::{Clock, Random};
use crate::values::domains::{Domain, Domains};
use crate::values::error::StoreError;
use crate::values::target::TargetUrl;
use crate::values::workspace::WorkspaceId;

/// Reads single links.
#[async_trait]
pub trait LinkReader: Send + Sync {
    /// Returns the link, if it exists. May lag behind a write by less than a second.
    async fn get(&self, address: &LinkAddress) -> Result<Option<Link>, StoreError>;
}

/// Writes single links.
#[async_trait]
pub trait LinkWriter: Send + Sync {
    /// Writes `link` if its address is free. Returns whether it was. Never overwrites a link.
    async fn insert(&self, link: &Link) -> Result<bool, StoreError>;
    /// Replaces `seen` by `next`, which has the same address and owner, if the owner has not changed the link since. Returns whether
    /// it did. Keeps the stored [`crate::links::settings::LinkSettings::used_clicks`].
    async fn replace(&self, seen: &Link, next: &Link) -> Result<bool, StoreError>;
    /// Deletes the link if `workspace` owns it. Returns whether it did.
    async fn delete(&self, address: &LinkAddress, workspace: &WorkspaceId) -> Result<bool, StoreError>;
    /// Deletes the link if its owner has not changed it since `seen` was read. Returns whether it did.
    async fn delete_unchanged(&self, seen: &Link) -> Result<bool, StoreError>;
}

/// Lists a workspace's links.
#[async_trait]
pub trait LinkIndex: Send + Sync {
    /// Lists the links of `workspace` that `query` selects. May stop early, with fewer links and [`LinkSlice::reached`], but always
    /// makes progress.
    async fn page(&self, workspace: &WorkspaceId, query: &LinkQuery) -> Result<LinkSlice, StoreError>;
}

/// Remembers one link for each target.
#[async_trait]
pub trait LinkTargets: Send + Sync {
    /// Returns the link last remembered for the target. It may have changed since, or not exist any more.
    async fn find(
        &self,
        workspace: &WorkspaceId,
        domain: &Domain,
        url: &TargetUrl,
    ) -> Result<Option<LinkAddress>, StoreError>;
    /// Remembers `link` for its target.
    async fn remember(&self, link: &Link) -> Result<(), StoreError>;
    /// Writes and remembers `link` in one transaction, if its address is free and [`LinkTargets::find`] would still return `seen`.
    async fn insert_as_only(&self, link: &Link, seen: Option<&LinkAddress>) -> Result<Insertion, StoreError>;
}

/// The result of [`LinkTargets::insert_as_only`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Insertion {
    /// Wrote and remembered the link.
    Done,
    /// The link's address is taken.
    AddressTaken,
    /// The store has remembered another link by now, or is about to.
    TargetTaken,
}

/// Writes many links at once.
#[async_trait]
pub trait LinkBatch: Send + Sync {
    /// Writes each of `links` whose address is free. Returns the result for each. Never overwrites a link. Takes 1 to [`MAX_BATCH`] links
    /// with different addresses. On an error, it may have written any of them. Does not retry if the store is busy.
    async fn insert_all(&self, links: &[Link]) -> Result<Vec<Inserted>, StoreError>;
    /// Reads the links with these addresses (at most [`MAX_BATCH`]), in the same order. Sees every write that finished before.
    async fn get_all(&self, addresses: &[LinkAddress]) -> Result<Vec<Option<Link>>, StoreError>;
    /// Replaces a link as [`LinkWriter::replace`] does.
    async fn replace(&self, seen: &Link, next: &Link) -> Result<bool, StoreError>;
}

/// The result for one link of [`LinkBatch::insert_all`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Inserted {
    /// Wrote the link.
    Written,
    /// The link's address is taken.
    Taken,
    /// The store was busy and did not try.
    Busy,
}

/// The greatest number of links in one call to [`LinkBatch`] (DynamoDB's limit for a batch of PartiQL statements).
pub const MAX_BATCH: usize = 25;

/// Reads all links of a workspace, shard by shard.
#[async_trait]
pub trait LinkShards: Send + Sync {
    /// Returns the next links of `shard` (less than [`Link::LIST_SHARDS`]) after `after`, the oldest first, and whether there may
    /// be more. Retries a busy store within bounds before it fails.
    async fn next(
        &self,
        workspace: &WorkspaceId,
        shard: u8,
        after: Option<&Link>,
    ) -> Result<(Vec<Link>, bool), StoreError>;
}

/// What the use cases that create and change links need from outside.
#[derive(Clone, Copy)]
pub struct LinkPorts<'a> {
    /// Reads links.
    pub reader: &'a dyn LinkReader,
    /// Writes links.
    pub writer: &'a dyn LinkWriter,
    /// Finds links by their target.
    pub targets: &'a dyn LinkTargets,
    /// Tells the time of a creation or change.
    pub clock: &'a dyn Clock,
    /// Makes slugs and salts.
    pub random: &'a dyn Random,
    /// The stack's own domains.
    pub domains: &'a Domains,
}
