//! Keeps collections: files that belong together, each at a path, and that one link can lead to.
//!
//! A file is put into a collection when it is announced ([`super::start`]) and leaves it when it is removed. [`create`], [`find`], [`list`] and
//! [`list_files`] are about what there is; [`delete`] marks a collection and empties it ([`remove`]), and [`super::clean`] goes on where that
//! stopped. See ADR 51.

pub mod collection;
pub mod create;
pub mod delete;
pub mod find;
pub mod id;
pub mod list;
pub mod list_files;
pub mod path;
pub mod ports;
pub mod reader;
pub mod remove;
pub mod target;
#[cfg(test)]
mod tests;
