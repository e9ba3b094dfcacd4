//! Clicks as numbers: from records of the stream to aggregates, and from aggregates to statistics.
//!
//! * Values: [`SequenceNumber`], [`Lane`], [`Day`], [`Dimension`], [`Counts`], [`VisitorSketch`], [`Tally`], [`Aggregate`].
//! * [`aggregate_clicks`] folds a batch of records into the aggregates that it touches, each record exactly once.
//! * [`stats`] adds up the lanes and days of aggregates.
//! * Ports: [`ports`], with an implementation in [`memory`] for tests.
//!
//! `docs/analytics.md` tells the whole story.

pub mod ingest;
pub mod model;
pub mod ports;
pub mod stats;
