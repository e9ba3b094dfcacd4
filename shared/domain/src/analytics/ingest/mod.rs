//! Counts the records of the stream in aggregates, archives their clicks, and rebuilds aggregates from the archive.

mod add_records;
pub mod aggregate_clicks;
pub mod archive;
mod batch;
mod click_text;
mod decoded;
mod fold;
mod read_batch;
pub mod rebuild_stats;
pub mod record;
pub mod referrer;
pub mod user_agent;
mod write_aggregates;
