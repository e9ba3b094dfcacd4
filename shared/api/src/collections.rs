//! `/v1/collections`.

use schemars::JsonSchema;
use serde::Serialize;
use waypost_domain::Timestamp;
use waypost_domain::files::collections::collection::Collection;
use waypost_domain::files::collections::id::CollectionId;
use waypost_domain::files::collections::target::target_of_collection;

/// A collection of files.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "Collection")]
pub struct CollectionView {
    /// The collection's id.
    id: CollectionId,
    /// What its owner calls it, as it was given. Show it as text only: it can have any characters.
    name: String,
    /// How many files it has, in any state.
    files: u64,
    /// How many bytes they have, as announced.
    bytes: u64,
    /// The target of links that lead to a page with its files: the `url` of a link, of a rule or of a variant.
    target: String,
    /// Who made the collection: a key's id, or `sub_` and digits of a hash for the subject of a token.
    created_by: String,
    /// When the collection was made.
    created_at: Timestamp,
    /// When the collection ends: from then on nobody gets its files, and they are deleted with it within some hours. Null if it stays.
    expires_at: Option<Timestamp>,
}

impl CollectionView {
    /// Makes the view of a collection.
    pub fn new(collection: Collection) -> Self {
        let target = target_of_collection(&collection.id);
        Self {
            id: collection.id,
            name: collection.name,
            files: collection.files,
            bytes: collection.bytes,
            target,
            created_by: collection.created_by,
            created_at: collection.created_at,
            expires_at: collection.expires_at,
        }
    }
}
