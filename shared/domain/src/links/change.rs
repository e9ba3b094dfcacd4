//! Changes a link of the caller's workspace by a JSON Merge Patch (RFC 7396). A new slug or domain moves the link.

use std::borrow::Cow;

use serde_json::{Map, Value};

use super::address::LinkAddress;
use super::as_written::link_as_written;
use super::create::{hash_password, open_domain, slug_is_taken};
use super::created::remember_target;
use super::find::find_link;
use super::kept_targets::{brings_to_life, check_change};
use super::link::Link;
use super::ports::{LinkPorts, Relocation};
use super::precondition::Precondition;
use super::read_only::without_read_only;
use super::request::LinkFields;
use crate::access::key::{Caller, Role};
use crate::domains::rules::with_rules_of;
use crate::target_safety::refuse::refuse_unsafe;
use crate::values::error::{Error, StoreError, StoreErrorKind};
use crate::values::field_errors::Errors;
use crate::values::json::{merge, read};
use crate::values::slug::Slug;
use crate::values::target::TargetUrl;

/// How many times to apply a patch to a link that other requests change at the same time. A move of a link with a click limit
/// also meets the clicks of visitors.
const MAX_ATTEMPTS: usize = 10;

/// Applies `patch` to the link if `precondition` holds. Returns the changed link. Needs [`Role::Editor`].
///
/// `show` makes the link as callers read it: a patch may hold all of that, also what cannot be changed.
///
/// If another request changes the link at the same time, applies the patch again on top of that change, provided that the
/// precondition still holds. Writes nothing if the patch changes nothing.
///
/// # Errors
/// [`Error::Invalid`] names every field that would be wrong, also one by which the link would leave the caller's scope; [`Error::Changed`] says that the precondition does not hold;
/// [`Error::NotFound`] says that there is no such link, or that the caller does not reach it; [`Error::Conflict`] says that the
/// address to move to is taken.
pub async fn change_link(
    ports: &LinkPorts<'_>,
    caller: &Caller,
    address: &LinkAddress,
    precondition: &Precondition,
    patch: &Value,
    show: &(dyn Fn(&Link) -> Value + Sync),
) -> Result<Link, Error> {
    caller.require(Role::Editor)?;
    let Value::Object(patch) = patch else {
        return Err(Error::invalid("", "a patch must be a JSON object"));
    };
    let mut password_hash = None;
    for _ in 0..MAX_ATTEMPTS {
        let seen = find_link(ports.reader, caller, address).await?;
        if !precondition.holds(&seen) {
            return Err(Error::Changed("link"));
        }
        let domain = patch.get("domain").and_then(Value::as_str).unwrap_or(seen.address.domain.as_str());
        let domains = if patch.contains_key("domain") || patch.contains_key("slug") {
            with_rules_of(ports.domains, ports.domain_settings, Some(domain)).await?
        } else {
            Cow::Borrowed(ports.domains)
        };
        let within = LinkPorts { domains: &domains, ..*ports };
        let mut next = apply(&within, caller, &seen, patch, &show(&seen), &mut password_hash)?;
        if next == seen {
            return Ok(seen);
        }
        let written = patch.get("slug").and_then(Value::as_str).unwrap_or(seen.address.slug.as_str());
        let written = Some(written).filter(|_| next.address != seen.address);
        if let Some(old) = link_as_written(ports.reader, written, &next.address).await?
            && old.id() != seen.id()
        {
            return Err(slug_is_taken(&old.address));
        }
        refuse_unsafe(ports.lookups, targets_to_ask(&seen, &next)).await?;
        let first = seen.clone().with_stored_id();
        (next.stored_id, next.counted_at) = (first.stored_id, first.counted_at);
        next.revision += 1;
        next.updated_at = Some(ports.clock.now());
        next.changed_by = Some(caller.key_id.clone());
        if write(ports, &seen, &next).await? {
            if (&next.address, &next.url) != (&seen.address, &seen.url) {
                remember_target(ports.targets, &next).await;
            }
            return Ok(next);
        }
    }
    let busy = "other requests keep changing the link";
    Err(StoreError::new("links.replace", StoreErrorKind::Throttled, busy).into())
}

/// Returns the targets of `next` that visitors could not reach by `seen`, with the pointers to their fields.
fn targets_to_ask(seen: &Link, next: &Link) -> Vec<(String, TargetUrl)> {
    let mut targets = next.targets();
    if !brings_to_life(&seen.settings, &next.settings) {
        let known = seen.targets();
        targets.retain(|(_, url)| !known.iter().any(|(_, known)| known == url));
    }
    targets
}

