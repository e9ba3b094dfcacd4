//! Takes visitors' reports of links that harm people, and lets the operator work them off.

pub mod change;
pub mod file;
pub mod list;
pub mod new_report;
pub mod ports;
pub mod remove;
pub mod report;
