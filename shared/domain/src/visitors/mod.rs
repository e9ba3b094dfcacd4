//! Tells who opens a link: a person or a program, on which device and system, in which language, or nobody yet.
//!
//! There is one classification. The limit of clicks and the rules ask it for a visit, and the statistics ask it for the click
//! of that visit, so both give the same answer for the same request. It looks for words; the lists are in
//! `shared/domain/data/visitors`. Each list is compiled when it is first asked: a redirect without a limit and without rules
//! needs none.

pub mod client;
pub mod device;
mod model;
pub mod prefetch;
pub mod program;
pub mod system;
pub(crate) mod words;