/// Writes `next` in place of `seen`. Returns `false` if the link has changed since it was read.
async fn write(ports: &LinkPorts<'_>, seen: &Link, next: &Link) -> Result<bool, Error> {
    if next.address == seen.address {
        return Ok(ports.writer.replace(seen, next).await?);
    }
    match ports.writer.relocate(seen, next, ports.clock.now()).await? {
        Relocation::Done => Ok(true),
        Relocation::Changed => Ok(false),
        Relocation::Taken => Err(slug_is_taken(&next.address)),
    }
}

/// Applies `patch` to `seen`, which callers see as `shown`. Keeps the hash of the patch's password in `password_hash` for the next
/// attempt, since hashing takes long.
fn apply(
    ports: &LinkPorts<'_>,
    caller: &Caller,
    seen: &Link,
    patch: &Map<String, Value>,
    shown: &Value,
    password_hash: &mut Option<String>,
) -> Result<Link, Error> {
    let mut document = serde_json::to_value(LinkFields::of(seen))
        .map_err(|error| StoreError::new("links.patch", StoreErrorKind::Broken, error))?;
    let mut errors = Errors::default();
    let changes = without_read_only(patch, shown, &document, &mut errors);
    merge(&mut document, Value::Object(changes));
    let fields: LinkFields = read(document)?;
    let settings = check_change(&fields, seen, ports.domains, &mut errors);
    let place = place(ports, seen, &fields, &mut errors);
    for (name, is_set) in [
        ("if_exists", fields.if_exists.is_some()),
        ("utm_template", fields.utm_template.is_some()),
        ("utm", fields.utm.is_some()),
    ] {
        if is_set {
            errors.add(format!("/{name}"), "is for creating a link");
        }
    }
    let (domain, tags) = (
        place.as_ref().map(|(address, _)| &address.domain),
        settings.as_ref().map(|settings| settings.tags.as_slice()),
    );
    caller.scope.check(domain, tags, &mut errors);
    let (settings, (address, aliases)) = errors.or(settings.zip(place))?;
    let mut next = Link {
        address,
        aliases,
        url: settings.url,
        title: settings.title,
        tags: settings.tags,
        settings: settings.settings,
        ..seen.clone()
    };
    next.settings.used_clicks = seen.settings.used_clicks;
    next.target_check = seen.check_for(&next);
    if seen.settings.title_is_read && next.title == seen.title {
        // The page of another target has another title.
        let is_kept = next.url == seen.url;
        next.title = next.title.filter(|_| is_kept);
        next.settings.title_is_read = is_kept;
    }
    next.settings.password_hash = match (patch.get("password"), &fields.password) {
        (None, _) => seen.settings.password_hash.clone(),
        (Some(_), None) => None,
        (Some(_), Some(password)) => {
            if password_hash.is_none() {
                *password_hash = Some(hash_password(password, ports.random)?);
            }
            password_hash.clone()
        }
    };
    Ok(next)
}

