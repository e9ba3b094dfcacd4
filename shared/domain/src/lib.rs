//! Implements what Waypost can do, without AWS, an HTTP server or a runtime.
//!
//! * [`values`] holds values that are valid once they exist, errors and pages.
//! * [`links`], [`link_changes`], [`tags`], [`catalog`], [`domains`], [`redirect`], [`blocking`], [`abuse`], [`access`],
//!   [`workspaces`], [`pages`], [`target_checks`], [`target_safety`], [`imports`], [`exports`] and [`analytics`] are the subjects: one folder each, with
//!   one file for each use case.
//! * [`clicks`], [`visitors`], [`jobs`] and [`files`] hold what several subjects share.
//! * Ports are narrow traits, mostly in the `ports` of their subject. `waypost-aws` implements them; `testing` implements them in
//!   memory for tests.
//!
//! Import items by the path of their module. The crate re-exports only what nearly every caller names.

pub mod abuse;
pub mod access;
pub mod analytics;
pub mod blocking;
pub mod catalog;
pub mod clicks;
pub mod domains;
pub mod exports;
pub mod files;
pub mod imports;
pub mod jobs;
pub mod link_changes;
pub mod links;
pub mod pages;
pub mod ports;
pub mod redirect;
pub mod tags;
pub mod target_checks;
pub mod target_safety;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
pub mod values;
pub mod visitors;
pub mod workspaces;

pub use crate::access::key::{ApiKey, Caller, KeySecret, Role};
pub use crate::links::address::LinkAddress;
pub use crate::links::id::LinkId;
pub use crate::links::link::Link;
pub use crate::links::settings::{LinkSettings, RedirectStatus, Rule, Variant};
pub use crate::values::domains::{Domain, Domains};
pub use crate::values::error::{Error, FieldError, StoreError, StoreErrorKind};
pub use crate::values::slug::Slug;
pub use crate::values::target::TargetUrl;
pub use crate::values::timestamp::Timestamp;
pub use crate::values::workspace::WorkspaceId;
