//! Reads statistics: what the clicks of a link, of the links with a tag, or of a workspace add up to.
//!
//! * A request ([`request`]) is checked into a stretch of time with its steps (`period`), in a time zone ([`zone`]).
//! * The aggregates that it needs are read in one round or two (`read`), and added up (`sums`).
//! * The answer ([`answer`]) is JSON, or a table ([`csv`]).
//!
//! The use cases are [`read_link_stats`], [`read_tag_stats`], [`read_workspace_stats`] and [`read_all_time`]. What is exact
//! and what is not is told in `docs/analytics.md`.

pub mod answer;
mod change;
pub mod csv;
pub mod interval;
mod period;
pub mod ports;
mod read;
pub mod read_all_time;
pub mod read_link_stats;
pub mod read_tag_stats;
pub mod read_workspace_stats;
pub mod request;
mod respond;
mod sums;
#[cfg(test)]
mod tests;
mod top;
pub mod zone;

pub use self::answer::Stats;
pub use self::request::StatsRequest;
