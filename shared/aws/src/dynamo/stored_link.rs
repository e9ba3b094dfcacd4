//! Reads and writes what stands at the address of a link: the link, an alias, or a reservation. All have the key
//! `pk = LINK#{domain}#{slug}`, `sk = LINK`.
//!
//! * A link is written as [`item_of`] makes it. From the time it has an id, it also has `target_pk`, for the index `targets`.
//! * An alias has `alias_of` (domain and slug), the `link_id` of the link there, and the `workspace`.
//! * A reservation has `reserved_for`, the workspace that gave the address up, and `ttl`.

use aws_sdk_dynamodb::types::AttributeValue;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use waypost_domain::links::ports::RESERVED_SECONDS;
use waypost_domain::{Domain, Link, LinkAddress, LinkId, Slug, StoreError, Timestamp, WorkspaceId};

use super::{Item, text};
use crate::error::broken;

/// What stands at an address.
#[derive(Debug, Clone)]
pub(super) enum Stored {
    Link(Box<Link>),
    Alias(Alias),
    Reserved(Reservation),
}

/// A former address of a link that still leads to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Alias {
    pub(super) alias_of: LinkAddress,
    /// The link's id: another link that takes the address later has another.
    pub(super) link_id: LinkId,
    workspace: WorkspaceId,
}

/// An address that a workspace gave up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Reservation {
    pub(super) reserved_for: WorkspaceId,
    /// When the table may delete the item, in seconds since the Unix epoch. It may take some days longer.
    ttl: i64,
}

impl Alias {
    /// Makes an alias of `link`.
    pub(super) fn of(link: &Link) -> Self {
        Self { alias_of: link.address.clone(), link_id: link.id(), workspace: link.workspace.clone() }
    }
}

impl Reservation {
    /// Reserves an address for `workspace` from `now` on.
    pub(super) fn new(workspace: &WorkspaceId, now: Timestamp) -> Self {
        Self { reserved_for: workspace.clone(), ttl: now.as_seconds() + RESERVED_SECONDS }
    }
}

/// Makes the key of the item at an address.
pub(super) fn key(address: &LinkAddress) -> Item {
    let pk = format!("LINK#{}#{}", address.domain, address.slug);
    Item::from([("pk".to_owned(), text(pk)), ("sk".to_owned(), text("LINK"))])
}

/// Reads the address in the key of an item.
pub(super) fn address_in(item: &Item) -> Option<LinkAddress> {
    let pk = item.get("pk").and_then(|pk| pk.as_s().ok())?;
    let (domain, slug) = pk.strip_prefix("LINK#")?.split_once('#')?;
    Some(LinkAddress { domain: Domain::parse(domain).ok()?, slug: Slug::parse(slug).ok()? })
}

/// Makes the item of an alias or a reservation at `address`.
pub(super) fn pointer_of(address: &LinkAddress, pointer: &impl Serialize) -> Result<Item, StoreError> {
    let mut item: Item = serde_dynamo::to_item(pointer).map_err(|error| broken("links.write", error))?;
    item.extend(key(address));
    Ok(item)
}

/// Reads an item for `operation`.
///
/// # Errors
/// [`waypost_domain::values::error::StoreErrorKind::Broken`] names an item that is none of these.
pub(super) fn stored_from(item: Item, operation: &'static str) -> Result<Stored, StoreError> {
    if item.contains_key("alias_of") {
        return read(item, operation, "an alias").map(Stored::Alias);
    }
    if item.contains_key("reserved_for") {
        return read(item, operation, "a reservation").map(Stored::Reserved);
    }
    read(item, operation, "a link").map(Box::new).map(Stored::Link)
}

/// Reads an item that holds `what`.
pub(super) fn read<T: DeserializeOwned>(item: Item, operation: &'static str, what: &str) -> Result<T, StoreError> {
    let pk = item.get("pk").and_then(|pk| AttributeValue::as_s(pk).ok().cloned()).unwrap_or_default();
    serde_dynamo::from_item(item).map_err(|error| broken(operation, format!("the item {pk} is not {what}: {error}")))
}
