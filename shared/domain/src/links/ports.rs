//! Declares what links need from outside.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::address::LinkAddress;
use super::id::LinkId;
use super::link::Link;
use super::query::{LinkQuery, LinkSlice};
use crate::domains::ports::DomainReader;
use crate::ports::{Clock, Random};
use crate::target_safety::lookups::Lookups;
use crate::values::domains::{Domain, Domains};
use crate::values::error::StoreError;
use crate::values::target::TargetUrl;
use crate::values::timestamp::Timestamp;
use crate::values::workspace::WorkspaceId;

/// Reads single links.
#[async_trait]
pub trait LinkReader: Send + Sync {
    /// Returns the link at the address, or the one that the address is an alias of. May lag behind a write by less than a second.
    async fn get(&self, address: &LinkAddress) -> Result<Option<Link>, StoreError>;
    /// Returns the same, and sees every write that finished before.
    async fn get_latest(&self, address: &LinkAddress) -> Result<Option<Link>, StoreError> {
        self.get(address).await
    }
}

/// Writes single links.
#[async_trait]
pub trait LinkWriter: Send + Sync {
    /// Writes `link` if its address is free, or reserved for its workspace. Returns whether it was. Never overwrites a link.
    async fn insert(&self, link: &Link) -> Result<bool, StoreError>;
    /// Replaces `seen` by `next`, which has the same address, aliases and owner, if the owner has not changed the link since.
    /// Returns whether it did. Keeps the stored [`crate::links::settings::LinkSettings::used_clicks`].
    async fn replace(&self, seen: &Link, next: &Link) -> Result<bool, StoreError>;
    /// Replaces `seen` by `next`, which has the same id and owner and other addresses, as one: the link moves to its new address,
    /// its aliases lead there, new ones too, and each address that it gives up is reserved for its owner from `now` on.
    async fn relocate(&self, seen: &Link, next: &Link, now: Timestamp) -> Result<Relocation, StoreError>;
    /// Deletes the link with its aliases if its owner has not changed it since `seen` was read, and reserves its addresses for
    /// the owner from `now` on. Returns whether it did.
    async fn delete(&self, seen: &Link, now: Timestamp) -> Result<bool, StoreError>;
}

/// How long an address that its owner gave up is reserved for the owner's workspace, in seconds: 90 days. The store may forget
/// a reservation some days later than that.
pub const RESERVED_SECONDS: i64 = 90 * 24 * 3600;

/// The result of [`LinkWriter::relocate`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Relocation {
    /// Wrote everything.
    Done,
    /// Wrote nothing: the link has changed, or was clicked, since it was read.
    Changed,
    /// Wrote nothing: the new address or a new alias is taken, or reserved for another workspace.
    Taken,
}

/// Brings deleted links back.
#[async_trait]
pub trait LinkRestorer: Send + Sync {
    /// Writes `link` and its aliases as one, if each of their addresses is free or reserved for its workspace. Returns whether all were,
    /// or the store holds `link` already: the answer to an earlier call may have been lost.
    async fn restore(&self, link: &Link) -> Result<bool, StoreError>;
}

/// Marks changed links for redirects that keep them.
#[async_trait]
pub trait ChangeMarker: Send + Sync {
    /// Marks these buckets (less than [`super::change_marks::BUCKETS`], each once), at least one.
    async fn mark(&self, buckets: &[usize]) -> Result<(), StoreError>;
}

/// Tells where links are now.
#[async_trait]
pub trait LinkMoves: Send + Sync {
    /// Returns the present address of each of these links of `workspace` that has ever moved, in the same order; `None` for the
    /// others. Knows the last address of a link that has been deleted.
    async fn addresses(&self, workspace: &WorkspaceId, ids: &[LinkId]) -> Result<Vec<Option<LinkAddress>>, StoreError>;
}

/// Lists a workspace's links.
#[async_trait]
pub trait LinkIndex: Send + Sync {
    /// Lists the links of `workspace` that `query` selects. May stop early, with fewer links and [`LinkSlice::reached`], but always
    /// makes progress.
    async fn page(&self, workspace: &WorkspaceId, query: &LinkQuery) -> Result<LinkSlice, StoreError>;
}

