//! `if_exists: return`: gives the link that leads to a target already, and creates one only where there is none.
//!
//! [`LinkTargets`](super::ports::LinkTargets) remembers a link of each target. What it remembers may be out of date: the link may have been deleted,
//! changed, archived, or have ended. It is then replaced, in one transaction with the new link, on the condition that
//! nobody else replaced it first; so of many requests at once one creates a link, and the others get it.

use super::created::{ATTEMPTS, Created, free_slug, no_free_slug};
use super::link::Link;
use super::ports::Insertion;
use super::ports::LinkPorts;
use crate::access::idempotency::Attempt;
use crate::values::error::Error;

/// The link that leads where `wanted` does, or `wanted` with a free slug, written.
pub(crate) async fn return_existing(
    with: &LinkPorts<'_>,
    mut wanted: Link,
    attempt: Option<&Attempt>,
) -> Result<Created, Error> {
    for number in 0..ATTEMPTS {
        let seen = with.targets.find(&wanted.workspace, &wanted.id.domain, &wanted.url).await?;
        if let Some(id) = &seen
            && let Some(existing) = with.reader.get(id).await?.filter(|existing| is_alike(existing, &wanted))
        {
            let is_new = wanted.origin.is_some() && existing.origin == wanted.origin;
            return Ok(Created { link: existing, is_new });
        }
        wanted.id.slug = free_slug(with, attempt, number);
        if with.targets.insert_as_only(&wanted, seen.as_ref()).await? == Insertion::Done {
            return Ok(Created { link: wanted, is_new: true });
        }
    }
    Err(no_free_slug())
}

/// Whether a visitor who follows `existing` gets where `wanted` leads: it is of the same owner and domain, has the same
/// target, and is neither archived nor at its end.
pub(crate) fn is_alike(existing: &Link, wanted: &Link) -> bool {
    let settings = &existing.settings;
    let ended = settings.expires_at.is_some_and(|expiry| expiry <= wanted.created_at)
        || settings.max_clicks.is_some_and(|clicks| settings.used_clicks >= clicks);
    existing.workspace == wanted.workspace
        && existing.id.domain == wanted.id.domain
        && existing.url == wanted.url
        && !settings.archived
        && !ended
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::key::Role;
    use crate::links::create::create_link;
    use crate::links::ports::{LinkTargets, LinkWriter};
    use crate::links::request::{IfExists, LinkFields};
    use crate::testing::links::MemoryLinks;
    use crate::testing::samples::caller;
    use crate::testing::system::{FixedClock, SeededRandom};
    use crate::values::domains::Domains;

    const URL: &str = "https://example.com/";

    async fn create_in(workspace: &str, links: &MemoryLinks, seed: u64, fields: LinkFields) -> Created {
        let domains = Domains::parse("go.example.com,s.example.org").unwrap();
        let (clock, random) = (FixedClock::at("2026-01-02T03:04:05Z"), SeededRandom::new(seed));
        let with = LinkPorts {
            reader: links,
            writer: links,
            targets: links,
            clock: &clock,
            random: &random,
            domains: &domains,
        };
        create_link(&with, &caller(workspace, Role::Editor), &fields, None).await.unwrap()
    }

    fn fields(if_exists: IfExists) -> LinkFields {
        LinkFields { url: Some(URL.to_owned()), if_exists: Some(if_exists), ..LinkFields::default() }
    }

    #[tokio::test]
    async fn the_same_target_gives_the_same_link() {
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
    async fn a_link_that_does_not_lead_there_any_more_is_replaced() {
        type Spoil = fn(&mut Link);
        let spoils: [Spoil; 4] = [
            |link| link.settings.archived = true,
            |link| link.settings.expires_at = Some(link.created_at),
            |link| (link.settings.max_clicks, link.settings.used_clicks) = (Some(1), 1),
            |link| link.url = crate::testing::samples::link("acme", "x", "https://example.com/other").url,
        ];
        for spoil in spoils {
            let links = MemoryLinks::default();
            let first = create_in("acme", &links, 1, fields(IfExists::Return)).await.link;
            let mut spoilt = first.clone();
            spoil(&mut spoilt);
            links.delete_unchanged(&first).await.unwrap();
            links.insert(&spoilt).await.unwrap();
            let second = create_in("acme", &links, 2, fields(IfExists::Return)).await;
            assert!(second.is_new);
            assert_eq!(create_in("acme", &links, 3, fields(IfExists::Return)).await.link, second.link);
        }
        let links = MemoryLinks::default();
        let first = create_in("acme", &links, 1, fields(IfExists::Return)).await.link;
        links.delete_unchanged(&first).await.unwrap();
        assert!(create_in("acme", &links, 2, fields(IfExists::Return)).await.is_new);
    }

    #[tokio::test]
    async fn an_own_slug_that_leads_there_already_is_given() {
        let links = MemoryLinks::default();
        let own = LinkFields { slug: Some("docs".into()), ..fields(IfExists::Return) };
        assert!(create_in("acme", &links, 1, own.clone()).await.is_new);
        assert!(!create_in("acme", &links, 2, own).await.is_new);
        let found = links.find(&links.all()[0].workspace, &links.all()[0].id.domain, &links.all()[0].url).await;
        assert_eq!(found.unwrap().unwrap().slug.as_str(), "docs");
    }
}
