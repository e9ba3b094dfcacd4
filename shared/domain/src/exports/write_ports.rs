//! Defines the ports that writing an export needs.

use std::sync::Arc;

use super::ports::{ExportQueue, ExportStore};
use crate::files::ports::FileParts;
use crate::jobs::timer::Timer;
use crate::links::ports::LinkShards;
use crate::ports::Clock;

/// The ports of [`write_export`](super::write::write_export).
#[derive(Clone)]
pub struct WriteExportPorts {
    /// Keeps the exports.
    pub exports: Arc<dyn ExportStore>,
    /// Queues the rest of an export.
    pub queue: Arc<dyn ExportQueue>,
    /// Reads the links.
    pub links: Arc<dyn LinkShards>,
    /// Keeps the files.
    pub files: Arc<dyn FileParts>,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Waits before a page is asked for again.
    pub timer: Arc<dyn Timer>,
    /// How many bytes the first parts of a file have at least,
    /// [`Checkpoint::PART_BYTES`](super::checkpoint::Checkpoint::PART_BYTES) unless files are small.
    pub part_bytes: usize,
}
