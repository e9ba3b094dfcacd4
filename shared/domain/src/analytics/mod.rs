//! Counts clicks: adds the records of the stream to aggregates, and adds aggregates up to statistics.
//!
//! * [`model`]: the aggregates and the values that they consist of.
//! * [`ingest`]: adds each record of a batch to the aggregates that it touches, exactly once.
//! * [`stats`]: adds up the lanes and days of aggregates.
//! * [`ports`]: what both need from outside; `testing` implements it for tests.
//!
//! `docs/analytics.md` explains how it works.

pub mod ingest;
pub mod model;
pub mod ports;
pub mod stats;
