//! The domain's stores in DynamoDB, one file each.

pub mod abuse_reports;
mod aggregate_decoder;
mod aggregate_reader;
pub mod aggregates;
mod attempts;
pub mod blocked_targets;
pub mod catalog;
mod change_marks;
pub mod check_jobs;
pub mod click_limit;
mod collection_items;
pub mod collections;
mod conditional_writes;
pub mod domains;
pub mod due_files;
pub mod exports;
mod file_items;
pub mod files;
pub mod idempotency;
pub mod import_parts;
pub mod imports;
pub mod keys;
pub mod link_batch;
pub mod link_change_jobs;
mod link_changes;
pub mod link_list;
mod link_moves;
mod link_shards;
mod link_targets;
mod link_totals;
pub mod links;
mod newest;
pub mod password_attempts;
pub mod probe;
pub mod rate_limits;
pub mod salts;
pub mod sessions;
pub mod sign_in_attempts;
pub mod sign_in_codes;
mod stored_link;
pub mod table_stream;
pub mod tags;
pub mod warm_up;
pub mod workspace_list;
pub mod workspaces;

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;

/// A DynamoDB item.
pub type Item = HashMap<String, AttributeValue>;

/// A string attribute.
pub(crate) fn text(value: impl Into<String>) -> AttributeValue {
    AttributeValue::S(value.into())
}
