//! Creates a short link with a slug that the caller chooses, or a generated one.

use std::borrow::Cow;

use super::address::LinkAddress;
use super::as_written::link_as_written;
use super::created::{Created, MAX_SLUGS, no_free_slug, remember_target, slug_to_try};
use super::id::LinkId;
use super::link::Link;
use super::password::Password;
use super::ports::LinkPorts;
use super::request::{IfExists, LinkFields};
use super::reuse::{can_stand_in, return_existing};
use super::validate::check_fields;
use crate::access::idempotency::RequestFingerprint;
use crate::access::key::{Caller, Role};
use crate::domains::rules::with_rules_of;
use crate::ports::Random;
use crate::target_safety::refuse::refuse_unsafe;
use crate::values::domains::{Domain, Domains};
use crate::values::error::{Error, StoreError, StoreErrorKind};
use crate::values::field_errors::Errors;
use crate::values::slug::Slug;
use crate::values::slug_error::SlugError;
use crate::values::workspace::WorkspaceId;

/// Creates a link in the caller's workspace, or returns an existing one if the request allows that. Needs [`Role::Editor`].
///
/// With a `fingerprint`, returns the link that an earlier attempt at the same request created. Never returns a link that the caller
/// does not reach.
///
/// # Errors
/// [`Error::Invalid`] names every field that is wrong, also one by which the link would not be in the caller's scope;
/// [`Error::Conflict`] says that the slug is taken, by any workspace.
pub async fn create_link(
    ports: &LinkPorts<'_>,
    caller: &Caller,
    fields: &LinkFields,
    fingerprint: Option<&RequestFingerprint>,
) -> Result<Created, Error> {
    check_new_link(ports, caller, fields, fingerprint).await?.create(ports, caller, fingerprint).await
}

/// A link that can be created, as far as one can know before.
#[derive(Debug)]
pub(crate) struct CheckedLink<'a> {
    link: Link,
    /// The stack's domains with the rules of the link's.
    domains: Cow<'a, Domains>,
    /// The link that stands in for it.
    existing: Option<Link>,
    has_own_slug: bool,
    if_exists: IfExists,
}

/// Checks all that [`create_link`] checks, and writes nothing.
///
/// # Errors
/// Those of [`create_link`].
pub(crate) async fn check_new_link<'a>(
    ports: &LinkPorts<'a>,
    caller: &Caller,
    fields: &LinkFields,
    fingerprint: Option<&RequestFingerprint>,
) -> Result<CheckedLink<'a>, Error> {
    caller.require(Role::Editor)?;
    let domains = with_rules_of(ports.domains, ports.domain_settings, fields.domain.as_deref()).await?;
    let link = check(&LinkPorts { domains: &domains, ..*ports }, caller, fields, fingerprint)?;
    let (has_own_slug, if_exists) = (fields.slug.is_some(), fields.if_exists.unwrap_or_default());
    let existing = link_as_written(ports.reader, fields.slug.as_deref(), &link.address).await?;
    if let Some(old) =
        existing.as_ref().filter(|old| if_exists != IfExists::Return || !can_stand_in(caller, old, &link))
    {
        return Err(slug_is_taken(&old.address));
    }
    if existing.is_none() {
        refuse_unsafe(ports.lookups, link.targets()).await?;
    }
    Ok(CheckedLink { link, domains, existing, has_own_slug, if_exists })
}

impl CheckedLink<'_> {
    /// Creates the link, or returns the one that stands in for it; see [`create_link`].
    pub(crate) async fn create(
        self,
        ports: &LinkPorts<'_>,
        caller: &Caller,
        fingerprint: Option<&RequestFingerprint>,
    ) -> Result<Created, Error> {
        let Self { link, domains, existing, has_own_slug, if_exists } = self;
        if let Some(link) = existing {
            return Ok(Created { link, is_new: false });
        }
        let ports = &LinkPorts { domains: &domains, ..*ports };
        let created = match (has_own_slug, if_exists) {
            (true, if_exists) => create_with_own_slug(ports, caller, link, if_exists).await?,
            (false, IfExists::Create) => create_with_free_slug(ports, caller, link, fingerprint).await?,
            (false, IfExists::Return) => return return_existing(ports, caller, link, fingerprint).await,
        };
        if created.is_new {
            remember_target(ports.targets, &created.link).await;
        }
        Ok(created)
    }
}

