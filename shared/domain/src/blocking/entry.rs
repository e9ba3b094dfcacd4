//! Defines the entries of the list.

use serde::{Deserialize, Serialize};

use crate::values::block_list::{BlockPattern, BlockReason};
use crate::values::timestamp::Timestamp;

/// An entry of the list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct BlockedTarget {
    /// What is blocked.
    pub target: BlockPattern,
    /// Why.
    pub reason: BlockReason,
    /// A note for operators.
    #[serde(default)]
    pub note: Option<String>,
    /// When it was blocked, or blocked again.
    pub added_at: Timestamp,
    /// Who blocked it: a key's id, `sub_` and digits of a hash for the subject of a token, or `web_risk` for the check of unsafe targets.
    pub added_by: String,
}

impl BlockedTarget {
    /// Who blocks the targets that checks find unsafe. Those are released when they are not unsafe any more.
    pub const BY_CHECKS: &str = "web_risk";
    /// The greatest number of entries that checks add, so that the operator's always have room.
    pub const MAX_BY_CHECKS: usize = 5_000;
    /// The greatest length of a note, in characters.
    pub const MAX_NOTE_CHARS: usize = 500;
    /// The greatest number of entries that a request adds.
    pub const MAX_ADDED: usize = 100;
    /// The greatest number of entries of the list. Every function that follows links keeps all of them in memory.
    pub const MAX_ENTRIES: usize = 20_000;
}
