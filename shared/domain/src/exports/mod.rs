//! Exports: all links of a workspace become a file that can be imported again.
//!
//! * [`start_export`](start_export::start_export) has one written, [`find_export`](find_export::find_export) says how it goes and
//!   gives the file.
//! * [`write_export`](write_export::write_export) writes it: as a stream, so that memory does not depend on the number of links,
//!   and as a whole, so that it may be killed at any point and called again.
//!
//! A password is not in the file, and neither is its hash: whoever has the file could try passwords at leisure. A link that has
//! one says `has_password`, and an import refuses such a row rather than making a link that is open to everybody.

pub mod export;
pub mod find;
pub mod format;
pub mod ports;
pub mod start;
pub mod write;