async fn create_with_own_slug(
    ports: &LinkPorts<'_>,
    caller: &Caller,
    link: Link,
    if_exists: IfExists,
) -> Result<Created, Error> {
    if ports.writer.insert(&link).await? {
        return Ok(Created { link, is_new: true });
    }
    let existing = ports.reader.get(&link.address).await?.filter(|existing| caller.sees(existing));
    match existing {
        Some(existing) if link.origin.is_some() && existing.origin == link.origin => {
            Ok(Created { link: existing, is_new: true })
        }
        Some(existing) if if_exists == IfExists::Return && can_stand_in(caller, &existing, &link) => {
            Ok(Created { link: existing, is_new: false })
        }
        _ => Err(slug_is_taken(&link.address)),
    }
}

/// Returns the error of an address that another link has, or that is reserved for another workspace.
pub(crate) fn slug_is_taken(address: &LinkAddress) -> Error {
    Error::Conflict(format!("the slug '{}' is taken on {}", address.slug, address.domain))
}

async fn create_with_free_slug(
    ports: &LinkPorts<'_>,
    caller: &Caller,
    mut link: Link,
    fingerprint: Option<&RequestFingerprint>,
) -> Result<Created, Error> {
    let first_len = link.address.slug.as_str().len();
    for number in 0..MAX_SLUGS {
        link.address.slug = slug_to_try(ports, &link.address.domain, fingerprint, first_len, number);
        if ports.writer.insert(&link).await? {
            return Ok(Created { link, is_new: true });
        }
        if let Some(link) = created_before(ports, caller, &link).await? {
            return Ok(Created { link, is_new: true });
        }
    }
    Err(no_free_slug())
}

/// Returns the link that occupies the address of `link`, if an earlier attempt at the same request created it.
async fn created_before(ports: &LinkPorts<'_>, caller: &Caller, link: &Link) -> Result<Option<Link>, Error> {
    if link.origin.is_none() {
        return Ok(None);
    }
    let existing = ports.reader.get(&link.address).await?;
    Ok(existing.filter(|existing| caller.sees(existing) && existing.origin == link.origin))
}

/// Checks `fields` and makes the link that they describe.
fn check(
    ports: &LinkPorts<'_>,
    caller: &Caller,
    fields: &LinkFields,
    fingerprint: Option<&RequestFingerprint>,
) -> Result<Link, Error> {
    let mut errors = Errors::default();
    let checked = check_fields(fields, ports.domains, &mut errors);
    let domain = match &fields.domain {
        Some(text) => open_domain(text, ports.domains, &caller.workspace),
        None => open_default(ports.domains, &caller.workspace),
    };
    let slug = match &fields.slug {
        Some(text) => errors.note("/slug", slug_on(domain.as_ref().ok(), text, ports.domains)),
        None => {
            let slug = Slug::generate(ports.random, fields.slug_length.unwrap_or(Slug::GENERATED_LEN));
            domain.as_ref().ok().map(|domain| ports.domains.generated_slug_on(domain, slug))
        }
    };
    let domain = errors.note("/domain", domain);
    caller.scope.check(domain.as_ref(), checked.as_ref().map(|checked| checked.tags.as_slice()), &mut errors);
    let address = slug.zip(domain).map(|(slug, domain)| LinkAddress { domain, slug });
    if fields.keep_alias.is_some() {
        errors.add("/keep_alias", "is for changing a link");
    }
    let (checked, address) = errors.or(checked.zip(address))?;
    let mut settings = checked.settings;
    // Hash the password last: it takes long.
    let password = fields.password.as_ref();
    settings.password_hash = password.map(|password| hash_password(password, ports.random)).transpose()?;
    Ok(Link {
        address,
        stored_id: Some(LinkId::generate(ports.clock, ports.random)),
        counted_at: None,
        aliases: Vec::new(),
        workspace: caller.workspace.clone(),
        url: checked.url,
        title: checked.title,
        tags: checked.tags,
        created_at: ports.clock.now(),
        updated_at: None,
        created_by: Some(caller.key_id.clone()),
        changed_by: None,
        revision: 0,
        settings,
        target_check: None,
        imported_clicks: None,
        origin: fingerprint.map(|fingerprint| fingerprint.as_str().to_owned()),
    })
}

