//! Bulk import: a file in the bucket becomes links, and a report of every row that did not.
//!
//! * [`start_import`](start_import::start_import) hands out an upload, [`find_import`] and [`list_imports`] say how it goes.
//! * [`load_import`] turns a file into links. It may be killed at any point and called again, or called twice at once: the
//!   same links and the same report come out.
//! * [`rows`] recognises and reads a file without any input or output of its own.

pub mod cancel;
pub mod close;
pub mod find;
pub mod job;
pub mod list;
pub mod load;
pub mod load_part;
pub mod loader;
mod plan;
pub mod rows;
mod run;
pub mod start;
pub mod write;

#[cfg(test)]
mod kill_test;
