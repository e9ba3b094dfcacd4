//! Follows links: the hot path, from a visitor's request to the click that is delivered after the answer.

pub mod cache;
pub mod choose_target;
pub mod circuit_breaker;
pub mod deliver_clicks;
pub mod follow;
pub mod forward_query;
pub mod ports;
pub mod record_click;
pub mod verify_password;
pub mod visit;
