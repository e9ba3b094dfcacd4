//! Returns the link that leads to a target already, for `if_exists: return`, and creates one only if there is none.
//!
//! [`LinkTargets`](super::ports::LinkTargets) remembers one link for each target. This link may have been deleted, changed or
//! archived since, or have ended. Then another link may lead to the target, which an import wrote or which was created beside the
//! remembered one: the index of targets finds it. If there is none, a new link replaces the remembered one, in one transaction that
//! fails if another request replaced it first. So among concurrent requests, one creates the link and the others return it.

use futures::stream::{self, StreamExt};

use super::created::{Created, MAX_SLUGS, no_free_slug, remember_target, slug_to_try};
use super::link::Link;
use super::ports::{Insertion, LinkPorts};
use crate::access::idempotency::RequestFingerprint;
use crate::access::key::Caller;
use crate::values::error::Error;

/// How many links are read at a time.
const AT_A_TIME: usize = 20;

/// Returns an existing link to the target of `wanted` that the caller reaches, or creates `wanted` with a free slug.
pub(crate) async fn return_existing(
    ports: &LinkPorts<'_>,
    caller: &Caller,
    mut wanted: Link,
    fingerprint: Option<&RequestFingerprint>,
) -> Result<Created, Error> {
    let first_len = wanted.address.slug.as_str().len();
    for number in 0..MAX_SLUGS {
        let seen = ports.targets.find(&wanted.workspace, &wanted.address.domain, &wanted.url).await?;
        if let Some(address) = &seen
            && let Some(existing) =
                ports.reader.get(address).await?.filter(|existing| can_stand_in(caller, existing, &wanted))
        {
            let is_new = wanted.origin.is_some() && existing.origin == wanted.origin;
            return Ok(Created { link: existing, is_new });
        }
        if number == 0
            && let Some(existing) = find_another(ports, caller, &wanted).await?
        {
            remember_target(ports.targets, &existing).await;
            return Ok(Created { link: existing, is_new: false });
        }
        wanted.address.slug = slug_to_try(ports, &wanted.address.domain, fingerprint, first_len, number);
        if ports.targets.insert_as_only(&wanted, seen.as_ref()).await? == Insertion::Done {
            return Ok(Created { link: wanted, is_new: true });
        }
    }
    Err(no_free_slug())
}

/// Finds a link to the target of `wanted` in the index of targets, the newest that can stand in.
async fn find_another(ports: &LinkPorts<'_>, caller: &Caller, wanted: &Link) -> Result<Option<Link>, Error> {
    let found = ports.targets.find_all(&wanted.workspace, &wanted.address.domain, &wanted.url).await?;
    // Make all futures before polling: with a lazy closure this future would not be `Send`.
    let reads: Vec<_> = found.iter().map(|address| ports.reader.get(address)).collect();
    let mut reads = stream::iter(reads).buffered(AT_A_TIME);
    while let Some(read) = reads.next().await {
        if let Some(existing) = read?.filter(|existing| can_stand_in(caller, existing, wanted)) {
            return Ok(Some(existing));
        }
    }
    Ok(None)
}

