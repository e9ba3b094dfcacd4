//! Changes or deletes many links at once, as a job, and takes it back.
//!
//! * [`start_link_change`](start::start_link_change) checks a request and queues a job; [`undo_link_change`](undo::undo_link_change) starts
//!   the one that takes another back.
//! * [`run_link_change`](run::run_link_change) first fixes which links are meant, then works on them chunk by chunk, in as many invocations
//!   as it takes.
//! * [`read_results`](results::read_results) tells what became of each link.
//!
//! A chunk is a file in the bucket. It names links; before the first of them changes, it is written again with their state of that time,
//! and once all are done with their results. The job's record says which of the three is there, so an invocation may end at any point: the
//! next one knows of each link whether it was changed by this job. See ADR 29.

pub mod cancel;
pub mod chunk;
pub mod edit;
mod end_tag;
pub mod find;
pub mod give_up;
pub mod id;
pub mod job;
pub mod list;
pub mod ports;
pub mod request;
pub mod results;
pub mod run;
pub mod run_ports;
pub mod select;
pub mod start;
pub mod undo;
mod url_prefix;
