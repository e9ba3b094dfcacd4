//! Imports files in bulk: the rows of a file in the bucket become links, and a report lists the rows that did not.
//!
//! * [`start_import`](start::start_import) creates an import and signs its upload; [`find_import`](find::find_import) and
//!   [`list_imports`](list::list_imports) return imports and their progress.
//! * [`load_import`](load::load_import) turns a file into links. It may be killed at any point and called again, or run twice at
//!   once: the links and the report are the same.
//! * [`rows`] recognises and reads a file without any input or output of its own.

pub mod cancel;
pub mod close;
pub mod find;
pub mod give_up;
pub mod job;
mod lease_import;
mod lease_part;
pub mod list;
pub mod load;
pub mod load_part;
pub mod load_ports;
mod plan;
mod report_pieces;
pub mod rows;
mod run;
pub mod start;
pub mod write;

#[cfg(test)]
mod kill_test;
