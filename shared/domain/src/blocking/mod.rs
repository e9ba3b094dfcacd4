//! Blocks targets for all links of the stack: the operator manages a list, and every function that writes or follows links keeps it in
//! memory. [`TargetUrl::parse`](crate::values::target::TargetUrl::parse) asks it, so that no target escapes the check.

pub mod add;
pub mod entry;
pub mod list;
pub mod operator;
pub mod ports;
pub mod refresh;
pub mod remove;
