//! Defines a collection as it is stored.

use serde::{Deserialize, Serialize};

use super::id::CollectionId;
use crate::access::key::Caller;
use crate::jobs::open_to::SeenJob;
use crate::values::timestamp::Timestamp;
use crate::values::workspace::WorkspaceId;

/// How many files a collection can have.
pub const MAX_FILES: u64 = 10_000;

/// A collection of a workspace.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Collection {
    /// Its id.
    pub id: CollectionId,
    /// The workspace that it belongs to.
    pub workspace: WorkspaceId,
    /// What its owner calls it.
    pub name: String,
    /// How many files it has. The store changes it with each of them.
    pub files: u64,
    /// How many bytes they have, as announced.
    pub bytes: u64,
    /// Random bits in hexadecimal digits, from which the redirect makes the addresses of further pages. Nobody is told them.
    pub secret: String,
    /// The id of the caller that made it.
    pub created_by: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it ends with its files: from then on nobody gets them, and they are removed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
    /// When its deletion began. It takes no files any more, and nobody sees it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deleted_at: Option<Timestamp>,
}

impl SeenJob for Collection {
    type Id = CollectionId;
    fn id(&self) -> CollectionId {
        self.id.clone()
    }
    fn is_open_to(&self, caller: &Caller) -> bool {
        let is_own = caller.scope.is_whole() || self.created_by == caller.key_id;
        self.workspace == caller.workspace && self.deleted_at.is_none() && is_own
    }
}

impl Collection {
    /// Tells whether it is deleted, or its time is over at `now`.
    pub fn has_ended(&self, now: Timestamp) -> bool {
        self.deleted_at.is_some() || self.expires_at.is_some_and(|end| end <= now)
    }

    /// Returns when it is to be removed. `None` if it stays until its owner deletes it.
    pub fn due_at(&self) -> Option<Timestamp> {
        self.deleted_at.or(self.expires_at)
    }
}
