//! Clicks as numbers: from records of the stream to aggregates, and from aggregates to statistics.
//!
//! * Values: [`SequenceNumber`], [`Lane`], [`Day`], [`Dimension`], [`Counts`], [`VisitorSketch`], [`Tally`], [`Aggregate`].
//! * [`aggregate_clicks`] folds a batch of records into the aggregates that it touches, each record exactly once.
//! * [`stats`] adds up the lanes and days of aggregates.
//! * Ports: [`ports`], with an implementation in [`memory`] for tests.
//!
//! `docs/analytics.md` tells the whole story.

pub mod aggregate;
pub mod aggregate_clicks;
pub mod archive;
mod batch;
mod click_text;
pub mod counts;
pub mod day;
mod decoded;
pub mod dimension;
pub mod faults;
mod fold;
pub mod lane;
pub mod memory;
pub mod ports;
mod read_batch;
pub mod rebuild_stats;
pub mod recent;
pub mod record;
pub mod referrer;
pub mod sequence;
pub mod stats;
pub mod tally;
pub mod user_agent;
pub mod visitors;
mod write_aggregates;

pub use aggregate::{Aggregate, AggregateKey, Grain};
pub use counts::Counts;
pub use day::Day;
pub use dimension::Dimension;
pub use lane::Lane;
pub use recent::RecentClicks;
pub use record::{Received, SetAside};
pub use sequence::SequenceNumber;
pub use tally::Tally;
pub use user_agent::UserAgents;
pub use visitors::VisitorSketch;
