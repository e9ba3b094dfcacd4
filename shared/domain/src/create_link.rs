//! Creates a short link, with a slug of the caller's or a generated one.

use crate::check_fields::{Errors, check_fields};
use crate::idempotency::Attempt;
use crate::link_fields::{IfExists, LinkFields};
use crate::password::Password;
use crate::ports::{Clock, LinkReader, LinkTargets, LinkWriter, Random};
use crate::return_existing::{is_alike, return_existing};
use crate::{Caller, Domain, Domains, Error, Link, LinkId, Role, Slug, StoreError, StoreErrorKind};

/// How often a generated slug that is taken is replaced by another. With a billion links on one domain, all ten being
/// taken has a chance of 10^-35.
pub(crate) const ATTEMPTS: usize = 10;

/// What creating a link needs.
#[derive(Clone, Copy)]
pub struct Creation<'a> {
    /// Reads what was written last.
    pub reader: &'a dyn LinkReader,
    /// Writes the link.
    pub writer: &'a dyn LinkWriter,
    /// Finds a link by its target.
    pub targets: &'a dyn LinkTargets,
    /// The time of creation.
    pub clock: &'a dyn Clock,
    /// Slugs and salts.
    pub random: &'a dyn Random,
    /// The stack's own domains.
    pub domains: &'a Domains,
}

/// A link that was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Created {
    /// The link.
    pub link: Link,
    /// Whether it was made for this request; else it was there before.
    pub is_new: bool,
}

/// Creates a link in the caller's workspace, or gives the one that is there if the request wants that. Needs
/// [`Role::Editor`].
///
/// With `attempt`, a link that an earlier try of the same request created is found, not created again.
///
/// # Errors
/// [`Error::Invalid`] names every field that is wrong, [`Error::Conflict`] says that the slug is taken (by whomever).
pub async fn create_link(
    with: &Creation<'_>,
    caller: &Caller,
    fields: &LinkFields,
    attempt: Option<&Attempt>,
) -> Result<Created, Error> {
    caller.require(Role::Editor)?;
    let link = check(with, caller, fields, attempt)?;
    let created = match (&fields.slug, fields.if_exists.unwrap_or_default()) {
        (Some(_), if_exists) => with_own_slug(with, link, if_exists).await?,
        (None, IfExists::Create) => with_free_slug(with, link, attempt).await?,
        (None, IfExists::Return) => return return_existing(with, link, attempt).await,
    };
    if created.is_new {
        remember_target(with.targets, &created.link).await;
    }
    Ok(created)
}

async fn with_own_slug(with: &Creation<'_>, link: Link, if_exists: IfExists) -> Result<Created, Error> {
    if with.writer.insert(&link).await? {
        return Ok(Created { link, is_new: true });
    }
    let existing = with.reader.get(&link.id).await?.filter(|existing| existing.workspace == link.workspace);
    match existing {
        Some(existing) if link.origin.is_some() && existing.origin == link.origin => {
            Ok(Created { link: existing, is_new: true })
        }
        Some(existing) if if_exists == IfExists::Return && is_alike(&existing, &link) => {
            Ok(Created { link: existing, is_new: false })
        }
        _ => Err(Error::Conflict(format!("the slug '{}' is taken on {}", link.id.slug, link.id.domain))),
    }
}

async fn with_free_slug(with: &Creation<'_>, mut link: Link, attempt: Option<&Attempt>) -> Result<Created, Error> {
    for number in 0..ATTEMPTS {
        link.id.slug = free_slug(with, attempt, number);
        if with.writer.insert(&link).await? {
            return Ok(Created { link, is_new: true });
        }
        if let Some(link) = created_before(with, &link).await? {
            return Ok(Created { link, is_new: true });
        }
    }
    Err(no_free_slug())
}

pub(crate) fn no_free_slug() -> Error {
    Error::Conflict("no free slug was found; try again".to_owned())
}

/// Lets later requests find `link` by its target. It exists whether or not this works, so a failure is only logged.
pub(crate) async fn remember_target(targets: &dyn LinkTargets, link: &Link) {
    if let Err(error) = targets.remember(link).await {
        tracing::warn!(event = "links.target_not_remembered", domain = %link.id.domain, slug = %link.id.slug, %error);
    }
}

/// A slug that is probably free: the same for the same try of the same request, else a random one.
pub(crate) fn free_slug(with: &Creation<'_>, attempt: Option<&Attempt>, number: usize) -> Slug {
    match attempt {
        Some(attempt) => Slug::derive(&format!("{}#{number}", attempt.as_str()), Slug::GENERATED_LEN),
        None => Slug::generate(with.random),
    }
}

/// The link that is in the way of `link`, if an earlier try of the same request created it.
async fn created_before(with: &Creation<'_>, link: &Link) -> Result<Option<Link>, Error> {
    if link.origin.is_none() {
        return Ok(None);
    }
    let existing = with.reader.get(&link.id).await?;
    Ok(existing.filter(|existing| existing.workspace == link.workspace && existing.origin == link.origin))
}

