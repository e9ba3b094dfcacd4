//! What `main.rs` runs, for the tests that drive it and the bench that measures it.

pub mod event;
pub mod handler;
