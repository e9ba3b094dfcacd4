//! Managing API keys.

pub mod create_key;
pub mod list_keys;
pub mod memory;
pub mod ports;
pub mod revoke_key;