/// Checks the slug that a request asks for, by the rules of its domain if that is known.
fn slug_on(domain: Option<&Domain>, text: &str, domains: &Domains) -> Result<Slug, SlugError> {
    let slug = Slug::parse(text)?;
    match domain {
        Some(domain) => domains.slug_on(domain, slug),
        None => Ok(slug),
    }
}

/// Hashes a checked password.
pub(crate) fn hash_password(password: &Password, random: &dyn Random) -> Result<String, StoreError> {
    password.hash(random).map_err(|error| StoreError::new("password.hash", StoreErrorKind::Broken, error))
}

/// Parses a domain, and checks that `workspace` can make links there.
///
/// # Errors
/// What is wrong, for a person.
pub fn open_domain(text: &str, domains: &Domains, workspace: &WorkspaceId) -> Result<Domain, String> {
    let domain = own_domain(text, domains)?;
    match domains.why_closed(&domain, workspace) {
        None => Ok(domain),
        Some(reason) => Err(reason.to_owned()),
    }
}

/// Returns the default domain, if `workspace` can make links there.
fn open_default(domains: &Domains, workspace: &WorkspaceId) -> Result<Domain, String> {
    let default = domains.default_domain();
    match domains.why_closed(default, workspace) {
        None => Ok(default.clone()),
        Some(reason) => Err(format!("is missing: the default domain {default} {reason}")),
    }
}

