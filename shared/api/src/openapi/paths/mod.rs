//! The operations, one file for each resource.

mod blocked_targets;
mod exports;
mod imports;
mod keys;
mod links;
mod me;
mod service;
mod stats;

use super::operation::Operations;

pub(crate) fn add_all(operations: &mut Operations) {
    links::add(operations);
    stats::add(operations);
    imports::add(operations);
    exports::add(operations);
    keys::add(operations);
    me::add(operations);
    blocked_targets::add(operations);
    service::add(operations);
}
