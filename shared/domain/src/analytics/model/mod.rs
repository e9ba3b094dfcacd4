//! Defines aggregates, the sums of clicks, and the values that they consist of.

pub mod aggregate;
pub mod counts;
pub mod day;
pub mod dimension;
pub mod lane;
pub(crate) mod link_value;
pub mod recent;
pub mod sequence;
pub mod tally;
pub mod visitors;
