//! Checks the structure of the code: dependencies between crates, circles between files, and the page that lists the folders.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod dependencies;
mod files;
mod modules;
mod page;
#[path = "../repository.rs"]
mod repository;
