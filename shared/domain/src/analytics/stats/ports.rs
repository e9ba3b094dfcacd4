//! Names what the questions of statistics need from outside.

use crate::analytics::ports::AggregateReader;
use crate::links::ports::{LinkIndex, LinkReader};
use crate::ports::Clock;

/// What reading statistics needs.
#[derive(Clone, Copy)]
pub struct StatsPorts<'a> {
    /// Finds the link that a question is about.
    pub links: &'a dyn LinkReader,
    /// Finds the links with a tag.
    pub index: &'a dyn LinkIndex,
    /// Reads what clicks add up to.
    pub aggregates: &'a dyn AggregateReader,
    /// Tells what "now" and "today" are.
    pub clock: &'a dyn Clock,
}
