//! The operations, one file for each resource.

mod abuse_reports;
mod blocked_targets;
mod collections;
mod domains;
mod exports;
mod files;
mod imports;
mod keys;
mod link_changes;
mod links;
mod me;
mod service;
mod sessions;
mod stats;
mod tags;
mod workspace;

use super::operation::Operations;

pub(crate) fn add_all(operations: &mut Operations) {
    links::add(operations);
    link_changes::add(operations);
    tags::add(operations);
    stats::add(operations);
    imports::add(operations);
    exports::add(operations);
    files::add(operations);
    collections::add(operations);
    domains::add(operations);
    keys::add(operations);
    sessions::add(operations);
    me::add(operations);
    workspace::add(operations);
    blocked_targets::add(operations);
    abuse_reports::add(operations);
    service::add(operations);
}
