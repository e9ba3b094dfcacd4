//! Holds the events of the click stream, which the redirect writes and analytics reads.

pub mod click;
pub mod event;
pub mod miss;
pub mod missed_path;
