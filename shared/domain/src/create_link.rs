//! Creates a short link, with a slug of the caller's or a generated one.

use serde::Deserialize;

use crate::link::{check_tags, check_title};
use crate::ports::{Clock, LinkWriter, Random};
use crate::{Behaviour, Caller, Domain, Domains, Error, FieldError, Link, LinkId, Role, Slug, TargetUrl};

/// How often a generated slug that is taken is replaced by another. With a billion links on one domain, all ten being
/// taken has a chance of 10^-35.
const ATTEMPTS: usize = 10;

/// The body of a request to create a link.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewLink {
    /// Where it leads; see [`TargetUrl`].
    pub url: String,
    /// Its path; generated if absent. See [`Slug`].
    pub slug: Option<String>,
    /// The host that serves it; the stack's default domain if absent.
    pub domain: Option<String>,
    /// What its owner calls it.
    pub title: Option<String>,
    /// Words to find it by.
    #[serde(default)]
    pub tags: Vec<String>,
}

/// Creates a link in the caller's workspace. Needs [`Role::Editor`].
///
/// # Errors
/// [`Error::Invalid`] names every field that is wrong, [`Error::Conflict`] says that the slug is taken (by whomever).
pub async fn create_link(
    links: &dyn LinkWriter,
    clock: &dyn Clock,
    random: &dyn Random,
    domains: &Domains,
    caller: &Caller,
    new: NewLink,
) -> Result<Link, Error> {
    caller.require(Role::Editor)?;
    let (mut link, own_slug) = check(new, domains, caller, clock, random)?;
    for _ in 0..ATTEMPTS {
        if links.insert(&link).await? {
            return Ok(link);
        }
        if own_slug {
            return Err(Error::Conflict(format!("the slug '{}' is taken on {}", link.id.slug, link.id.domain)));
        }
        link.id.slug = Slug::generate(random);
    }
    Err(Error::Conflict("no free slug was found; try again".to_owned()))
}

/// The link that `new` asks for, and whether its slug is the caller's choice.
fn check(
    new: NewLink,
    domains: &Domains,
    caller: &Caller,
    clock: &dyn Clock,
    random: &dyn Random,
) -> Result<(Link, bool), Error> {
    let mut errors = Vec::new();
    let url = note(&mut errors, "/url", TargetUrl::parse(&new.url, domains));
    let own_slug = new.slug.is_some();
    let slug = match new.slug {
        Some(text) => note(&mut errors, "/slug", Slug::parse(text)),
        None => Some(Slug::generate(random)),
    };
    let domain = match new.domain {
        Some(text) => note(&mut errors, "/domain", own_domain(&text, domains)),
        None => Some(domains.default_domain().clone()),
    };
    let title = match new.title {
        Some(text) => note(&mut errors, "/title", check_title(&text)),
        None => None,
    };
    let tags = check_tags(new.tags.iter().map(String::as_str))
        .map_err(|(index, detail)| errors.push(FieldError::new(format!("/tags/{index}"), detail)))
        .unwrap_or_default();
    let (Some(url), Some(slug), Some(domain), true) = (url, slug, domain, errors.is_empty()) else {
        return Err(Error::Invalid(errors));
    };
    let link = Link {
        id: LinkId { domain, slug },
        workspace: caller.workspace.clone(),
        url,
        title,
        tags,
        created_at: clock.now(),
        updated_at: None,
        revision: 0,
        behaviour: Behaviour::default(),
        origin: None,
    };
    Ok((link, own_slug))
}

/// The value, or `None` with the error noted at `pointer`.
fn note<T, E: ToString>(errors: &mut Vec<FieldError>, pointer: &str, result: Result<T, E>) -> Option<T> {
    result.map_err(|error| errors.push(FieldError::new(pointer, error.to_string()))).ok()
}

/// The domain in `text` if the stack serves it.
pub fn own_domain(text: &str, domains: &Domains) -> Result<Domain, String> {
    let domain = Domain::parse(text).map_err(|error| error.to_string())?;
    if domains.contains(domain.as_str()) { Ok(domain) } else { Err("is not a domain of this service".to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::memory::{FixedClock, MemoryLinks, SeededRandom, caller};

    async fn create(links: &MemoryLinks, seed: u64, new: NewLink) -> Result<Link, Error> {
        let domains = Domains::parse("go.example.com,s.example.org").unwrap();
        let clock = FixedClock::at("2026-01-02T03:04:05Z");
        create_link(links, &clock, &SeededRandom::new(seed), &domains, &caller("acme", Role::Editor), new).await
    }

    fn new_link(url: &str) -> NewLink {
        NewLink { url: url.to_owned(), ..NewLink::default() }
    }

    #[tokio::test]
    async fn a_generated_slug_that_is_taken_is_replaced_by_another() {
        let links = MemoryLinks::default();
        let first = create(&links, 1, new_link("https://example.com/1")).await.unwrap();
        let second = create(&links, 1, new_link("https://example.com/2")).await.unwrap();
        assert_ne!(first.id.slug, second.id.slug);
        assert_eq!(second.id.slug.as_str().len(), Slug::GENERATED_LEN);
    }

    #[tokio::test]
    async fn a_taken_slug_is_a_conflict_and_changes_nothing() {
        let links = MemoryLinks::default();
        let new = NewLink { slug: Some("Docs".into()), ..new_link("https://example.com/1") };
        let first = create(&links, 1, new.clone()).await.unwrap();
        let error = create(&links, 2, NewLink { url: "https://example.com/2".into(), ..new }).await.unwrap_err();
        assert!(matches!(error, Error::Conflict(_)));
        assert_eq!(links.all(), vec![first]);
    }

    #[tokio::test]
    async fn every_invalid_field_is_named() {
        let new = NewLink {
            url: "javascript:alert(1)".into(),
            slug: Some("a/b".into()),
            domain: Some("elsewhere.example".into()),
            title: Some(" ".into()),
            tags: vec!["ok".into(), "\n".into()],
        };
        let Err(Error::Invalid(errors)) = create(&MemoryLinks::default(), 1, new).await else { panic!() };
        let pointers: Vec<&str> = errors.iter().map(|error| error.pointer.as_str()).collect();
        assert_eq!(pointers, ["/url", "/slug", "/domain", "/title", "/tags/1"]);
    }

    #[tokio::test]
    async fn a_viewer_may_not_create() {
        let domains = Domains::parse("go.example.com").unwrap();
        let clock = FixedClock::at("2026-01-02T03:04:05Z");
        let viewer = caller("acme", Role::Viewer);
        let links = MemoryLinks::default();
        let result =
            create_link(&links, &clock, &SeededRandom::new(1), &domains, &viewer, new_link("https://a.example/")).await;
        assert!(matches!(result, Err(Error::Forbidden(_))));
    }
}
