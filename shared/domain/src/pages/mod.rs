//! Reads the pages that links lead to: asks for the titles of new links, and reads them.

pub mod ask;
mod charset;
pub mod page;
pub mod ports;
pub mod read_title;
pub mod title;
