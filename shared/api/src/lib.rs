//! The requests and answers of the API as types, each with a JSON Schema, and the OpenAPI document.
//!
//! A request that is a value of the domain lives there (such as `waypost_domain::links::request::LinkFields`); what the API shows
//! of a value is a view here. Functions turn domain values into views and send them; they make JSON in no other way.

pub mod abuse_reports;
pub mod blocked_targets;
pub mod collections;
pub mod domains;
pub mod exports;
pub mod files;
pub mod health;
pub mod imports;
pub mod keys;
pub mod link_batches;
pub mod link_changes;
pub mod links;
pub mod me;
pub mod openapi;
pub mod parameters;
pub mod qr;
pub mod sessions;
pub mod stats;
pub mod tags;
mod uploads;
pub mod workspace;
