//! Fetches pages from servers that nobody trusts.
//!
//! A caller of the API chooses what Waypost fetches here, so the requests must not reach what only Waypost can reach. Three rules hold
//! that (ADR 31):
//!
//! * [`addresses`] lets requests go to public addresses only. A name is resolved here, all of its addresses are checked, and the connection goes
//!   to one of these, so that a name cannot lead elsewhere between the check and the connection.
//! * [`fetcher`] follows redirects itself, and checks each anew.
//! * Time, the head and the body of an answer are bounded. Nothing is decompressed.

pub mod addresses;
mod connect;
mod exchange;
pub mod fetcher;
pub mod resolve;
#[cfg(test)]
mod tests;
