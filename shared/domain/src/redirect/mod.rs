//! Follows links. This is the hot path: it answers a visitor's request, and delivers the click, or the visit to no link, after the answer.

mod accept_language;
pub mod cache;
mod check_target;
pub mod choose_target;
pub mod circuit_breaker;
pub mod collection_share;
pub mod deliver_clicks;
pub mod details;
pub mod file_page;
pub mod file_share;
mod find_link;
pub mod follow;
mod forward_path;
pub mod forward_query;
pub mod further_page;
pub mod known_domains;
mod known_marks;
pub mod miss_gate;
pub mod pending_event;
pub mod ports;
pub mod record_click;
pub mod record_miss;
mod tidy_path;
pub mod unanswered;
pub mod verify_password;
pub mod visit;
