//! Checks whether the targets of links still work: in runs, each for a day, of all workspaces or of one. A run works in slices, one
//! invocation after the other. Each use case has one file.

mod ask;
pub mod finding;
pub mod give_up;
pub mod job;
pub mod ports;
pub mod record;
pub mod run;
pub mod start;
#[cfg(test)]
mod tests;
mod unsafe_targets;
