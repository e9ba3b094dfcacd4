//! The operations, one file for each resource.

mod exports;
mod imports;
mod keys;
mod link_changes;
mod links;
mod me;
mod service;
mod stats;
mod tags;

use super::operation::Operations;

pub(crate) fn add_all(operations: &mut Operations) {
    links::add(operations);
    link_changes::add(operations);
    tags::add(operations);
    stats::add(operations);
    imports::add(operations);
    exports::add(operations);
    keys::add(operations);
    me::add(operations);
    service::add(operations);
}