/// Parses a domain, and checks that the stack serves it.
///
/// # Errors
/// What is wrong, for a person.
pub fn own_domain(text: &str, domains: &Domains) -> Result<Domain, String> {
    let domain = Domain::parse(text).map_err(|error| error.to_string())?;
    if domains.contains(domain.as_str()) { Ok(domain) } else { Err("is not a domain of this service".to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::idempotency::Claim;
    use crate::links::ports::{LinkReader, LinkWriter};
    use crate::testing::domains::MemoryDomains;
    use crate::testing::links::{LinkWorld, MemoryLinks};
    use crate::testing::samples::caller;
    use crate::testing::system::{FixedClock, SeededRandom};
    use crate::values::timestamp::Timestamp;

    async fn create_as(role: Role, links: &MemoryLinks, seed: u64, fields: LinkFields) -> Result<Link, Error> {
        let domains = Domains::parse("go.example.com,s.example.org").unwrap();
        let clock = FixedClock::at("2026-01-02T03:04:05Z");
        let random = SeededRandom::new(seed);
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
        Ok(create_link(&ports, &caller("acme", role), &fields, None).await?.link)
    }

    async fn create(links: &MemoryLinks, seed: u64, fields: LinkFields) -> Result<Link, Error> {
        create_as(Role::Editor, links, seed, fields).await
    }

    fn new_link(url: &str) -> LinkFields {
        LinkFields { url: Some(url.to_owned()), ..LinkFields::default() }
    }

    #[tokio::test]
    async fn taken_generated_slug_is_replaced() {
        let links = MemoryLinks::default();
        let first = create(&links, 1, new_link("https://example.com/1")).await.unwrap();
        let second = create(&links, 1, new_link("https://example.com/2")).await.unwrap();
        assert_ne!(first.address.slug, second.address.slug);
        assert_eq!(second.address.slug.as_str().len(), Slug::GENERATED_LEN);
    }

    #[tokio::test]
    async fn taken_slug_is_a_conflict_and_changes_nothing() {
        let links = MemoryLinks::default();
        let new = LinkFields { slug: Some("Docs".into()), ..new_link("https://example.com/1") };
        let first = create(&links, 1, new.clone()).await.unwrap();
        let error =
            create(&links, 2, LinkFields { url: Some("https://example.com/2".into()), ..new }).await.unwrap_err();
        assert!(matches!(error, Error::Conflict(_)));
        assert_eq!(links.all(), vec![first]);
    }

    #[tokio::test]
    async fn error_names_every_invalid_field() {
        let new = LinkFields {
            url: Some("javascript:alert(1)".into()),
            slug: Some("a b".into()),
            domain: Some("elsewhere.example".into()),
            title: Some(" ".into()),
            tags: vec!["ok".into(), "\n".into()],
            ..LinkFields::default()
        };
        let Err(Error::Invalid(errors)) = create(&MemoryLinks::default(), 1, new).await else { panic!() };
        let pointers: Vec<&str> = errors.iter().map(|error| error.pointer.as_str()).collect();
        assert_eq!(pointers, ["/url", "/title", "/tags/1", "/slug", "/domain"]);
    }

    /// Retries as after a crash between the creation of the link and the storage of the answer.
    #[tokio::test]
    async fn retry_returns_the_link_of_the_first_attempt() {
        let links = MemoryLinks::default();
        let domains = Domains::parse("go.example.com").unwrap();
        let clock = FixedClock::at("2026-01-02T03:04:05Z");
        let random = SeededRandom::new(1);
        let ports = LinkPorts {
            reader: &links,
            writer: &links,
            targets: &links,
            clock: &clock,
            random: &random,
            domains: &domains,
            domain_settings: &MemoryDomains::default(),
            lookups: None,
        };
        let (first, second) = (fingerprint("a"), fingerprint("b"));
        let caller = caller("acme", Role::Editor);
        let own_slug = LinkFields { slug: Some("docs".into()), ..new_link("https://example.com/") };
        for fields in [new_link("https://example.com/"), own_slug.clone()] {
            let created = create_link(&ports, &caller, &fields, Some(&first)).await.unwrap();
            clock.advance(60);
            assert_eq!(create_link(&ports, &caller, &fields, Some(&first)).await.unwrap(), created);
        }
        assert_eq!(links.all().len(), 2);
        let other = create_link(&ports, &caller, &own_slug, Some(&second)).await;
        assert!(matches!(other, Err(Error::Conflict(_))));
    }

    #[tokio::test]
    async fn link_of_another_request_at_the_derived_slug_is_not_taken_for_its_own() {
        let request = fingerprint("a");
        let created = async |world: &LinkWorld| {
            let (editor, fields) = (caller("acme", Role::Editor), new_link("https://example.com/"));
            create_link(&world.ports(), &editor, &fields, Some(&request)).await.unwrap().link
        };
        let own = created(&LinkWorld::default()).await;
        let workspace = WorkspaceId::parse("other").unwrap();
        for there in [Link { origin: None, ..own.clone() }, Link { workspace, ..own.clone() }] {
            let world = LinkWorld::default();
            assert!(world.links.insert(&there).await.unwrap());
            let link = created(&world).await;
            assert!(link.address != there.address && link.workspace == own.workspace && link.origin == own.origin);
            assert_eq!(world.links.get(&there.address).await.unwrap(), Some(there));
        }
    }

    fn fingerprint(key: &str) -> RequestFingerprint {
        let workspace = WorkspaceId::parse("acme").unwrap();
        let now = Timestamp::from_millis(0).unwrap();
        Claim::new(workspace, key, (&[], b"credential"), now, &SeededRandom::new(1)).unwrap().fingerprint()
    }

    #[tokio::test]
    async fn domain_of_another_workspace_is_refused() {
        let world =
            LinkWorld { domains: Domains::parse("go.example.com,x.example.org=acme").unwrap(), ..LinkWorld::default() };
        let fields = LinkFields { domain: Some("x.example.org".into()), ..new_link("https://example.com/") };
        let create = async |workspace| {
            create_link(&world.ports(), &caller(workspace, Role::Editor), &fields, None)
                .await
                .map(|created| created.link)
        };
        let Err(Error::Invalid(errors)) = create("other").await else { panic!() };
        assert_eq!(errors[0].pointer, "/domain");
        let mine = create("acme").await.unwrap();
        assert_eq!((mine.address.domain.as_str(), mine.counted_at()), ("x.example.org", None));
    }

    #[tokio::test]
    async fn password_is_stored_as_its_hash() {
        let links = MemoryLinks::default();
        let new = LinkFields { password: Some(Password::new("secret")), ..new_link("https://example.com/") };
        let hash = create(&links, 1, new).await.unwrap().settings.password_hash.unwrap();
        assert!(Password::new("secret").matches(&hash) && !hash.contains("secret"));
    }

    #[tokio::test]
    async fn viewer_may_not_create_links() {
        let result = create_as(Role::Viewer, &MemoryLinks::default(), 1, new_link("https://a.example/")).await;
        assert!(matches!(result, Err(Error::Forbidden(_))));
    }
}
