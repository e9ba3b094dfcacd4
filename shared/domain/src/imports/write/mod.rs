//! From rows to links: checks a row, writes batches, resolves conflicts, reports what was not loaded.

pub mod report;
pub(crate) mod resolve_conflict;
pub mod row;
mod row_settings;
pub(crate) mod send_rows;
mod window;
pub(crate) mod write_rows;