/// Tells whether `existing` can stand in for `wanted`: the caller reaches it, it has the same owner, domain and target, is not
/// archived, and has not ended.
pub(crate) fn can_stand_in(caller: &Caller, existing: &Link, wanted: &Link) -> bool {
    let settings = &existing.settings;
    let ended = settings.expires_at.is_some_and(|expiry| expiry <= wanted.created_at)
        || settings.max_clicks.is_some_and(|clicks| settings.used_clicks >= clicks);
    caller.sees(existing)
        && existing.workspace == wanted.workspace
        && existing.address.domain == wanted.address.domain
        && existing.url == wanted.url
        && !settings.archived
        && !ended
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::idempotency::Claim;
    use crate::access::key::Role;
    use crate::access::scope::Scope;
    use crate::links::create::create_link;
    use crate::links::ports::{LinkTargets, LinkWriter};
    use crate::links::request::{IfExists, LinkFields};
    use crate::testing::domains::MemoryDomains;
    use crate::testing::links::MemoryLinks;
    use crate::testing::samples::{caller, link_with_id};
    use crate::testing::system::{FixedClock, SeededRandom};
    use crate::values::domains::{Domain, Domains};
    use crate::values::timestamp::Timestamp;

    const URL: &str = "https://example.com/";

    async fn create_in(workspace: &str, links: &MemoryLinks, seed: u64, fields: LinkFields) -> Created {
        create_once(workspace, links, seed, fields, None).await
    }

    async fn create_once(
        workspace: &str,
        links: &MemoryLinks,
        seed: u64,
        fields: LinkFields,
        fingerprint: Option<&RequestFingerprint>,
    ) -> Created {
        let domains = Domains::parse("go.example.com,s.example.org").unwrap();
        let (clock, random) = (FixedClock::at("2026-01-02T03:04:05Z"), SeededRandom::new(seed));
        let ports = LinkPorts {
            reader: links,
            writer: links,
            targets: links,
            clock: &clock,
            random: &random,
            domains: &domains,
            domain_settings: &MemoryDomains::default(),
            lookups: None,
        };
        create_link(&ports, &caller(workspace, Role::Editor), &fields, fingerprint).await.unwrap()
    }

    fn fields(if_exists: IfExists) -> LinkFields {
        LinkFields { url: Some(URL.to_owned()), if_exists: Some(if_exists), ..LinkFields::default() }
    }

    #[tokio::test]
    async fn same_target_returns_the_same_link() {
        let links = MemoryLinks::default();
        let first = create_in("acme", &links, 1, fields(IfExists::Create)).await;
        let second = create_in("acme", &links, 2, fields(IfExists::Return)).await;
        assert_eq!((second.is_new, &second.link), (false, &first.link));
        let elsewhere = LinkFields { domain: Some("s.example.org".into()), ..fields(IfExists::Return) };
        assert!(create_in("acme", &links, 3, elsewhere).await.is_new);
        assert!(create_in("other", &links, 4, fields(IfExists::Return)).await.is_new);
        assert!(create_in("acme", &links, 5, fields(IfExists::Create)).await.is_new);
    }

    #[tokio::test]
    async fn retry_of_the_request_that_created_the_link_says_so() {
        let (links, random) = (MemoryLinks::default(), SeededRandom::new(1));
        let [first, second] = ["a", "b"].map(|key| {
            let workspace = caller("acme", Role::Editor).workspace;
            let now = Timestamp::from_millis(0).unwrap();
            Claim::new(workspace, key, (&[], b"credential"), now, &random).unwrap().fingerprint()
        });
        let created = create_once("acme", &links, 1, fields(IfExists::Return), Some(&first)).await;
        for (request, is_new) in [(Some(&first), true), (Some(&second), false), (None, false)] {
            let again = create_once("acme", &links, 2, fields(IfExists::Return), request).await;
            assert_eq!((again.is_new, &again.link), (is_new, &created.link), "{request:?}");
        }
    }

    #[tokio::test]
    async fn outdated_link_is_replaced() {
        type Change = fn(&mut Link);
        let changes: [Change; 4] = [
            |link| link.settings.archived = true,
            |link| link.settings.expires_at = Some(link.created_at),
            |link| (link.settings.max_clicks, link.settings.used_clicks) = (Some(1), 1),
            |link| link.url = crate::testing::samples::link("acme", "x", "https://example.com/other").url,
        ];
        for change in changes {
            let links = MemoryLinks::default();
            let first = create_in("acme", &links, 1, fields(IfExists::Return)).await.link;
            let mut outdated = first.clone();
            change(&mut outdated);
            links.forget(&first.address);
            links.insert(&outdated).await.unwrap();
            let second = create_in("acme", &links, 2, fields(IfExists::Return)).await;
            assert!(second.is_new);
            assert_eq!(create_in("acme", &links, 3, fields(IfExists::Return)).await.link, second.link);
        }
        let links = MemoryLinks::default();
        let first = create_in("acme", &links, 1, fields(IfExists::Return)).await.link;
        links.forget(&first.address);
        assert!(create_in("acme", &links, 2, fields(IfExists::Return)).await.is_new);
    }

    #[tokio::test]
    async fn own_slug_with_the_same_target_is_returned() {
        let links = MemoryLinks::default();
        let own = LinkFields { slug: Some("docs".into()), ..fields(IfExists::Return) };
        assert!(create_in("acme", &links, 1, own.clone()).await.is_new);
        assert!(!create_in("acme", &links, 2, own).await.is_new);
        let found = links.find(&links.all()[0].workspace, &links.all()[0].address.domain, &links.all()[0].url).await;
        assert_eq!(found.unwrap().unwrap().slug.as_str(), "docs");
    }

    #[tokio::test]
    async fn any_living_link_of_the_target_is_returned() {
        let links = MemoryLinks::default();
        // As an import writes it: nothing remembers it for its target.
        let imported = link_with_id("acme", "imported", URL, "1");
        links.insert(&imported).await.unwrap();
        type Change = (&'static str, fn(&mut Link));
        let changes: [Change; 3] = [
            ("archived", |link| link.settings.archived = true),
            ("ended", |link| link.settings.expires_at = Some(link.created_at)),
            ("elsewhere", |link| link.address.domain = Domain::parse("s.example.org").unwrap()),
        ];
        for (slug, change) in changes {
            let mut other = link_with_id("acme", slug, URL, slug);
            other.created_at = other.created_at.plus_seconds(9);
            change(&mut other);
            links.insert(&other).await.unwrap();
        }
        links.insert(&link_with_id("other", "theirs", URL, "2")).await.unwrap();
        let found = create_in("acme", &links, 1, fields(IfExists::Return)).await;
        assert_eq!((found.is_new, &found.link), (false, &imported));
        let second = create_in("acme", &links, 2, fields(IfExists::Create)).await;
        links.forget(&second.link.address);
        let found = create_in("acme", &links, 3, fields(IfExists::Return)).await;
        assert_eq!((found.is_new, &found.link), (false, &imported), "the remembered link is gone, the other lives");
    }

    #[test]
    fn only_a_live_link_to_the_same_target_stands_in() {
        use crate::testing::samples::link;
        use crate::values::domains::Domain;
        type Change = fn(&mut Link);
        let changes: [(bool, &str, Change); 10] = [
            (true, "another slug", |link| link.address.slug = crate::Slug::parse("other").unwrap()),
            (false, "another workspace", |link| link.workspace = crate::WorkspaceId::parse("other").unwrap()),
            (false, "another domain", |link| link.address.domain = Domain::parse("s.example.org").unwrap()),
            (false, "another target", |link| {
                link.url = crate::testing::samples::link("acme", "docs", "https://example.com/x").url;
            }),
            (false, "archived", |link| link.settings.archived = true),
            (false, "ends now", |link| link.settings.expires_at = Some(link.created_at)),
            (true, "ends later", |link| link.settings.expires_at = Some(link.created_at.plus_seconds(1))),
            (true, "a click left", |link| (link.settings.max_clicks, link.settings.used_clicks) = (Some(2), 1)),
            (false, "no click left", |link| (link.settings.max_clicks, link.settings.used_clicks) = (Some(2), 2)),
            (false, "lower limit", |link| (link.settings.max_clicks, link.settings.used_clicks) = (Some(2), 3)),
        ];
        let (wanted, caller) = (link("acme", "docs", URL), caller("acme", Role::Editor));
        for (stands_in, name, change) in changes {
            let mut existing = wanted.clone();
            change(&mut existing);
            assert_eq!(can_stand_in(&caller, &existing, &wanted), stands_in, "{name}");
        }
        let limited = Caller { scope: Scope::new(Vec::new(), vec!["team".to_owned()], None), ..caller };
        let tagged = Link { tags: vec!["team".to_owned()], ..wanted.clone() };
        for (existing, stands_in) in [(&tagged, true), (&wanted, false)] {
            assert_eq!(can_stand_in(&limited, existing, &wanted), stands_in, "{:?}", existing.tags);
        }
    }
}
