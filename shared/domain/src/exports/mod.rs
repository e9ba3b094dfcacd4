//! Exports all links of a workspace to a file that can be imported again.
//!
//! * [`start_export`](start::start_export) requests an export; [`find_export`](find::find_export) returns its status and its file.
//! * [`write_export`](write::write_export) writes the file as a stream, so that its memory does not depend on the number of
//!   links. The file appears as a whole, so that an invocation may be killed at any point and tried again.
//!
//! An export takes as many invocations as it needs: each goes on at the checkpoint of the one before it. If its message is given
//! up, [`give_up_export`](give_up::give_up_export) ends it.
//!
//! The file holds the hash of a password only if an admin asked for it: a reader of the file could try passwords against the hash
//! without limit. Without it, a row of a locked link says `has_password`, and an import archives such a link rather than open it.

pub mod checkpoint;
pub mod export;
pub mod find;
pub mod format;
pub mod give_up;
pub mod list;
pub mod ports;
pub mod start;
pub mod write;
pub mod write_ports;
