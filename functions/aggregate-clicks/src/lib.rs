//! The handler that `main.rs` runs, for tests and the bench.

pub mod event;
pub mod handler;
