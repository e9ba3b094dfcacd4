//! Holds the click event of the stream, which the redirect writes and analytics reads.

pub mod click;
