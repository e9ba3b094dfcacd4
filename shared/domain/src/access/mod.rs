//! Decides who may do what, and how often: keys and their limits, roles, tokens, sessions, rate limits, idempotent requests.

pub mod authenticate;
pub mod create_key;
pub mod idempotency;
pub mod key;
pub mod key_limits;
pub mod list_keys;
pub mod new_key_limits;
pub mod ports;
pub mod rate_limit;
pub mod revoke_key;
pub mod scope;
mod secret;
pub mod sessions;