/// Finds links by their target, and remembers one link for each target.
#[async_trait]
pub trait LinkTargets: Send + Sync {
    /// Returns the address of the link last remembered for the target. It may have changed since, or not exist any more.
    async fn find(
        &self,
        workspace: &WorkspaceId,
        domain: &Domain,
        url: &TargetUrl,
    ) -> Result<Option<LinkAddress>, StoreError>;
    /// Returns the addresses of the newest links of the workspace with this target on this domain, at most [`MAX_FOUND`],
    /// whatever wrote them. May lag behind a write by some seconds. Does not know links from before the ids that have not been
    /// changed since.
    async fn find_all(
        &self,
        workspace: &WorkspaceId,
        domain: &Domain,
        url: &TargetUrl,
    ) -> Result<Vec<LinkAddress>, StoreError>;
    /// Remembers `link` for its target.
    async fn remember(&self, link: &Link) -> Result<(), StoreError>;
    /// Writes and remembers `link` in one transaction, if its address is free or reserved for its workspace and
    /// [`LinkTargets::find`] would still return `seen`.
    async fn insert_as_only(&self, link: &Link, seen: Option<&LinkAddress>) -> Result<Insertion, StoreError>;
}

/// The most addresses that [`LinkTargets::find_all`] returns.
pub const MAX_FOUND: usize = 200;

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
    /// Writes each of `links` whose address is free; a reserved one is not. Returns the result for each. Never overwrites a link.
    /// Takes 1 to [`MAX_BATCH`] links with different addresses. On an error, it may have written any of them. Does not retry if the
    /// store is busy.
    async fn insert_all(&self, links: &[Link]) -> Result<Vec<Inserted>, StoreError>;
    /// Writes a link as [`LinkWriter::insert`] does, also to an address that is reserved for its workspace.
    async fn insert_one(&self, link: &Link) -> Result<bool, StoreError>;
    /// Reads what is at these addresses (at most [`MAX_BATCH`]), in the same order. Sees every write that finished before.
    async fn get_all(&self, addresses: &[LinkAddress]) -> Result<Vec<Occupant>, StoreError>;
    /// Replaces a link as [`LinkWriter::replace`] does.
    async fn replace(&self, seen: &Link, next: &Link) -> Result<bool, StoreError>;
    /// Changes the addresses of a link as [`LinkWriter::relocate`] does.
    async fn relocate(&self, seen: &Link, next: &Link, now: Timestamp) -> Result<Relocation, StoreError>;
}

/// What is at an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Occupant {
    /// Nothing: the address is free.
    Nobody,
    /// The link, or the one that the address is an alias of.
    Link(Box<Link>),
    /// The address is reserved for this workspace, which gave it up some time ago.
    Reserved(WorkspaceId),
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

/// A place among the links of a shard: the link that was read last.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShardPlace {
    /// The link's address.
    pub address: LinkAddress,
    /// Its key in the list, [`Link::list_key`].
    pub list_key: String,
}

impl ShardPlace {
    /// Returns the place of `link`.
    pub fn of(link: &Link) -> Self {
        Self { address: link.address.clone(), list_key: link.list_key() }
    }
}

/// Reads all links of a workspace, shard by shard.
#[async_trait]
pub trait LinkShards: Send + Sync {
    /// Returns the next links of `shard` (less than [`Link::LIST_SHARDS`]) after `after`, the oldest first, and whether there may
    /// be more. Retries a busy store within bounds before it fails.
    async fn next(
        &self,
        workspace: &WorkspaceId,
        shard: u8,
        after: Option<&ShardPlace>,
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
    /// Tells which of them are open to which workspaces. Sees every change that finished before.
    pub domain_settings: &'a dyn DomainReader,
    /// Tells which targets are unsafe, if the stack asks.
    pub lookups: Option<&'a Lookups>,
}
