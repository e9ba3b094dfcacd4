//! Declares what the catalogue needs from outside. Its objects are read and written through the ports of [`crate::files`].

use std::sync::Arc;

use async_trait::async_trait;

use super::head::CatalogHead;
use super::patch::LaneClicks;
use crate::files::ports::{FileStore, ObjectReader, ObjectRemover};
use crate::links::link::Link;
use crate::links::ports::LinkShards;
use crate::ports::{Clock, Random};
use crate::values::error::StoreError;
use crate::values::workspace::WorkspaceId;

/// An item of a workspace's log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogItem {
    /// Its number: 1 for the first item of the workspace, then one more for each.
    pub number: u64,
    /// The unpacked bytes of all items up to this one.
    pub total: u64,
    /// What it says.
    pub body: LogBody,
}

/// What an item of the log says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LogBody {
    /// A block of patches.
    Block(Vec<u8>),
    /// The key of an object that holds patches as a segment does.
    Object(String),
}

/// The newest item of a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Newest {
    /// Its number, 0 without any.
    pub number: u64,
    /// The unpacked bytes of all items up to it.
    pub total: u64,
}

/// Keeps the logs and heads of catalogues.
#[async_trait]
pub trait CatalogStore: Send + Sync {
    /// Returns the newest item's number. Sees every write that finished before.
    async fn newest(&self, workspace: &WorkspaceId) -> Result<Newest, StoreError>;
    /// Appends `item` if its number is free. Returns whether it was.
    async fn append(&self, workspace: &WorkspaceId, item: &LogItem) -> Result<bool, StoreError>;
    /// Reads the items from `number` on, all of them. Sees every write that finished before.
    async fn read_from(&self, workspace: &WorkspaceId, number: u64) -> Result<Vec<LogItem>, StoreError>;
    /// Deletes these items, in any state that they are in.
    async fn delete(&self, workspace: &WorkspaceId, numbers: &[u64]) -> Result<(), StoreError>;
    /// Reads the head. Sees every write that finished before.
    async fn head(&self, workspace: &WorkspaceId) -> Result<Option<CatalogHead>, StoreError>;
    /// Writes `head` if the stored one has the revision before, or there is none and its revision is 0. Returns whether it did.
    async fn put_head(&self, workspace: &WorkspaceId, head: &CatalogHead) -> Result<bool, StoreError>;
}

/// Reads totals of clicks.
#[async_trait]
pub trait LinkTotals: Send + Sync {
    /// Returns the clicks of `link` in all lanes.
    async fn of(&self, link: &Link) -> Result<Vec<LaneClicks>, StoreError>;
}

/// What the use cases that keep the catalogue need from outside.
#[derive(Clone)]
pub struct CatalogPorts {
    /// Keeps logs and heads.
    pub store: Arc<dyn CatalogStore>,
    /// Reads objects.
    pub objects: Arc<dyn ObjectReader>,
    /// Writes objects.
    pub files: Arc<dyn FileStore>,
    /// Deletes objects.
    pub remover: Arc<dyn ObjectRemover>,
    /// Reads the links that were there before the catalogue.
    pub links: Arc<dyn LinkShards>,
    /// Reads the clicks that were there before the catalogue.
    pub totals: Arc<dyn LinkTotals>,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Makes names of objects.
    pub random: Arc<dyn Random>,
    /// When to write what.
    pub limits: CatalogLimits,
}

/// When a catalogue writes what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CatalogLimits {
    /// An item of the log holds at most about so many unpacked bytes itself; more go into an object. A kilobyte of an item costs a
    /// write, an object as much as eight of them.
    pub inline_bytes: usize,
    /// The log is flushed once in so many items.
    pub flush_items: u64,
    /// The log is flushed once in so many unpacked bytes.
    pub flush_bytes: u64,
    /// A flush, and a segment of a build, takes at most about so many unpacked bytes at once.
    pub segment_bytes: usize,
}

impl Default for CatalogLimits {
    fn default() -> Self {
        Self { inline_bytes: 32 << 10, flush_items: 128, flush_bytes: 1 << 20, segment_bytes: 32 << 20 }
    }
}
