//! What Waypost can do, without AWS, an HTTP server or a runtime.
//!
//! * Values that are valid once they exist: [`Slug`], [`Domain`], [`TargetUrl`], [`WorkspaceId`], [`Timestamp`].
//! * Ports: the narrow traits in [`ports`], each with an AWS implementation in `waypost-aws` and one in [`memory`] for tests.
//! * Use cases, one file each: [`authenticate`], [`create_link`], [`list_links`], [`follow_link`] and so on.

pub mod analytics;
pub mod authenticate;
pub mod behaviour;
pub mod breaker;
pub mod cached_links;
pub mod change_link;
pub mod check_fields;
pub mod choose_target;
pub mod click;
pub mod create_link;
pub mod delete_link;
pub mod deliver_clicks;
pub mod domains;
pub mod error;
pub mod exports;
pub mod find_link;
pub mod follow_link;
pub mod forward_query;
pub mod idempotency;
pub mod imports;
pub mod json;
pub mod key;
pub mod keys;
pub mod link;
pub mod link_fields;
pub mod link_query;
pub mod list_links;
pub mod memory;
pub mod page;
pub mod password;
mod plain_url;
pub mod ports;
pub mod precondition;
pub mod problem;
pub mod rate_limit;
pub mod record_click;
pub mod return_existing;
#[cfg(feature = "openapi")]
mod schemas;
pub mod slug;
pub mod target;
pub mod timestamp;
pub mod unlock;
pub mod visit;
pub mod workspace;

pub use behaviour::{Behaviour, RedirectStatus, Rule, Variant};
pub use domains::{Domain, Domains};
pub use error::{Error, FieldError, StoreError, StoreErrorKind};
pub use key::{ApiKey, Caller, KeySecret, Role};
pub use link::{Link, LinkId};
pub use slug::Slug;
pub use target::TargetUrl;
pub use timestamp::Timestamp;
pub use workspace::WorkspaceId;
