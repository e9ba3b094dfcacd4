//! Finds and sorts the links of a workspace: a packed copy of what searches and sorted lists need of each link.
//!
//! The tables' streams bring each change of a link and each new total of its clicks. [`append`] adds them to the log of the
//! workspace; [`flush`] moves the log into segments, files that are merged as they grow; [`build`] makes the catalogue of links that
//! were there before it. A reader loads the segments once and then reads on in the log ([`read`]), so that it is as new as the log.
//! ADR 27 says why.

pub mod append;
pub mod block;
pub mod build;
pub mod flush;
pub mod head;
pub mod memory;
pub mod patch;
pub mod ports;
pub mod query;
pub mod read;
pub mod search_links;
pub mod segment;
#[cfg(test)]
mod tests;
pub mod words;
