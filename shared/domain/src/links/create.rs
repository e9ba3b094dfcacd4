//! Creates a short link, with a slug of the caller's or a generated one.

use super::link::{Link, LinkId};
use super::password::Password;
use super::ports::{LinkReader, LinkTargets, LinkWriter};
use super::request::{IfExists, LinkFields};
use super::reuse::{is_alike, return_existing};
use super::validate::check_fields;
use crate::access::idempotency::Attempt;
use crate::access::key::{Caller, Role};
use crate::links::created::ATTEMPTS;
use crate::links::created::Created;
use crate::links::created::free_slug;
use crate::links::created::no_free_slug;
use crate::links::ports::LinkPorts;
use crate::ports::{Clock, Random};
use crate::values::domains::{Domain, Domains};
use crate::values::error::{Error, StoreError, StoreErrorKind};
use crate::values::field_errors::Errors;
use crate::values::slug::Slug;

/// Creates a link in the caller's workspace, or gives the one that is there if the request wants that. Needs
/// [`Role::Editor`].
///
/// With `attempt`, a link that an earlier try of the same request created is found, not created again.
///
/// # Errors
/// [`Error::Invalid`] names every field that is wrong, [`Error::Conflict`] says that the slug is taken (by whomever).
pub async fn create_link(
    with: &LinkPorts<'_>,
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

async fn with_own_slug(with: &LinkPorts<'_>, link: Link, if_exists: IfExists) -> Result<Created, Error> {
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

async fn with_free_slug(with: &LinkPorts<'_>, mut link: Link, attempt: Option<&Attempt>) -> Result<Created, Error> {
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

/// Lets later requests find `link` by its target. It exists whether or not this works, so a failure is only logged.
pub(crate) async fn remember_target(targets: &dyn LinkTargets, link: &Link) {
    if let Err(error) = targets.remember(link).await {
        tracing::warn!(event = "links.target_not_remembered", domain = %link.id.domain, slug = %link.id.slug, %error);
    }
}

/// The link that is in the way of `link`, if an earlier try of the same request created it.
async fn created_before(with: &LinkPorts<'_>, link: &Link) -> Result<Option<Link>, Error> {
    if link.origin.is_none() {
        return Ok(None);
    }
    let existing = with.reader.get(&link.id).await?;
    Ok(existing.filter(|existing| existing.workspace == link.workspace && existing.origin == link.origin))
}

/// The link that `fields` ask for.
fn check(with: &LinkPorts<'_>, caller: &Caller, fields: &LinkFields, attempt: Option<&Attempt>) -> Result<Link, Error> {
    let mut errors = Errors::default();
    let checked = check_fields(fields, with.domains, &mut errors);
    let slug = match &fields.slug {
        Some(text) => errors.note("/slug", Slug::parse(text.as_str())),
        None => Some(Slug::generate(with.random)),
    };
    let domain = match &fields.domain {
        Some(text) => errors.note("/domain", own_domain(text, with.domains)),
        None => Some(with.domains.default_domain().clone()),
    };
    let id = slug.zip(domain).map(|(slug, domain)| LinkId { domain, slug });
    let (checked, id) = errors.or(checked.zip(id))?;
    let mut settings = checked.settings;
    // Last, since it takes long.
    settings.password_hash = fields.password.as_ref().map(|password| hash(password, with.random)).transpose()?;
    Ok(Link {
        id,
        workspace: caller.workspace.clone(),
        url: checked.url,
        title: checked.title,
        tags: checked.tags,
        created_at: with.clock.now(),
        updated_at: None,
        revision: 0,
        settings,
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
    use crate::testing::links::MemoryLinks;
    use crate::testing::samples::caller;
    use crate::testing::system::{FixedClock, SeededRandom};

    async fn create_as(role: Role, links: &MemoryLinks, seed: u64, fields: LinkFields) -> Result<Link, Error> {
        let domains = Domains::parse("go.example.com,s.example.org").unwrap();
        let clock = FixedClock::at("2026-01-02T03:04:05Z");
        let random = SeededRandom::new(seed);
        let with = LinkPorts {
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
        let with = LinkPorts {
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
        let workspace = crate::values::workspace::WorkspaceId::parse("acme").unwrap();
        let now = crate::values::timestamp::Timestamp::from_millis(0).unwrap();
        crate::access::idempotency::Claim::new(workspace, key, &[], now, &SeededRandom::new(1)).unwrap().attempt()
    }

    #[tokio::test]
    async fn a_password_is_stored_as_its_hash() {
        let links = MemoryLinks::default();
        let new = LinkFields { password: Some(Password::new("secret")), ..new_link("https://example.com/") };
        let hash = create(&links, 1, new).await.unwrap().settings.password_hash.unwrap();
        assert!(Password::new("secret").is_of(&hash) && !hash.contains("secret"));
    }

    #[tokio::test]
    async fn a_viewer_may_not_create() {
        let result = create_as(Role::Viewer, &MemoryLinks::default(), 1, new_link("https://a.example/")).await;
        assert!(matches!(result, Err(Error::Forbidden(_))));
    }
}