/// Returns the address that `fields` ask for, and the aliases of the link there.
fn place(
    ports: &LinkPorts<'_>,
    seen: &Link,
    fields: &LinkFields,
    errors: &mut Errors,
) -> Option<(LinkAddress, Vec<LinkAddress>)> {
    const NOT_REMOVED: &str = "cannot be removed";
    let slug = match &fields.slug {
        Some(text) => errors.note("/slug", Slug::parse(text.as_str())),
        None => errors.note("/slug", Err(NOT_REMOVED)),
    };
    let domain = match &fields.domain {
        Some(text) if text == seen.address.domain.as_str() => Some(seen.address.domain.clone()),
        Some(text) => errors.note("/domain", open_domain(text, ports.domains, &seen.workspace)),
        None => errors.note("/domain", Err(NOT_REMOVED)),
    };
    let mut address = LinkAddress { domain: domain?, slug: slug? };
    // A link from before the rules of its domain keeps its slug until it moves, and can move back to an alias from then.
    if address != seen.address {
        match ports.domains.slug_on(&address.domain, address.slug.clone()) {
            Ok(slug) => address.slug = slug,
            Err(_) if seen.aliases.contains(&address) => {}
            Err(error) => errors.add("/slug", error),
        }
    }
    // A link stays where it is if its domain was closed to its workspace since. A new slug there is for others.
    if address != seen.address
        && let Some(reason) = ports.domains.why_closed(&address.domain, &seen.workspace)
    {
        errors.add("/slug", format!("cannot be changed: {} {reason}", address.domain));
    }
    let mut aliases = seen.aliases.clone();
    if address != seen.address {
        aliases.retain(|alias| *alias != address);
        if fields.keep_alias == Some(true) {
            aliases.push(seen.address.clone());
        }
        if aliases.len() > Link::MAX_ALIASES {
            let detail = format!("a link has at most {} aliases: delete one first", Link::MAX_ALIASES);
            errors.add("/keep_alias", detail);
        }
    }
    Some((address, aliases))
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;
    use crate::links::password::Password;
    use crate::links::ports::{LinkMoves, LinkReader, LinkTargets, LinkWriter};
    use crate::testing::domains::MemoryDomains;
    use crate::testing::links::{LinkWorld, MemoryLinks};
    use crate::testing::samples::{caller, link, link_with_id};
    use crate::testing::system::{FixedClock, SeededRandom};
    use crate::values::domains::{Domain, Domains};
    use crate::values::timestamp::Timestamp;
    use async_trait::async_trait;
    use proptest::prelude::*;
    use serde_json::json;

    async fn change_with(
        writer: &dyn LinkWriter,
        links: &MemoryLinks,
        precondition: Option<&str>,
        patch: Value,
    ) -> Result<Link, Error> {
        let domains = Domains::parse("go.example.com,s.example.org").unwrap();
        let (clock, random) = (FixedClock::at("2026-01-02T03:04:05Z"), SeededRandom::new(1));
        let ports = LinkPorts {
            reader: links,
            writer,
            targets: links,
            clock: &clock,
            random: &random,
            domains: &domains,
            domain_settings: &MemoryDomains::default(),
            lookups: None,
        };
        let address = link("acme", "docs", "https://example.com/").address;
        let precondition = Precondition::parse(precondition);
        change_link(&ports, &caller("acme", Role::Editor), &address, &precondition, &patch, &show).await
    }

    /// Shows a link with what callers can read but not set.
    fn show(link: &Link) -> Value {
        let mut shown = serde_json::to_value(LinkFields::of(link)).unwrap();
        shown["created_at"] = json!(link.created_at);
        shown["used_clicks"] = json!(link.settings.used_clicks);
        shown
    }

    async fn change(links: &MemoryLinks, patch: Value) -> Result<Link, Error> {
        change_with(links, links, None, patch).await
    }

    async fn links() -> MemoryLinks {
        let links = MemoryLinks::default();
        links.insert(&link("acme", "docs", "https://example.com/")).await.unwrap();
        links
    }

    fn pointers(result: Result<Link, Error>) -> Vec<String> {
        let Err(Error::Invalid(errors)) = result else { panic!("{result:?}") };
        errors.into_iter().map(|error| error.pointer).collect()
    }

    #[tokio::test]
    async fn title_of_the_target_goes_with_the_target_and_an_own_one_stays() {
        for (patch, title, is_read) in [
            (json!({"tags": ["a"]}), Some("Read"), true),
            (json!({"url": "https://example.com/", "title": "Read"}), Some("Read"), true),
            (json!({"url": "https://example.com/other"}), None, false),
            (json!({"url": "https://example.com/other", "title": "Read"}), None, false),
            (json!({"url": "https://example.com/other", "title": "Own"}), Some("Own"), false),
            (json!({"title": "Own"}), Some("Own"), false),
            (json!({"title": null}), None, false),
        ] {
            let links = MemoryLinks::default();
            let mut read = link("acme", "docs", "https://example.com/");
            (read.title, read.settings.title_is_read) = (Some("Read".to_owned()), true);
            links.insert(&read).await.unwrap();
            let changed = change(&links, patch.clone()).await.unwrap();
            assert_eq!((changed.title.as_deref(), changed.settings.title_is_read), (title, is_read), "{patch}");
        }
    }

    #[tokio::test]
    async fn checks_of_the_target_go_with_the_target_and_nothing_else() {
        for (patch, is_kept) in [
            (json!({"tags": ["a"]}), true),
            (json!({"url": "https://EXAMPLE.com"}), true),
            (json!({"slug": "moved"}), true),
            (json!({"title": "T"}), true),
            (json!({"url": "https://example.com/other"}), false),
            (json!({"url": "https://example.com/other", "slug": "moved"}), false),
        ] {
            let links = MemoryLinks::default();
            let mut checked = link("acme", "docs", "https://example.com/");
            checked.target_check = Some(crate::testing::samples::broken_check("2026-01-02T03:04:05Z"));
            links.insert(&checked).await.unwrap();
            let changed = change(&links, patch.clone()).await.unwrap();
            assert_eq!(changed.target_check, checked.target_check.filter(|_| is_kept), "{patch}");
            assert_eq!(links.all(), [changed], "{patch}");
        }
    }

    #[tokio::test]
    async fn patch_sets_and_removes_only_the_named_fields() {
        let links = links().await;
        let patch = json!({"title": "Docs", "tags": ["a"], "max_clicks": 5, "redirect_status": 301, "archived": true});
        let changed = change(&links, patch).await.unwrap();
        assert_eq!(
            (changed.revision, changed.updated_at.unwrap().to_string().as_str()),
            (1, "2026-01-02T03:04:05.000Z")
        );
        let patch = json!({"title": null, "redirect_status": null, "archived": null, "url": "https://example.com/2"});
        let changed = change(&links, patch).await.unwrap();
        assert_eq!(links.all(), vec![changed.clone()]);
        assert_eq!((changed.title, changed.tags, changed.revision), (None, vec!["a".to_owned()], 2));
        assert_eq!((changed.settings.max_clicks, changed.settings.archived), (Some(5), false));
        assert_eq!((u16::from(changed.settings.redirect_status), changed.url.as_str()), (302, "https://example.com/2"));
    }

    #[tokio::test]
    async fn link_on_a_domain_that_is_no_longer_served_can_be_changed() {
        let world = LinkWorld { domains: Domains::parse("s.example.org").unwrap(), ..LinkWorld::default() };
        let seen = link("acme", "docs", "https://example.com/");
        world.links.insert(&seen).await.unwrap();
        let (ports, editor) = (world.ports(), caller("acme", Role::Editor));
        let change =
            async |patch: Value| change_link(&ports, &editor, &seen.address, &Precondition::None, &patch, &show).await;
        for patch in [json!({"archived": true}), json!({"archived": false, "domain": "go.example.com"})] {
            assert_eq!(change(patch).await.unwrap().address, seen.address);
        }
        assert_eq!(change(json!({"domain": "s.example.org"})).await.unwrap().address, at("s.example.org", "docs"));
    }

    #[tokio::test]
    async fn only_a_new_target_or_address_is_remembered() {
        let links = links().await;
        let remembered = async |link: &Link| {
            LinkTargets::find(&links, &link.workspace, &link.address.domain, &link.url).await.unwrap()
        };
        let titled = change(&links, json!({"title": "x"})).await.unwrap();
        assert_eq!(remembered(&titled).await, None);
        let turned = change(&links, json!({"url": "https://example.com/2"})).await.unwrap();
        assert_eq!(remembered(&turned).await, Some(turned.address.clone()));
        let moved = change(&links, json!({"slug": "moved"})).await.unwrap();
        assert_eq!(remembered(&moved).await, Some(moved.address.clone()));
    }

    #[tokio::test]
    async fn password_is_set_kept_and_removed() {
        let links = links().await;
        let hash = change(&links, json!({"password": "secret"})).await.unwrap().settings.password_hash;
        assert!(Password::new("secret").matches(hash.as_deref().unwrap()));
        assert_eq!(change(&links, json!({"title": "x"})).await.unwrap().settings.password_hash, hash);
        assert_eq!(change(&links, json!({"password": null})).await.unwrap().settings.password_hash, None);
    }

    #[tokio::test]
    async fn error_names_invalid_fields() {
        let links = links().await;
        let patch = json!({"slug": "a b", "domain": null, "if_exists": "return", "expired_url": "file:///x"});
        assert_eq!(pointers(change(&links, patch).await), ["/expired_url", "/slug", "/domain", "/if_exists"]);
        assert_eq!(
            pointers(change(&links, json!({"slug": null, "domain": "elsewhere.example"})).await),
            ["/slug", "/domain"]
        );
        assert_eq!(pointers(change(&links, json!({"url": null})).await), ["/url"]);
        assert_eq!(pointers(change(&links, json!({"used_clicks": 1, "color": 0})).await), ["/color"]);
        assert_eq!(pointers(change(&links, json!({"used_clicks": 1})).await), ["/used_clicks"]);
        assert_eq!(pointers(change(&links, json!({"tags": {"a": 1}})).await), ["/tags"]);
        for patch in [json!([]), json!(null), json!("x")] {
            assert_eq!(pointers(change(&links, patch).await), [""]);
        }
        change(&links, json!({"starts_at": "2026-01-02T00:00:00Z"})).await.unwrap();
        let too_early = change(&links, json!({"expires_at": "2026-01-01T00:00:00Z"})).await;
        assert_eq!(pointers(too_early), ["/expires_at"]);
    }

    fn at(domain: &str, slug: &str) -> LinkAddress {
        LinkAddress { domain: Domain::parse(domain).unwrap(), slug: Slug::parse(slug).unwrap() }
    }

    #[tokio::test]
    async fn move_keeps_everything_but_the_address() {
        let links = MemoryLinks::default();
        let mut seen = link_with_id("acme", "docs", "https://example.com/", "1");
        seen.title = Some("Docs".into());
        seen.settings.password_hash = Some("hash".into());
        (seen.settings.max_clicks, seen.settings.used_clicks) = (Some(9), 4);
        links.insert(&seen).await.unwrap();
        let moved = change(&links, json!({"slug": "moved", "domain": "s.example.org"})).await.unwrap();
        let expected =
            Link { address: at("s.example.org", "moved"), revision: 1, updated_at: moved.updated_at, ..seen.clone() };
        let expected = Link { changed_by: Some("key_test".to_owned()), ..expected };
        assert_eq!((links.all(), &moved), (vec![expected.clone()], &expected));
        assert_eq!(links.get(&seen.address).await.unwrap(), None);
        assert!(!links.insert(&link("other", "docs", "https://a.example/")).await.unwrap(), "the address is reserved");
        assert!(links.insert(&link("acme", "docs", "https://a.example/")).await.unwrap());
        let moves = links.addresses(&seen.workspace, &[seen.id()]).await.unwrap();
        assert_eq!(moves, [Some(moved.address)]);
    }

    #[tokio::test]
    async fn alias_leads_to_the_link_wherever_it_moves() {
        let links = links().await;
        let first = links.all()[0].clone();
        change(&links, json!({"slug": "second", "keep_alias": true})).await.unwrap();
        let moved = change(&links, json!({"slug": "third", "keep_alias": true, "title": "x"})).await.unwrap();
        assert_eq!((moved.id(), moved.counted_at()), (first.id(), Some(&first.address)), "a link from before the ids");
        for slug in ["docs", "second", "third"] {
            assert_eq!(links.get(&at("go.example.com", slug)).await.unwrap().as_ref(), Some(&moved), "{slug}");
        }
        let again = change(&links, json!({"slug": "third", "keep_alias": true})).await.unwrap();
        assert_eq!(again.revision, moved.revision, "a repeated move changes nothing");
        let back = change(&links, json!({"slug": "docs", "keep_alias": false})).await.unwrap();
        assert_eq!((back.address.slug.as_str(), back.aliases), ("docs", vec![at("go.example.com", "second")]));
        assert_eq!(links.get(&at("go.example.com", "third")).await.unwrap(), None);
    }

    #[tokio::test]
    async fn link_does_not_move_to_a_taken_address() {
        let links = links().await;
        links.insert(&link("other", "theirs", "https://a.example/")).await.unwrap();
        let gone = link("other", "gone", "https://a.example/");
        links.insert(&gone).await.unwrap();
        links.delete(&gone, gone.created_at).await.unwrap();
        let before = links.all();
        for slug in ["theirs", "gone"] {
            let result = change(&links, json!({"slug": slug})).await;
            assert!(matches!(&result, Err(Error::Conflict(detail)) if detail.contains(slug)), "{result:?}");
        }
        assert_eq!(links.all(), before);
    }

    #[tokio::test]
    async fn aliases_are_bounded() {
        let links = links().await;
        for n in 0..Link::MAX_ALIASES {
            change(&links, json!({"slug": format!("n{n}"), "keep_alias": true})).await.unwrap();
        }
        let one_more = json!({"slug": "more", "keep_alias": true});
        assert_eq!(pointers(change(&links, one_more).await), ["/keep_alias"]);
        assert!(change(&links, json!({"slug": "more"})).await.is_ok());
    }

    #[tokio::test]
    async fn patch_without_a_change_writes_nothing() {
        let links = links().await;
        for patch in [json!({}), json!({"slug": "docs", "url": "https://example.com"}), json!({"title": null})] {
            assert_eq!(change(&links, patch).await.unwrap().revision, 0);
        }
    }

    #[tokio::test]
    async fn what_a_read_gave_can_be_sent_back_with_a_change() {
        let links = links().await;
        let mut patch = show(&links.all()[0]);
        patch["title"] = json!("New");
        let changed = change(&links, patch.clone()).await.unwrap();
        assert_eq!((changed.title.as_deref(), changed.revision), (Some("New"), 1));
        assert_eq!(change(&links, show(&changed)).await.unwrap(), changed, "nothing to change");
        patch["created_at"] = json!("2020-01-01T00:00:00Z");
        assert_eq!(pointers(change(&links, patch).await), ["/created_at"]);
    }

    #[tokio::test]
    async fn outdated_precondition_prevents_the_change() {
        let links = links().await;
        let tag = links.all()[0].etag();
        change_with(&links, &links, Some(&tag), json!({"title": "1"})).await.unwrap();
        let late = change_with(&links, &links, Some(&tag), json!({"title": "2"})).await;
        assert!(matches!(late, Err(Error::Changed(_))));
        change_with(&links, &links, Some("*"), json!({"title": "3"})).await.unwrap();
        assert_eq!(links.all()[0].title.as_deref(), Some("3"));
    }

    /// A writer that makes another change just before each of the first writes, as a concurrent request would.
    struct ConcurrentWriter<'a>(&'a MemoryLinks, AtomicUsize);

    #[async_trait]
    impl LinkWriter for ConcurrentWriter<'_> {
        async fn insert(&self, link: &Link) -> Result<bool, StoreError> {
            self.0.insert(link).await
        }
        async fn replace(&self, seen: &Link, next: &Link) -> Result<bool, StoreError> {
            if self.1.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok() {
                let mut other = seen.clone();
                other.revision += 1;
                other.tags.push(other.revision.to_string());
                self.0.replace(seen, &other).await?;
            }
            self.0.replace(seen, next).await
        }
        async fn relocate(&self, seen: &Link, next: &Link, now: Timestamp) -> Result<Relocation, StoreError> {
            self.0.relocate(seen, next, now).await
        }
        async fn delete(&self, seen: &Link, now: Timestamp) -> Result<bool, StoreError> {
            self.0.delete(seen, now).await
        }
    }

    #[tokio::test]
    async fn concurrent_changes_are_kept() {
        let links = links().await;
        let writer = ConcurrentWriter(&links, AtomicUsize::new(3));
        let changed = change_with(&writer, &links, None, json!({"title": "mine"})).await.unwrap();
        assert_eq!((changed.title.as_deref(), changed.tags.len(), changed.revision), (Some("mine"), 3, 4));
        let writer = ConcurrentWriter(&links, AtomicUsize::new(1));
        let result = change_with(&writer, &links, Some(&changed.etag()), json!({"title": "again"})).await;
        assert!(matches!(result, Err(Error::Changed(_))));
        let writer = ConcurrentWriter(&links, AtomicUsize::new(usize::MAX));
        let result = change_with(&writer, &links, None, json!({"title": "never"})).await;
        assert!(matches!(result, Err(Error::Store(error)) if error.is_retryable()));
    }

    #[tokio::test]
    async fn replace_keeps_the_stored_clicks() {
        let links = links().await;
        let mut clicked = links.all()[0].clone();
        let seen = clicked.clone();
        clicked.settings.used_clicks = 9;
        links.forget(&seen.address);
        links.insert(&clicked).await.unwrap();
        let mut next = seen.clone();
        (next.title, next.revision) = (Some("x".into()), 1);
        assert!(links.replace(&seen, &next).await.unwrap());
        assert_eq!(links.all()[0].settings.used_clicks, 9);
    }

    proptest! {
        /// The document that patches are merged into holds everything about a link except its password.
        #[test]
        fn empty_patch_changes_nothing(clicks in prop::option::of(1_u64..1000), archived: bool, title in prop::option::of("[a-z]{1,9}")) {
            let mut seen = link("acme", "docs", "https://example.com/");
            (seen.title, seen.settings.max_clicks, seen.settings.archived) = (title, clicks, archived);
            seen.settings.password_hash = Some("hash".into());
            let domains = Domains::parse("go.example.com").unwrap();
            let (links, clock, random) = (MemoryLinks::default(), FixedClock::at(""), SeededRandom::new(1));
            let ports = LinkPorts { reader: &links, writer: &links, targets: &links, clock: &clock, random: &random, domains: &domains, domain_settings: &MemoryDomains::default(), lookups: None };
            prop_assert_eq!(apply(&ports, &caller("acme", Role::Editor), &seen, &Map::new(), &show(&seen), &mut None).unwrap(), seen);
        }
    }
}
