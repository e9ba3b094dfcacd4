//! Tests the adapters of DynamoDB against an embedded DynamoDB. Keep one binary: each binary links the SDK and the database
//! again.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod abuse_reports;
mod aggregates;
mod blocked_targets;
mod catalog;
mod check_jobs;
mod collections;
mod domains;
mod exports;
mod files;
mod idempotency;
mod imports;
mod keys;
mod link_changes;
mod link_list;
mod link_targets;
mod links;
mod rate_limits;
mod redirects;
mod sessions;
mod sign_in_attempts;
mod support;
mod tags;
mod workspaces;
