//! Tests the platform as its users see it, on a deployed stack. `make test` deploys the stack and runs these tests.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod abuse_reports;
mod archive;
mod bad_input;
mod bad_requests;
mod blocked_targets;
mod broken_targets;
mod collections;
mod console;
mod cors;
mod daily_jobs;
mod domains;
mod every_route;
mod expiry;
mod exports;
mod failed_batch;
mod file_inspection;
mod file_pages;
mod file_shares;
mod file_visits;
mod files;
mod forwarding;
mod import_speed;
mod imports;
mod key_limits;
mod keys;
mod link_changes;
mod links;
mod long_targets;
mod misses;
mod previews;
mod quarantine;
mod real_input;
mod redirects;
mod schemes;
mod searches;
mod sessions;
mod slugs;
mod spill;
mod statistics;
mod tags;
mod unsafe_targets;
mod workspaces;
