//! What Waypost keeps in its bucket.

pub mod archive;
pub mod objects;
mod put;
pub mod quarantine;
pub mod reports;
pub mod spill;
pub mod uploads;
