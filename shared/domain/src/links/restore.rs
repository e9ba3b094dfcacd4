//! Brings back what a link was before a change.

use super::address::LinkAddress;
use super::created::remember_target;
use super::link::Link;
use super::ports::{LinkPorts, LinkRestorer, Relocation};
use crate::access::key::{Caller, Role};
use crate::domains::rules::with_rules_of;
use crate::values::error::{Error, StoreError, StoreErrorKind};

/// How many times to write a link whose clicks are counted at the same time.
const MAX_ATTEMPTS: usize = 10;

/// Makes the link `current` what `previous` was: the same link, read before it was changed. It keeps its id and the clicks that it has
/// used. Returns it. Needs [`Role::Editor`].
///
/// # Errors
/// [`Error::Changed`] if the owner has changed it since `current` was read; [`Error::Conflict`] if the address that it had is taken.
pub async fn restore_link(
    ports: &LinkPorts<'_>,
    caller: &Caller,
    current: &Link,
    previous: &Link,
) -> Result<Link, Error> {
    caller.require(Role::Editor)?;
    if previous.address != current.address {
        require_open(ports, previous).await?;
    }
    let mut current = current.clone();
    for _ in 0..MAX_ATTEMPTS {
        let mut next = following(previous, current.revision, caller, ports);
        next.settings.used_clicks = current.settings.used_clicks;
        next.target_check = current.check_for(&next);
        let stays = (&next.address, &next.aliases) == (&current.address, &current.aliases);
        let written = if stays {
            if ports.writer.replace(&current, &next).await? { Relocation::Done } else { Relocation::Changed }
        } else {
            ports.writer.relocate(&current, &next, ports.clock.now()).await?
        };
        match written {
            Relocation::Done => {
                if (&next.address, &next.url) != (&current.address, &current.url) {
                    remember_target(ports.targets, &next).await;
                }
                return Ok(next);
            }
            Relocation::Taken => return Err(taken()),
            Relocation::Changed => {}
        }
        // Clicks since then are not changes.
        let stored = ports.reader.get_latest(&current.address).await?;
        current = stored.filter(|stored| stored.is_unchanged_since(&current)).ok_or(Error::Changed("link"))?;
    }
    let busy = "the link is clicked all the time";
    Err(StoreError::new("links.restore", StoreErrorKind::Throttled, busy).into())
}

/// Brings back the link `deleted` with its aliases, as it was before it was deleted. Returns it. Needs [`Role::Editor`].
///
/// # Errors
/// [`Error::Conflict`] if one of its addresses is taken.
pub async fn restore_deleted(
    ports: &LinkPorts<'_>,
    restorer: &dyn LinkRestorer,
    caller: &Caller,
    deleted: &Link,
) -> Result<Link, Error> {
    caller.require(Role::Editor)?;
    require_open(ports, deleted).await?;
    // A greater revision than the deleted one's: catalogues take the link back.
    let link = following(deleted, deleted.revision, caller, ports);
    if !restorer.restore(&link).await? {
        return Err(taken());
    }
    remember_target(ports.targets, &link).await;
    Ok(link)
}

/// Makes sure that the workspace of `link` may still make links on the domains where it was.
async fn require_open(ports: &LinkPorts<'_>, link: &Link) -> Result<(), Error> {
    for LinkAddress { domain, .. } in link.addresses() {
        let domains = with_rules_of(ports.domains, ports.domain_settings, Some(domain.as_str())).await?;
        if !domains.contains(domain.as_str()) {
            return Err(Error::Conflict(format!("{domain} is not a domain of this service any more")));
        }
        if let Some(reason) = domains.why_closed(domain, &link.workspace) {
            return Err(Error::Conflict(format!("{domain} {reason}")));
        }
    }
    Ok(())
}

/// Returns `previous` as the change after `revision`.
fn following(previous: &Link, revision: u64, caller: &Caller, ports: &LinkPorts<'_>) -> Link {
    Link {
        revision: revision + 1,
        updated_at: Some(ports.clock.now()),
        changed_by: Some(caller.key_id.clone()),
        ..previous.clone().with_stored_id()
    }
}

