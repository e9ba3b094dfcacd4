//! Domains as things: what visitors get there that no link answers, and which rules new links have there.

pub mod app_links;
pub mod change;
pub mod fields;
pub mod find;
pub mod ports;
pub mod rules;
pub mod settings;
