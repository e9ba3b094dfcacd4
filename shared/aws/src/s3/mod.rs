//! What Waypost keeps in its bucket.

pub mod objects;
pub mod quarantine;
pub mod reports;
pub mod spill;
pub mod uploads;
