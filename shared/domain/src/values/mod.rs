//! Holds values that are valid once they exist, and the results that all use cases share: pages, errors, problem details.

pub mod address_range;
pub mod block_list;
pub mod borrowed_text;
pub mod country;
pub mod domains;
pub mod error;
pub mod field_errors;
pub mod hex;
pub(crate) mod id;
pub mod json;
pub mod language;
pub(crate) mod network;
mod other_targets;
pub mod page;
mod plain_url;
pub mod problem;
pub mod query_parameter;
pub mod schemes;
pub mod slug;
mod slug_characters;
mod slug_emoji;
pub mod slug_error;
mod slug_look;
pub mod slug_rules;
pub mod target;
pub mod target_error;
pub(crate) mod text;
pub mod timestamp;
pub mod workspace;

#[cfg(feature = "openapi")]
pub(crate) mod schema;