/// The link that `fields` ask for.
fn check(with: &Creation<'_>, caller: &Caller, fields: &LinkFields, attempt: Option<&Attempt>) -> Result<Link, Error> {
    let mut errors = Errors::default();
    let settings = check_fields(fields, with.domains, &mut errors);
    let slug = match &fields.slug {
        Some(text) => errors.note("/slug", Slug::parse(text.as_str())),
        None => Some(Slug::generate(with.random)),
    };
    let domain = match &fields.domain {
        Some(text) => errors.note("/domain", own_domain(text, with.domains)),
        None => Some(with.domains.default_domain().clone()),
    };
    let id = slug.zip(domain).map(|(slug, domain)| LinkId { domain, slug });
    let (settings, id) = errors.or(settings.zip(id))?;
    let mut behaviour = settings.behaviour;
    // Last, since it takes long.
    behaviour.password_hash = fields.password.as_ref().map(|password| hash(password, with.random)).transpose()?;
    Ok(Link {
        id,
        workspace: caller.workspace.clone(),
        url: settings.url,
        title: settings.title,
        tags: settings.tags,
        created_at: with.clock.now(),
        updated_at: None,
        revision: 0,
        behaviour,
        imported_clicks: None,
        origin: attempt.map(|attempt| attempt.as_str().to_owned()),
    })
}

/// The hash of a checked password.
pub(crate) fn hash(password: &Password, random: &dyn Random) -> Result<String, StoreError> {
    password.hash(random).map_err(|error| StoreError::new("password.hash", StoreErrorKind::Broken, error))
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

    async fn create_as(role: Role, links: &MemoryLinks, seed: u64, fields: LinkFields) -> Result<Link, Error> {
        let domains = Domains::parse("go.example.com,s.example.org").unwrap();
        let clock = FixedClock::at("2026-01-02T03:04:05Z");
        let random = SeededRandom::new(seed);
        let with = Creation {
            reader: links,
            writer: links,
            targets: links,
            clock: &clock,
            random: &random,
            domains: &domains,
        };
        Ok(create_link(&with, &caller("acme", role), &fields, None).await?.link)
    }

    async fn create(links: &MemoryLinks, seed: u64, fields: LinkFields) -> Result<Link, Error> {
        create_as(Role::Editor, links, seed, fields).await
    }

    fn new_link(url: &str) -> LinkFields {
        LinkFields { url: Some(url.to_owned()), ..LinkFields::default() }
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
        let new = LinkFields { slug: Some("Docs".into()), ..new_link("https://example.com/1") };
        let first = create(&links, 1, new.clone()).await.unwrap();
        let error =
            create(&links, 2, LinkFields { url: Some("https://example.com/2".into()), ..new }).await.unwrap_err();
        assert!(matches!(error, Error::Conflict(_)));
        assert_eq!(links.all(), vec![first]);
    }

    #[tokio::test]
    async fn every_invalid_field_is_named() {
        let new = LinkFields {
            url: Some("javascript:alert(1)".into()),
            slug: Some("a/b".into()),
            domain: Some("elsewhere.example".into()),
            title: Some(" ".into()),
            tags: vec!["ok".into(), "\n".into()],
            ..LinkFields::default()
        };
        let Err(Error::Invalid(errors)) = create(&MemoryLinks::default(), 1, new).await else { panic!() };
        let pointers: Vec<&str> = errors.iter().map(|error| error.pointer.as_str()).collect();
        assert_eq!(pointers, ["/url", "/title", "/tags/1", "/slug", "/domain"]);
    }

    /// As after a crash between the creation and the note that it was done.
    #[tokio::test]
    async fn a_second_try_of_the_same_request_finds_what_the_first_created() {
        let links = MemoryLinks::default();
        let domains = Domains::parse("go.example.com").unwrap();
        let clock = FixedClock::at("2026-01-02T03:04:05Z");
        let random = SeededRandom::new(1);
        let with = Creation {
            reader: &links,
            writer: &links,
            targets: &links,
            clock: &clock,
            random: &random,
            domains: &domains,
        };
        let (first, second) = (attempt("a"), attempt("b"));
        let caller = caller("acme", Role::Editor);
        let own_slug = LinkFields { slug: Some("docs".into()), ..new_link("https://example.com/") };
        for fields in [new_link("https://example.com/"), own_slug.clone()] {
            let created = create_link(&with, &caller, &fields, Some(&first)).await.unwrap();
            clock.advance(60);
            assert_eq!(create_link(&with, &caller, &fields, Some(&first)).await.unwrap(), created);
        }
        assert_eq!(links.all().len(), 2);
        let other = create_link(&with, &caller, &own_slug, Some(&second)).await;
        assert!(matches!(other, Err(Error::Conflict(_))));
    }

    fn attempt(key: &str) -> Attempt {
        let workspace = crate::WorkspaceId::parse("acme").unwrap();
        let now = crate::Timestamp::from_millis(0).unwrap();
        crate::idempotency::Claim::new(workspace, key, &[], now, &SeededRandom::new(1)).unwrap().attempt()
    }

    #[tokio::test]
    async fn a_password_is_stored_as_its_hash() {
        let links = MemoryLinks::default();
        let new = LinkFields { password: Some(Password::new("secret")), ..new_link("https://example.com/") };
        let hash = create(&links, 1, new).await.unwrap().behaviour.password_hash.unwrap();
        assert!(Password::new("secret").is_of(&hash) && !hash.contains("secret"));
    }

    #[tokio::test]
    async fn a_viewer_may_not_create() {
        let result = create_as(Role::Viewer, &MemoryLinks::default(), 1, new_link("https://a.example/")).await;
        assert!(matches!(result, Err(Error::Forbidden(_))));
    }
}
