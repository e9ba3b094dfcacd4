//! Reads statistics: adds up the clicks of a link, of the links with a tag, or of a workspace.
//!
//! * [`request`] checks a request, and `period` splits its range into steps in a time zone ([`zone`]).
//! * `read` reads the aggregates in few rounds, and `sums` adds them up.
//! * `build_stats` makes the answer ([`answer`]), which is JSON or a table ([`csv`]).
//!
//! The use cases are [`read_link_stats`], [`read_range_clicks`], [`read_tag_stats`], [`read_workspace_stats`],
//! [`read_misses`] and [`read_all_time`].
//! `docs/statistics.md` says what is exact.

pub mod answer;
mod build_stats;
mod change;
pub mod csv;
mod filter;
pub mod interval;
#[cfg(test)]
mod misses_tests;
mod null_reasons;
mod period;
pub mod ports;
mod read;
pub mod read_all_time;
pub mod read_link_stats;
pub mod read_misses;
pub mod read_range_clicks;
pub mod read_tag_stats;
pub mod read_workspace_stats;
pub mod request;
mod subject;
mod sums;
#[cfg(test)]
mod tests;
mod top;
mod top_links;
pub mod zone;

pub use self::answer::Stats;
pub use self::request::StatsRequest;
