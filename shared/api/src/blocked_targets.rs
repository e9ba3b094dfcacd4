//! `/v1/blocked-targets`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use waypost_domain::blocking::entry::BlockedTarget;
use waypost_domain::blocking::list::BlockedPageRequest;
use waypost_domain::values::page::PageRequest;

/// The targets that a request blocked.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "BlockedTargets")]
pub struct BlockedTargetsView {
    /// The targets as the list has them now, each once.
    pub items: Vec<BlockedTarget>,
}

/// The target to release.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
pub struct BlockedQuery {
    /// The target, as the list shows it or as it was given.
    #[schemars(with = "waypost_domain::values::block_list::BlockPattern")]
    pub target: String,
}

/// The parameters of a page of the list, as a query has them.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct BlockedListQuery {
    limit: Option<usize>,
    cursor: Option<String>,
    prefix: Option<String>,
}

impl From<BlockedListQuery> for BlockedPageRequest {
    fn from(query: BlockedListQuery) -> Self {
        let BlockedListQuery { limit, cursor, prefix } = query;
        Self { page: PageRequest { limit, cursor }, prefix }
    }
}