fn taken() -> Error {
    Error::Conflict("the address that the link had is taken".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::links::delete::delete_link;
    use crate::links::ports::{LinkReader, LinkTargets, LinkWriter};
    use crate::links::precondition::Precondition;
    use crate::testing::links::LinkWorld;
    use crate::testing::samples::{caller, link, link_with_id};
    use crate::values::domains::Domains;
    use crate::values::slug::Slug;

    /// Returns a world with a link that was moved from `docs` to `moved`, and what it was and is.
    async fn moved_link(next: fn(&mut Link)) -> (LinkWorld, Link, Link) {
        let world = LinkWorld::default();
        let before = link_with_id("acme", "docs", "https://example.com/", "1");
        world.links.insert(&before).await.unwrap();
        let mut moved = Link { revision: 1, ..before.clone() };
        next(&mut moved);
        let moves = moved.address != before.address || !moved.aliases.is_empty();
        if moves {
            world.links.relocate(&before, &moved, before.created_at).await.unwrap();
        } else {
            assert!(world.links.replace(&before, &moved).await.unwrap());
        }
        (world, before, moved)
    }

    fn rename(link: &mut Link) {
        link.address.slug = Slug::parse("moved").unwrap();
    }

    #[tokio::test]
    async fn deleted_link_comes_back_with_its_aliases_unless_an_address_is_taken() {
        for alias_is_taken in [false, true] {
            let world = LinkWorld::default();
            let first = link_with_id("acme", "old", "https://example.com/", "1");
            world.links.insert(&first).await.unwrap();
            let mut moved = Link { aliases: vec![first.address.clone()], revision: 1, ..first.clone() };
            moved.address.slug = Slug::parse("docs").unwrap();
            moved.settings.password_hash = Some("hash".into());
            world.links.relocate(&first, &moved, first.created_at).await.unwrap();
            let editor = caller("acme", Role::Editor);
            delete_link(&world.ports(), &editor, &moved.address, &Precondition::None).await.unwrap();
            if alias_is_taken {
                assert!(world.links.insert(&link_with_id("acme", "old", "https://b.example/", "2")).await.unwrap());
            }
            let restored = restore_deleted(&world.ports(), &world.links, &editor, &moved).await;
            if alias_is_taken {
                assert!(matches!(restored, Err(Error::Conflict(_))), "{restored:?}");
                assert_eq!(world.links.get(&moved.address).await.unwrap(), None, "all or nothing");
                continue;
            }
            let restored = restored.unwrap();
            assert_eq!((restored.id(), restored.revision, restored.settings.clone()), (moved.id(), 2, moved.settings));
            assert_eq!(world.links.get(&first.address).await.unwrap(), Some(restored));
        }
    }

    #[tokio::test]
    async fn change_since_then_is_not_overwritten_but_clicks_are_kept() {
        let world = LinkWorld::default();
        let mut before = link("acme", "docs", "https://example.com/");
        before.settings.max_clicks = Some(9);
        world.links.insert(&before).await.unwrap();
        let mut current = before.clone();
        (current.revision, current.title) = (1, Some("T".into()));
        current.target_check = Some(crate::testing::samples::failing_check("2026-01-02T03:04:05Z"));
        world.links.replace(&before, &current).await.unwrap();
        crate::redirect::ports::ClickLimit::use_click(&world.links, &before.address).await.unwrap();
        let editor = caller("acme", Role::Editor);
        let restored = restore_link(&world.ports(), &editor, &current, &before).await.unwrap();
        assert_eq!((restored.title, restored.revision), (None, 2));
        assert_eq!(restored.updated_at.unwrap().to_string(), "2026-01-02T03:04:05.000Z", "it is a change of now");
        assert_eq!(restored.target_check, current.target_check, "what is known of the target is not undone");
        assert_eq!(world.links.all()[0].settings.used_clicks, 1);
        let again = restore_link(&world.ports(), &editor, &current, &before).await;
        assert!(matches!(again, Err(Error::Changed(_))), "{again:?}");
    }
    #[tokio::test]
    async fn moved_link_goes_back_where_it_was_unless_another_is_there_now() {
        let editor = caller("acme", Role::Editor);
        let with_alias = |link: &mut Link| {
            let old = link.address.clone();
            rename(link);
            link.aliases = vec![old];
        };
        for next in [rename as fn(&mut Link), with_alias] {
            let (world, before, moved) = moved_link(next).await;
            let restored = restore_link(&world.ports(), &editor, &moved, &before).await.unwrap();
            assert_eq!((&restored.address, &restored.aliases), (&before.address, &before.aliases));
            assert_eq!(world.links.all(), [restored]);
        }
        let (world, before, moved) = moved_link(rename).await;
        world.links.insert(&link_with_id("acme", "docs", "https://b.example/", "2")).await.unwrap();
        let restored = restore_link(&world.ports(), &editor, &moved, &before).await;
        assert!(matches!(restored, Err(Error::Conflict(_))), "{restored:?}");
        assert_eq!(world.links.get(&moved.address).await.unwrap(), Some(moved));
    }

    #[tokio::test]
    async fn link_does_not_go_back_to_a_domain_that_is_gone_or_closed() {
        let editor = caller("acme", Role::Editor);
        for (domains, detail) in [
            ("s.example.org", Some("not a domain of this service any more")),
            ("s.example.org,go.example.com=other", Some("go.example.com")),
            ("s.example.org,go.example.com=acme", None),
        ] {
            let (mut world, before, moved) = moved_link(rename).await;
            world.domains = Domains::parse(domains).unwrap();
            let restored = restore_link(&world.ports(), &editor, &moved, &before).await;
            match detail {
                None => assert!(restored.is_ok(), "{domains}: {restored:?}"),
                Some(detail) => {
                    assert!(matches!(&restored, Err(Error::Conflict(text)) if text.contains(detail)), "{restored:?}");
                    let (other, ..) = moved_link(|link| link.title = Some("T".into())).await;
                    let other = LinkWorld { domains: world.domains, ..other };
                    let current = other.links.all().remove(0);
                    let stays = restore_link(&other.ports(), &editor, &current, &before).await;
                    assert!(stays.is_ok(), "what stays where it is can be restored: {stays:?}");
                }
            }
        }
    }

    #[tokio::test]
    async fn restored_link_is_found_by_its_target_if_that_or_its_address_was_changed() {
        let editor = caller("acme", Role::Editor);
        let change_target: fn(&mut Link) = |next| next.url = link("acme", "x", "https://b.example/").url;
        let change_title: fn(&mut Link) = |link| link.title = Some("T".into());
        for (next, is_found) in [(rename as fn(&mut Link), true), (change_target, true), (change_title, false)] {
            let (world, before, moved) = moved_link(next).await;
            let other = link_with_id("acme", "other", "https://example.com/", "2");
            world.links.remember(&other).await.unwrap();
            restore_link(&world.ports(), &editor, &moved, &before).await.unwrap();
            let found = world.links.find(&before.workspace, &before.address.domain, &before.url).await.unwrap();
            assert_eq!(found, Some(if is_found { before.address } else { other.address }));
        }
    }
}
