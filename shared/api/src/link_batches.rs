//! `/v1/link-batches`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use waypost_domain::links::request::LinkFields;
use waypost_domain::values::problem::ProblemDetails;

use crate::links::LinkView;

/// Links to create, each of which succeeds or fails by itself.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[schemars(rename = "NewLinkBatch", deny_unknown_fields)]
#[serde(deny_unknown_fields)]
pub struct NewBatch<Item = LinkFields> {
    /// The links. At most 10 of them can have a password.
    #[schemars(length(min = 1, max = MAX_ITEMS))]
    pub items: Vec<Item>,
}

/// The greatest number of links in a batch.
pub const MAX_ITEMS: usize = 100;
/// The greatest number of links with a password in a batch: hashing one takes some tenths of a second in a small function.
pub const MAX_PASSWORDS: usize = 10;

/// The results of a batch.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "LinkBatch")]
pub struct BatchView {
    /// The results of its items, in their order.
    pub items: Vec<BatchItemView>,
}

/// The result of an item: the status and body that it would have got alone.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "LinkBatchItem")]
pub struct BatchItemView {
    /// 201 or 200 with a `link`, else with a `problem`.
    pub status: u16,
    /// The link.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub link: Option<LinkView>,
    /// Why there is no link. Pointers are relative to the item.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<ProblemDetails>,
}
