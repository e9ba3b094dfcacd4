//! Domains as things: what visitors get there that no link answers, and which workspaces may make links there.

pub mod app_links;
pub mod change;
pub mod fields;
pub mod find;
pub mod limits;
pub mod ports;
pub mod settings;
