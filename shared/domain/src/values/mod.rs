//! Values that are valid once they exist, and what every use case answers: pages, errors, problem details.

pub mod domains;
pub mod error;
pub mod field_errors;
pub mod hex;
pub mod json;
pub mod page;
mod plain_url;
pub mod problem;
pub mod slug;
pub mod target;
pub mod timestamp;
pub mod workspace;

#[cfg(feature = "openapi")]
pub(crate) mod schema;
