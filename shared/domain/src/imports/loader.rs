//! Holds what loading an import needs.

use crate::files::ports::FileStore;
use crate::files::ports::ObjectReader;
use crate::imports::job::ports::ImportStore;
use crate::imports::job::ports::PartQueue;
use crate::imports::job::ports::PartStore;
use crate::jobs::timer::Timer;
use crate::links::ports::LinkBatch;
use crate::ports::Clock;
use crate::values::domains::Domains;
use std::sync::Arc;

/// What loading needs.
#[derive(Clone)]
pub struct Loader {
    /// The imports.
    pub imports: Arc<dyn ImportStore>,
    /// Their parts.
    pub parts: Arc<dyn PartStore>,
    /// Has parts loaded.
    pub queue: Arc<dyn PartQueue>,
    /// The links.
    pub links: Arc<dyn LinkBatch>,
    /// The files.
    pub objects: Arc<dyn ObjectReader>,
    /// The reports.
    pub reports: Arc<dyn FileStore>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Lets it go by.
    pub timer: Arc<dyn Timer>,
    /// The stack's own domains.
    pub domains: Domains,
    /// The greatest size of a file, in bytes.
    pub max_bytes: u64,
    /// How many bytes of a file one part has, about. A smaller file is loaded at once.
    pub part_bytes: u64,
}
