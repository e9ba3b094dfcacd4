//! Keeps files: the files of a workspace that links share, and what imports and exports need of the bucket.
//!
//! A file of a workspace begins as `uploading` ([`start`]), is uploaded by its owner straight to the bucket ([`parts`]), and complete once
//! the bucket has what was announced ([`complete`]). It is ready when its content was looked at ([`inspect`]). [`find`], [`list`] and
//! [`delete`] are about those that exist. What has ended is removed by [`clean`]. Files that belong together stand in [`collections`]. See
//! ADR 44, 47, 48 and 51.

pub mod adopt;
pub mod checksums;
pub mod clean;
#[cfg(test)]
mod clean_tests;
pub mod collections;
pub mod complete;
pub mod csv;
pub mod delete;
pub mod delivery;
pub mod detect;
pub mod ending;
pub mod file;
pub mod find;
pub mod give_up;
pub mod id;
pub mod inspect;
#[cfg(test)]
mod inspect_tests;
#[cfg(test)]
mod kill_test;
pub mod list;
pub mod name;
pub mod part_plan;
pub mod parts;
pub mod ports;
pub mod quota;
pub mod reader;
pub mod remove;
pub mod removed;
pub mod retention;
pub mod share;
#[cfg(test)]
mod share_tests;
pub mod start;
pub mod state;
pub mod store_ports;
pub mod stored_object;
pub mod target;
#[cfg(test)]
mod tests;
pub mod verdict;
