//! Builds what keeps the list of blocked targets new, for functions that write or follow links.

use std::sync::Arc;

use aws_sdk_dynamodb::Client;
use waypost_aws::dynamo::blocked_targets::DynamoBlockList;
use waypost_domain::Domains;
use waypost_domain::blocking::refresh::BlockListRefresher;
use waypost_domain::values::block_list::BlockedTargets;

use crate::system::SystemClock;

/// Lets `domains` refuse the targets that are blocked in the table `links_table`, as soon and as long as the refresher is called.
pub fn blocking(domains: Domains, dynamo: &Client, links_table: &str) -> (Domains, Arc<BlockListRefresher>) {
    let list = BlockedTargets::default();
    let store = Arc::new(DynamoBlockList::new(dynamo.clone(), links_table));
    let refresher = BlockListRefresher::new(store, Arc::new(SystemClock), list.clone());
    (domains.with_blocked(list), Arc::new(refresher))
}
