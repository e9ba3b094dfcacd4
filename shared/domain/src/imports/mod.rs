//! Bulk import: a file in the bucket becomes links, and a report of every row that did not.
//!
//! * [`start_import`](start_import::start_import) hands out an upload, [`find_import`] and [`list_imports`] say how it goes.
//! * [`load_import`] turns a file into links. It may be killed at any point and called again, or called twice at once: the
//!   same links and the same report come out.
//! * [`rows`] recognises and reads a file without any input or output of its own.

pub mod find_import;
pub mod id;
pub mod import;
pub mod list_imports;
pub mod load_import;
pub mod memory;
mod moment;
pub mod object_key;
pub mod ports;
pub mod report;
pub mod row;
mod row_behaviour;
pub mod rows;
mod run;
pub mod start_import;
mod write_rows;

#[cfg(test)]
mod kill_test;

pub use id::ImportId;
pub use import::{Counts, Import, ImportStatus};
