//! Makes a collection.

use serde::Deserialize;

use super::collection::Collection;
use super::id::CollectionId;
use super::ports::StoredCollections;
use crate::access::key::{Caller, Role};
use crate::files::ending::check_end;
#[cfg(feature = "openapi")]
use crate::files::name::MAX_NAME_BYTES;
use crate::files::name::check_name;
use crate::ports::{Clock, Random};
use crate::values::error::Error;
use crate::values::field_errors::Errors;
use crate::values::hex::hex;
#[cfg(feature = "openapi")]
use crate::values::timestamp::Timestamp;

/// A collection to make.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct NewCollection {
    /// What the collection is called, 1 to 255 bytes in UTF-8. Visitors of its page see it.
    #[cfg_attr(feature = "openapi", schemars(length(min = 1, max = MAX_NAME_BYTES)))]
    pub name: String,
    /// When the collection ends, in the future, up to 100 years ahead (RFC 3339): from then on nobody gets its files, and they are deleted with it. It stays
    /// if absent.
    #[cfg_attr(feature = "openapi", schemars(with = "Option<Timestamp>"))]
    pub expires_at: Option<String>,
}

/// The ports of [`create_collection`].
#[derive(Clone, Copy)]
pub struct CreateCollectionPorts<'a> {
    /// Keeps the collections.
    pub collections: &'a dyn StoredCollections,
    /// Tells the time.
    pub clock: &'a dyn Clock,
    /// Makes the id and the secret.
    pub random: &'a dyn Random,
}

/// Makes a collection in the caller's workspace. Needs [`Role::Editor`].
///
/// # Errors
/// [`Error::Invalid`] names each invalid field.
pub async fn create_collection(
    ports: &CreateCollectionPorts<'_>,
    caller: &Caller,
    new: NewCollection,
) -> Result<Collection, Error> {
    caller.require(Role::Editor)?;
    let now = ports.clock.now();
    let mut errors = Errors::default();
    let name = errors.note("/name", check_name(&new.name));
    let expires_at = new.expires_at.as_deref().and_then(|text| errors.note("/expires_at", check_end(text, now)));
    let name = errors.or(name)?;
    let mut secret = [0_u8; 32];
    ports.random.fill(&mut secret);
    let collection = Collection {
        id: CollectionId::generate(ports.clock, ports.random),
        workspace: caller.workspace.clone(),
        name,
        files: 0,
        bytes: 0,
        secret: hex(&secret),
        created_by: caller.key_id.clone(),
        created_at: now,
        expires_at,
        deleted_at: None,
    };
    if ports.collections.add(&collection).await? {
        return Ok(collection);
    }
    Err(Error::Conflict("the collection's id is taken; try again".to_owned()))
}
