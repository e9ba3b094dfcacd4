//! What the use cases need from outside: narrow traits, each with an AWS implementation and one in [`crate::memory`].

use std::net::IpAddr;

use async_trait::async_trait;

use crate::click::Click;
use crate::link_query::{LinkQuery, LinkSlice};
use crate::{ApiKey, Domain, Link, LinkId, StoreError, TargetUrl, Timestamp, WorkspaceId};

/// The time of day.
pub trait Clock: Send + Sync {
    /// Now.
    fn now(&self) -> Timestamp;
}

/// Randomness that cannot be guessed.
pub trait Random: Send + Sync {
    /// Fills `bytes`.
    fn fill(&self, bytes: &mut [u8]);
}

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
    /// whether it did. [`crate::Behaviour::used_clicks`] stays what it is in the store.
    async fn replace(&self, seen: &Link, next: &Link) -> Result<bool, StoreError>;
    /// Deletes the link if `workspace` owns it; says whether it did.
    async fn delete(&self, id: &LinkId, workspace: &WorkspaceId) -> Result<bool, StoreError>;
    /// Deletes the link if its owner has not changed it since it was `seen`; says whether it did.
    async fn delete_unchanged(&self, seen: &Link) -> Result<bool, StoreError>;
}

/// Counts the clicks of links that serve a limited number of them.
#[async_trait]
pub trait ClickLimit: Send + Sync {
    /// Uses up one click of the link; says whether there was one left. However many ask at once, no more are told so than
    /// [`crate::Behaviour::max_clicks`].
    async fn use_click(&self, id: &LinkId) -> Result<bool, StoreError>;
}

/// Counts the passwords that are tried on a link.
#[async_trait]
pub trait PasswordAttempts: Send + Sync {
    /// Counts an attempt at `now`; says whether it may be made. Not more than `limit` a minute are told so, whoever makes
    /// them; the minutes are those of the clock.
    async fn begin(&self, id: &LinkId, now: Timestamp, limit: u32) -> Result<bool, StoreError>;
    /// Takes back an attempt that was begun at `now`, since the password was right.
    async fn take_back(&self, id: &LinkId, now: Timestamp) -> Result<(), StoreError>;
}

/// Knows where addresses are.
pub trait Countries: Send + Sync {
    /// The country of `address` as an ISO 3166-1 alpha-2 code, if it is known.
    fn country(&self, address: IpAddr) -> Option<String>;
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

/// Finds API keys.
#[async_trait]
pub trait KeyReader: Send + Sync {
    /// The key with this hash (see [`crate::KeySecret::hash`]), expired or not.
    async fn find(&self, hash: &str) -> Result<Option<ApiKey>, StoreError>;
}

/// The stream that clicks go to.
#[async_trait]
pub trait ClickStream: Send + Sync {
    /// Sends `clicks`, with bounded retries. Gives back those that the stream did not take.
    async fn send(&self, clicks: Vec<Click>) -> Vec<Click>;
}

/// Where clicks wait that the stream did not take.
#[async_trait]
pub trait ClickSpill: Send + Sync {
    /// Keeps `clicks` until somebody replays them.
    async fn keep(&self, clicks: &[Click]) -> Result<(), StoreError>;
}

/// The secret of a day's visitor hashes.
#[async_trait]
pub trait SaltStore: Send + Sync {
    /// The salt of `date` (`2026-01-02`). All callers get the same one; the first makes it from `fresh`.
    async fn salt(&self, date: &str, fresh: [u8; 32]) -> Result<[u8; 32], StoreError>;
}

/// Something that a stack is made of.
#[async_trait]
pub trait Probe: Send + Sync {
    /// Asks for a sign of life that costs next to nothing. Whatever answers as it should is well.
    async fn probe(&self) -> Result<(), StoreError>;
}
