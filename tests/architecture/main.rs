//! Holds the crates to their place: who depends on whom, no circle between files, and a page that names them all.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod dependencies;
mod files;
mod modules;
mod page;
#[path = "../repository.rs"]
mod repository;
