//! Deletes one link of the caller's workspace, or one of its aliases.

use super::address::LinkAddress;
use super::find::find_link;
use super::link::Link;
use super::ports::{LinkPorts, Relocation};
use super::precondition::Precondition;
use crate::access::key::{Caller, Role};
use crate::values::error::{Error, StoreError, StoreErrorKind};
use crate::values::timestamp::Timestamp;

/// How many times to delete a link that other requests change at the same time.
const MAX_ATTEMPTS: usize = 10;

/// Deletes the link at `address` if `precondition` holds. If the address is an alias, deletes the alias only. Needs
/// [`Role::Editor`].
///
/// Each address that becomes vacant is reserved for the workspace for 90 days.
///
/// # Errors
/// [`Error::NotFound`] if there is no such link or the caller does not reach it; [`Error::Changed`] if the precondition does not
/// hold.
pub async fn delete_link(
    ports: &LinkPorts<'_>,
    caller: &Caller,
    address: &LinkAddress,
    precondition: &Precondition,
) -> Result<(), Error> {
    caller.require(Role::Editor)?;
    for _ in 0..MAX_ATTEMPTS {
        let seen = find_link(ports.reader, caller, address).await?;
        if !precondition.holds(&seen) {
            return Err(Error::Changed("link"));
        }
        let now = ports.clock.now();
        let deleted = if seen.address == *address {
            ports.writer.delete(&seen, now).await?
        } else {
            ports.writer.relocate(&seen, &without_alias(&seen, address, caller, now), now).await? == Relocation::Done
        };
        if deleted {
            return Ok(());
        }
    }
    let busy = "other requests keep changing the link";
    Err(StoreError::new("links.delete", StoreErrorKind::Throttled, busy).into())
}

/// Returns `seen` as it is after `caller` has deleted the alias.
fn without_alias(seen: &Link, alias: &LinkAddress, caller: &Caller, now: Timestamp) -> Link {
    let mut next = seen.clone().with_stored_id();
    next.aliases.retain(|other| other != alias);
    next.revision += 1;
    next.updated_at = Some(now);
    next.changed_by = Some(caller.key_id.clone());
    next
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::links::ports::{LinkReader, LinkWriter};
    use crate::testing::links::LinkWorld;
    use crate::testing::samples::{caller, link, link_with_id};

    #[tokio::test]
    async fn changed_link_is_not_deleted() {
        let world = LinkWorld::default();
        let seen = link("acme", "docs", "https://example.com/");
        let mut next = seen.clone();
        next.revision += 1;
        world.links.insert(&seen).await.unwrap();
        world.links.replace(&seen, &next).await.unwrap();
        let editor = caller("acme", Role::Editor);
        let stale = Precondition::parse(Some(&seen.etag()));
        let result = delete_link(&world.ports(), &editor, &seen.address, &stale).await;
        assert!(matches!(result, Err(Error::Changed(_))));
        let fresh = Precondition::parse(Some(&next.etag()));
        delete_link(&world.ports(), &editor, &seen.address, &fresh).await.unwrap();
        for precondition in [fresh, Precondition::Exists, Precondition::None] {
            let result = delete_link(&world.ports(), &editor, &seen.address, &precondition).await;
            assert!(matches!(result, Err(Error::NotFound(_))), "{precondition:?}");
        }
    }

    #[tokio::test]
    async fn foreign_link_is_not_deleted() {
        let world = LinkWorld::default();
        let theirs = link("other", "docs", "https://example.com/");
        world.links.insert(&theirs).await.unwrap();
        let result =
            delete_link(&world.ports(), &caller("acme", Role::Editor), &theirs.address, &Precondition::None).await;
        assert!(matches!(result, Err(Error::NotFound(_))));
        assert_eq!(world.links.all(), [theirs]);
    }

    #[tokio::test]
    async fn deleted_address_is_reserved_for_its_workspace() {
        let world = LinkWorld::default();
        let mine = link_with_id("acme", "docs", "https://example.com/", "1");
        world.links.insert(&mine).await.unwrap();
        delete_link(&world.ports(), &caller("acme", Role::Editor), &mine.address, &Precondition::None).await.unwrap();
        assert!(!world.links.insert(&link_with_id("other", "docs", "https://a.example/", "2")).await.unwrap());
        assert!(world.links.insert(&link_with_id("acme", "docs", "https://b.example/", "3")).await.unwrap());
    }

    #[tokio::test]
    async fn deletion_of_an_alias_leaves_the_link() {
        let world = LinkWorld::default();
        let seen = link_with_id("acme", "docs", "https://example.com/", "1");
        world.links.insert(&seen).await.unwrap();
        let mut moved = Link { aliases: vec![seen.address.clone()], revision: 1, ..seen.clone() };
        moved.address.slug = crate::values::slug::Slug::parse("moved").unwrap();
        let now = seen.created_at;
        assert_eq!(world.links.relocate(&seen, &moved, now).await.unwrap(), Relocation::Done);
        let editor = caller("acme", Role::Editor);
        delete_link(&world.ports(), &editor, &seen.address, &Precondition::None).await.unwrap();
        let left = world.links.all();
        assert_eq!((left.len(), &left[0].address, left[0].aliases.len()), (1, &moved.address, 0));
        assert_eq!((left[0].revision, left[0].updated_at.is_some()), (2, true), "it is a change of the link");
        assert_eq!(world.links.get(&seen.address).await.unwrap(), None);
        delete_link(&world.ports(), &editor, &moved.address, &Precondition::None).await.unwrap();
        assert_eq!(world.links.all(), []);
    }
}
