//! The click event, as it travels through the stream.

pub mod click;
