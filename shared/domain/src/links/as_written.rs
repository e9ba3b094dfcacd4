//! Finds links from before capitals stopped to count on their domain.

use super::address::LinkAddress;
use super::link::Link;
use super::ports::LinkReader;
use crate::values::error::StoreError;
use crate::values::slug::Slug;

/// Returns the link whose slug is exactly what a request wrote, if its new address has other letters: visitors who write it like that
/// reach the old link, so the new one must not be made. `None` if the address has the slug as it was written.
pub(crate) async fn link_as_written(
    reader: &dyn LinkReader,
    written: Option<&str>,
    address: &LinkAddress,
) -> Result<Option<Link>, StoreError> {
    match written.and_then(|text| Slug::parse(text).ok()) {
        Some(slug) if slug != address.slug => reader.get(&LinkAddress { domain: address.domain.clone(), slug }).await,
        _ => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::access::key::Role;
    use crate::links::change::change_link;
    use crate::links::create::create_link;
    use crate::links::ports::LinkWriter;
    use crate::links::precondition::Precondition;
    use crate::links::request::LinkFields;
    use crate::testing::domains::MemoryDomains;
    use crate::testing::links::LinkWorld;
    use crate::testing::samples::{caller, link_with_id};
    use crate::values::domains::{Domain, Domains};
    use crate::values::error::Error;

    const URL: &str = "https://example.com/";

    fn at(domain: &str, slug: &str) -> LinkAddress {
        LinkAddress { domain: Domain::parse(domain).unwrap(), slug: Slug::parse(slug).unwrap() }
    }

    /// Returns a world where capitals do not count on `go.example.com`, with the link `Docs` from before.
    async fn world() -> (LinkWorld, Link) {
        let settings = json!({"slugs": {"case": "insensitive"}});
        let world =
            LinkWorld { domain_settings: MemoryDomains::with("go.example.com", settings), ..LinkWorld::default() };
        let old = link_with_id("acme", "Docs", URL, "1");
        world.links.insert(&old).await.unwrap();
        (world, old)
    }

    async fn change(world: &LinkWorld, link: &Link, patch: Value) -> Result<Link, Error> {
        let show = |link: &Link| serde_json::to_value(LinkFields::of(link)).unwrap();
        let editor = caller("acme", Role::Editor);
        change_link(&world.ports(), &editor, &link.address, &Precondition::None, &patch, &show).await
    }

    fn is_taken<T>(result: Result<T, Error>) -> bool {
        matches!(result, Err(Error::Conflict(detail)) if detail.contains("'Docs' is taken"))
    }

    fn pointers(result: Result<Link, Error>) -> Vec<String> {
        let Err(Error::Invalid(errors)) = result else { panic!("{result:?}") };
        errors.into_iter().map(|error| error.pointer).collect()
    }

    #[tokio::test]
    async fn new_link_does_not_take_the_visitors_of_one_that_is_written_like_it() {
        for (slug, url, if_exists, expected) in [
            ("Docs", URL, "create", None),
            ("Docs", "https://other.example/", "return", None),
            ("Docs", URL, "return", Some(("Docs", false))),
            ("docs", URL, "create", Some(("docs", true))),
            ("DOCS", URL, "create", Some(("docs", true))),
        ] {
            let (world, _) = world().await;
            let fields = json!({"slug": slug, "url": url, "if_exists": if_exists});
            let fields: LinkFields = serde_json::from_value(fields).unwrap();
            let created = create_link(&world.ports(), &caller("acme", Role::Editor), &fields, None).await;
            match expected {
                None => assert!(is_taken(created), "{slug} {url} {if_exists}"),
                Some(expected) => {
                    let created = created.unwrap();
                    assert_eq!((created.link.address.slug.as_str(), created.is_new), expected, "{slug} {if_exists}");
                }
            }
        }
    }

    #[tokio::test]
    async fn moved_link_does_not_take_the_visitors_of_one_that_is_written_like_it() {
        let (world, old) = world().await;
        let other = link_with_id("acme", "other", URL, "2");
        let elsewhere = Link { address: at("s.example.org", "Docs"), ..link_with_id("acme", "x", URL, "3") };
        world.links.insert(&other).await.unwrap();
        world.links.insert(&elsewhere).await.unwrap();
        assert!(is_taken(change(&world, &other, json!({"slug": "Docs"})).await));
        assert!(is_taken(change(&world, &elsewhere, json!({"domain": "go.example.com"})).await));
        assert_eq!(change(&world, &old, json!({"title": "Same"})).await.unwrap().address, old.address);
        assert_eq!(change(&world, &old, json!({"slug": "Docs", "title": "Also"})).await.unwrap().address, old.address);
        let moved = change(&world, &other, json!({"slug": "DOCS"})).await.unwrap();
        assert_eq!(moved.address, at("go.example.com", "docs"));
        let named = change(&world, &elsewhere, json!({"domain": "go.example.com", "slug": "Guide"})).await.unwrap();
        assert_eq!(named.address, at("go.example.com", "guide"));
    }

    #[tokio::test]
    async fn link_can_take_the_small_letters_of_its_own_alias() {
        let (world, old) = world().await;
        let moved = Link { aliases: vec![old.address.clone()], revision: 1, ..old.clone() };
        let moved = Link { address: at("go.example.com", "moved"), ..moved };
        world.links.relocate(&old, &moved, old.created_at).await.unwrap();
        let renamed = change(&world, &moved, json!({"slug": "Docs"})).await.unwrap();
        assert_eq!((renamed.id(), renamed.address), (old.id(), at("go.example.com", "docs")));
    }

    #[tokio::test]
    async fn link_can_move_back_to_an_alias_that_the_domain_would_not_allow_now() {
        let world = LinkWorld::default();
        let old = link_with_id("acme", "a/b", URL, "1");
        world.links.insert(&old).await.unwrap();
        let moved = Link { aliases: vec![old.address.clone()], revision: 1, ..old.clone() };
        let moved = Link { address: at("go.example.com", "moved"), ..moved };
        world.links.relocate(&old, &moved, old.created_at).await.unwrap();
        assert_eq!(pointers(change(&world, &moved, json!({"slug": "a/c"})).await), ["/slug"]);
        assert_eq!(change(&world, &moved, json!({"slug": "a/b"})).await.unwrap().address, old.address);
    }

    #[tokio::test]
    async fn link_on_a_domain_that_was_closed_can_change_and_leave_but_not_take_another_slug_there() {
        let world = LinkWorld {
            domains: Domains::parse("s.example.org,go.example.com=other").unwrap(),
            ..LinkWorld::default()
        };
        let seen = link_with_id("acme", "docs", URL, "1");
        world.links.insert(&seen).await.unwrap();
        assert_eq!(pointers(change(&world, &seen, json!({"slug": "guide"})).await), ["/slug"]);
        assert_eq!(change(&world, &seen, json!({"slug": "docs", "title": "T"})).await.unwrap().address, seen.address);
        assert_eq!(
            change(&world, &seen, json!({"domain": "s.example.org"})).await.unwrap().address,
            at("s.example.org", "docs")
        );
    }
}
