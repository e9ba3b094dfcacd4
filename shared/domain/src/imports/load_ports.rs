//! Defines the ports that loading and ending an import and its parts share.

use std::sync::Arc;

use super::job::ports::{ImportStore, PartQueue, PartStore};
use crate::domains::ports::DomainReader;
use crate::files::ports::{FileStore, ObjectReader};
use crate::jobs::timer::Timer;
use crate::links::ports::LinkBatch;
use crate::ports::Clock;
use crate::values::domains::Domains;
use crate::workspaces::ports::SettingsReader;

/// The ports of [`load_import`](super::load::load_import) and [`load_part`](super::load_part::load_part), and their limits.
#[derive(Clone)]
pub struct LoadImportPorts {
    /// Keeps the imports.
    pub imports: Arc<dyn ImportStore>,
    /// Keeps their parts.
    pub parts: Arc<dyn PartStore>,
    /// Reads what workspaces say about new links.
    pub settings: Arc<dyn SettingsReader>,
    /// Queues parts to be loaded.
    pub queue: Arc<dyn PartQueue>,
    /// Writes the links.
    pub links: Arc<dyn LinkBatch>,
    /// Reads the files.
    pub objects: Arc<dyn ObjectReader>,
    /// Keeps the reports.
    pub reports: Arc<dyn FileStore>,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Waits while the table is busy.
    pub timer: Arc<dyn Timer>,
    /// The stack's own domains.
    pub domains: Domains,
    /// Tells which of them are open to which workspaces.
    pub domain_settings: Arc<dyn DomainReader>,
    /// The greatest size of a file, in bytes.
    pub max_bytes: u64,
    /// The approximate size of a part, in bytes. A smaller file is loaded at once.
    pub part_bytes: u64,
}

/// The ports that end an import: those of [`give_up_part`](super::give_up::give_up_part) and
/// [`give_up_upload`](super::give_up::give_up_upload).
#[derive(Clone)]
pub struct EndImportPorts {
    /// Keeps the imports.
    pub imports: Arc<dyn ImportStore>,
    /// Keeps their parts.
    pub parts: Arc<dyn PartStore>,
    /// Queues parts to be loaded.
    pub queue: Arc<dyn PartQueue>,
    /// Keeps the reports.
    pub reports: Arc<dyn FileStore>,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
}

impl LoadImportPorts {
    /// Returns the ports that end an import.
    pub fn ending(&self) -> EndImportPorts {
        EndImportPorts {
            imports: self.imports.clone(),
            parts: self.parts.clone(),
            queue: self.queue.clone(),
            reports: self.reports.clone(),
            clock: self.clock.clone(),
        }
    }
}
