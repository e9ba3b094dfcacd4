//! Test doubles: implements the ports in memory, injects faults, and makes sample values. Only tests and benchmarks
//! compile it; see the feature `testing`.

pub mod abuse;
pub mod analytics;
pub mod blocking;
pub mod buckets;
pub mod catalog;
pub mod clicks;
pub mod domains;
pub mod exports;
pub mod faults;
pub mod files;
pub mod idempotency;
pub mod imports;
pub mod jobs;
pub mod keys;
pub mod link_changes;
pub mod links;
pub mod outage;
pub mod pages;
pub mod samples;
pub mod sessions;
pub mod stored_files;
pub mod system;
pub mod tags;
pub mod target_checks;
pub mod target_safety;
pub mod workspaces;
