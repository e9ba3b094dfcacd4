//! Turns rows into links: checks rows, writes batches, resolves conflicts, reports rows that were not loaded.

pub(crate) mod add_aliases;
mod counts;
pub(crate) mod outcome;
mod protection;
pub mod report;
pub(crate) mod resolve_conflict;
pub mod row;
mod row_defaults;
mod row_settings;
pub(crate) mod send_rows;
pub(crate) mod settle_batch;
mod text;
mod window;
mod words;
pub(crate) mod write_rows;
