//! Declares what the use case that changes links needs from outside.

use std::sync::Arc;

use super::ports::{LinkChangeQueue, LinkChangeStore};
use crate::domains::ports::DomainReader;
use crate::files::ports::FileStore;
use crate::jobs::timer::Timer;
use crate::links::ports::{ChangeMarker, LinkBatch, LinkReader, LinkRestorer, LinkShards, LinkTargets, LinkWriter};
use crate::ports::{Clock, Random};
use crate::tags::ports::TagStore;
use crate::target_safety::guard::TargetGuard;
use crate::values::domains::Domains;

/// The ports and settings of [`run_link_change`](super::run::run_link_change).
#[derive(Clone)]
pub struct RunLinkChangePorts {
    /// Keeps the job.
    pub jobs: Arc<dyn LinkChangeStore>,
    /// Takes the message by which the job goes on.
    pub queue: Arc<dyn LinkChangeQueue>,
    /// Keeps the chunks.
    pub files: Arc<dyn FileStore>,
    /// Reads all links.
    pub shards: Arc<dyn LinkShards>,
    /// Reads the selected links.
    pub batch: Arc<dyn LinkBatch>,
    /// Reads a link that another request has changed. Sees every write that finished before.
    pub reader: Arc<dyn LinkReader>,
    /// Changes and deletes links. Need not mark what it changes.
    pub writer: Arc<dyn LinkWriter>,
    /// Brings deleted links back.
    pub restorer: Arc<dyn LinkRestorer>,
    /// Remembers new targets.
    pub targets: Arc<dyn LinkTargets>,
    /// Keeps the definitions of tags.
    pub tags: Arc<dyn TagStore>,
    /// Marks the links of a chunk together.
    pub marker: Arc<dyn ChangeMarker>,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Makes what a change of a link needs.
    pub random: Arc<dyn Random>,
    /// Waits before a busy store is asked again.
    pub timer: Arc<dyn Timer>,
    /// Tells which workspaces may use a domain.
    pub domain_settings: Arc<dyn DomainReader>,
    /// Knows unsafe targets, if the stack asks.
    pub guard: Option<Arc<TargetGuard>>,
    /// The stack's own domains.
    pub domains: Domains,
    /// How many links are changed at the same time.
    pub concurrency: usize,
    /// The most links in a chunk, [`super::chunk::MAX_ENTRIES`] but in tests.
    pub chunk_entries: usize,
}
