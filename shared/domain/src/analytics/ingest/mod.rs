//! From records of the stream to aggregates, each click exactly once.

mod add_records;
pub mod aggregate_clicks;
pub mod archive;
mod batch;
mod click_form;
mod click_text;
mod decoded;
mod fold;
mod read_batch;
pub mod rebuild_stats;
pub mod record;
pub mod referrer;
pub mod user_agent;
mod write_aggregates;
