//! Bulk import: a file in the bucket becomes links, and a report of every row that did not.
//!
//! * [`start_import`](start_import::start_import) hands out an upload, [`find_import`] and [`list_imports`] say how it goes.
//! * [`load_import`] turns a file into links. It may be killed at any point and called again, or called twice at once: the
//!   same links and the same report come out.
//! * [`rows`] recognises and reads a file without any input or output of its own.

pub mod cancel_import;
pub mod close_import;
pub mod find_import;
pub mod id;
pub mod import;
mod judge;
pub mod list_imports;
pub mod load_import;
pub mod load_part;
pub mod memory;
mod moment;
pub mod object_key;
pub mod options;
pub mod part;
mod plan_import;
pub mod ports;
pub mod report;
pub mod row;
mod row_behaviour;
pub mod rows;
mod run;
mod send_rows;
pub mod start_import;
mod window;
mod write_rows;

#[cfg(test)]
mod kill_test;

pub use id::ImportId;
pub use import::{Counts, Import, ImportStatus};
