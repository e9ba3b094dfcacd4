//! Defines what reading statistics needs from outside.

use crate::analytics::ports::AggregateReader;
use crate::links::ports::{LinkIndex, LinkMoves, LinkReader};
use crate::ports::Clock;

/// The ports of reading statistics.
#[derive(Clone, Copy)]
pub struct StatsPorts<'a> {
    /// Finds the requested link.
    pub links: &'a dyn LinkReader,
    /// Finds the links with a tag.
    pub index: &'a dyn LinkIndex,
    /// Tells where links are now.
    pub moves: &'a dyn LinkMoves,
    /// Reads aggregates.
    pub aggregates: &'a dyn AggregateReader,
    /// Tells the time now, and so which day is today.
    pub clock: &'a dyn Clock,
}
