//! Follows a short link: turns a visitor's request into the answer and the click to count.

use std::net::IpAddr;
use std::sync::Arc;

use super::check_target::check_target;
use super::choose_target::{Choice, choose_target};
use super::collection_share::{CollectionAnswer, CollectionAsk, CollectionShares, CollectionVisit, Listing};
use super::details::{LinkDetails, path_before_plus};
use super::file_share::{FileAnswer, FileAsk, FileShares, FileVisit, ServedFile};
use super::find_link::LinkFinder;
use super::forward_path::forward_path;
use super::forward_query::forward_query;
use super::further_page::FurtherPage;
use super::ports::{ClickLimit, PasswordAttempts};
use super::record_click::{PendingClick, record_click};
use super::tidy_path::exact_slug;
use super::verify_password::{PasswordCheck, verify_password};
use super::visit::Visit;
use crate::domains::ports::DomainReader;
use crate::files::collections::id::CollectionId;
use crate::files::collections::target::collection_of;
use crate::files::id::FileId;
use crate::files::target::file_of;
use crate::links::address::LinkAddress;
use crate::links::link::Link;
use crate::links::ports::LinkReader;
use crate::links::preview::LinkPreview;
use crate::links::settings::{LinkSettings, RedirectStatus};
use crate::ports::{Clock, Random};
use crate::values::domains::Domains;
use crate::values::error::StoreError;
use crate::values::slug::Slug;
use crate::values::target::TargetUrl;
use crate::values::target_error::TargetError;
use crate::values::timestamp::Timestamp;
use crate::visitors::client::VisitorKind;

/// The ports of [`follow_link`], and the stack's domains.
pub struct FollowLinkPorts {
    /// Reads the links.
    pub links: Arc<dyn LinkReader>,
    /// Tells what slugs can be on the domains, through a cache.
    pub domain_settings: Arc<dyn DomainReader>,
    /// Counts the clicks of links with a click limit.
    pub limit: Arc<dyn ClickLimit>,
    /// Counts the attempts at passwords.
    pub attempts: Arc<dyn PasswordAttempts>,
    /// Reads and signs the files that links lead to.
    pub files: FileShares,
    /// Reads and signs the collections that links lead to.
    pub collections: CollectionShares,
    /// The stack's own domains.
    pub domains: Domains,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Makes click ids.
    pub random: Arc<dyn Random>,
}

/// What the request asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Intent<'a> {
    /// Where the link leads (HEAD: link checkers and previews). It counts no click and uses none up.
    Look,
    /// A redirect (GET).
    Follow,
    /// A redirect (POST): with the password of a form if the link has one, else with this method and body.
    Post {
        /// The password in the body. `None` if the body is too large to be read as a form.
        password: Option<&'a [u8]>,
    },
    /// A redirect with this method and body (PUT, PATCH, DELETE).
    Keep,
    /// Where a request with this method leads (OPTIONS). It counts no click and uses none up.
    LookAndKeep,
    /// Something that no link can do (any other method).
    Unknown,
}

/// The methods that a link answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Methods {
    /// GET and HEAD: the redirect may change the method.
    Follow,
    /// GET and HEAD, and POST of a form: of the password, or of the page of a file.
    FollowOrSubmit,
    /// All: the redirect keeps method and body.
    All,
}

/// The answer to a visitor.
#[derive(Debug)]
pub enum Outcome {
    /// A redirect to the target, or a page that leads there if the target does not fit into a header.
    Redirect(Box<Redirect>),
    /// What the link leads to, if that is a file.
    File(Box<ServedFile>),
    /// The files that the link leads to, if that is a collection.
    Collection(Box<Listing>),
    /// Where the link leads, for a visitor who asks before going there. No click.
    Details(Box<LinkDetails>),
    /// The link has expired or is used up, its file is no longer there, or its target is broken and its workspace wants that. It may have
    /// a URL for this case.
    Gone(Option<TargetUrl>),
    /// The link has expired or is used up, and the visitor asks where it leads.
    NoDetails,
    /// The link does not exist, is not visible now, or has an unsafe target.
    NotFound,
    /// The link's target is blocked. Visitors never learn it.
    Blocked,
    /// The link needs a password.
    Locked(Locked),
    /// The link does not take this method, but these.
    MethodNotAllowed(Methods),
}

/// A redirect of a visitor.
#[derive(Debug)]
pub struct Redirect {
    /// The target, checked.
    pub url: TargetUrl,
    /// The link's status.
    pub status: RedirectStatus,
    /// Whether the visitor gave the link's password. Then the target must get neither the method nor the body.
    pub is_unlocked: bool,
    /// What to show of the link instead of redirecting, if the visitor is a program that fetches previews.
    pub preview: Option<LinkPreview>,
    /// The click, if the visit counts as one.
    pub click: Option<PendingClick>,
}

/// Why a visitor is asked for a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Locked {
    /// The visitor gave no password.
    Asked,
    /// The password is wrong.
    Wrong,
    /// There were too many attempts.
    TooMany {
        /// When the next attempt is allowed, in seconds.
        retry_after_seconds: u32,
    },
}

/// Answers `visit`.
///
/// # Errors
/// Those of the stores that the answer depends on.
pub async fn follow_link(ports: &FollowLinkPorts, visit: &Visit, intent: Intent<'_>) -> Result<Outcome, StoreError> {
    let now = ports.clock.now();
    if matches!(intent, Intent::Look | Intent::Follow)
        && let Some(slug) = path_before_plus(&visit.path).and_then(exact_slug)
        && let Some(outcome) = ports.details(visit, slug, now).await?
    {
        return Ok(outcome);
    }
    let Some((link, rest)) = ports.find(visit).await?.filter(|(link, _)| is_visible(link, now)) else {
        let reads = matches!(intent, Intent::Look | Intent::Follow);
        return Ok(if reads { Outcome::NotFound } else { Outcome::MethodNotAllowed(Methods::Follow) });
    };
    let settings = &link.settings;
    let methods = methods(settings);
    if !takes(methods, intent) {
        return Ok(Outcome::MethodNotAllowed(methods));
    }
    if let Some(outcome) = ports.further_page(&link, visit, intent, now).await? {
        return Ok(outcome);
    }
    if has_ended(settings, now) {
        return Ok(ports.gone(&link, visit));
    }
    if link.instead_of_broken().is_some()
        && let Outcome::Gone(Some(url)) = ports.gone(&link, visit)
    {
        return Ok(Outcome::Gone(Some(url)));
    }
    if let Some(locked) = ports.check_password(&link, intent, (visit.address, now)).await? {
        return Ok(Outcome::Locked(locked));
    }
    let choice = choose_target(&link, visit, now);
    let url = match ports.target(&link, &choice, (visit, rest)) {
        Ok(url) => url,
        Err(unsafe_target) => return Ok(refusal(unsafe_target)),
    };
    if let Some(id) = file_of(choice.url) {
        return ports.file((&link, id, url), (visit, &choice), intent, now).await;
    }
    if let Some(id) = collection_of(choice.url) {
        return ports.collection((&link, id, url), (visit, &choice), intent, now).await;
    }
    let is_locked = settings.password_hash.is_some();
    if methods == Methods::FollowOrSubmit && !is_locked && matches!(intent, Intent::Post { .. }) {
        return Ok(Outcome::MethodNotAllowed(Methods::Follow));
    }
    // A page leads there, and no page can make a browser repeat a method and its body.
    let reads = matches!(intent, Intent::Look | Intent::Follow);
    if !url.fits_header() && methods == Methods::All && !reads {
        return Ok(Outcome::MethodNotAllowed(Methods::Follow));
    }
    let (status, is_unlocked) = (settings.redirect_status, is_locked);
    let is_safe = |image: &TargetUrl| ports.check_target(&link, image.as_str(), visit).is_ok();
    let shows = |preview: &&LinkPreview| {
        !is_unlocked && reads && visit.client().fetches_previews() && preview.image.as_ref().is_none_or(is_safe)
    };
    let preview = settings.preview.as_ref().filter(shows).cloned();
    if matches!(intent, Intent::Look | Intent::LookAndKeep) || visit.prefetch {
        return Ok(Outcome::Redirect(Box::new(Redirect { url, status, is_unlocked, preview, click: None })));
    }
    // Programs are counted as such, and leave the clicks of a limited link to people.
    let uses_click = settings.max_clicks.is_some() && visit.client().kind() != VisitorKind::Program;
    if uses_click && !ports.limit.use_click(&link.address).await? {
        return Ok(ports.gone(&link, visit));
    }
    let click = Some(record_click(visit, &link, &choice, now, ports.random.as_ref()));
    Ok(Outcome::Redirect(Box::new(Redirect { url, status, is_unlocked, preview, click })))
}

impl FollowLinkPorts {
    /// Finds the link that the visit's path names, and what follows the slug if the link forwards that.
    async fn find<'v>(&self, visit: &'v Visit) -> Result<Option<(Link, Option<&'v str>)>, StoreError> {
        match self.finder(visit) {
            Some(finder) => finder.find(&visit.path).await,
            None => Ok(None),
        }
    }

    /// Returns what finds the links of the visit's domain. `None` if the host is not served.
    fn finder(&self, visit: &Visit) -> Option<LinkFinder<'_>> {
        let domain = self.domains.for_host(visit.host.as_deref())?;
        Some(LinkFinder { links: self.links.as_ref(), settings: self.domain_settings.as_ref(), domain })
    }

    /// Finds the link with this slug on the visit's domain if visitors may see it at `now`, also one that has ended or is blocked.
    ///
    /// # Errors
    /// Those of the stores.
    pub async fn visible_link(&self, visit: &Visit, slug: Slug, now: Timestamp) -> Result<Option<Link>, StoreError> {
        let Some(finder) = self.finder(visit) else { return Ok(None) };
        Ok(finder.find_exact(slug).await?.filter(|link| is_visible(link, now)))
    }

    /// Tells where the link with this slug leads. A link that visitors cannot follow now tells nothing. `None` if there is no link, and the
    /// path may be one with a rest instead.
    async fn details(&self, visit: &Visit, slug: Slug, now: Timestamp) -> Result<Option<Outcome>, StoreError> {
        let Some(finder) = self.finder(visit) else { return Ok(Some(Outcome::NotFound)) };
        let link = finder.find_exact(slug.clone()).await?;
        if link.is_none() && slug.has_slash() {
            return Ok(None);
        }
        let Some(link) = link.filter(|link| is_visible(link, now)) else { return Ok(Some(Outcome::NotFound)) };
        if has_ended(&link.settings, now) {
            return Ok(Some(Outcome::NoDetails));
        }
        let choice = choose_target(&link, visit, now);
        let target = link.instead_of_broken().unwrap_or(choice.url);
        Ok(Some(match self.check_target(&link, target.as_str(), visit) {
            Ok(url) if collection_of(&url).is_some() && link.settings.password_hash.is_none() => {
                self.collection_details(&link, slug, url, now).await?
            }
            Ok(url) => match file_of(&url).filter(|_| link.settings.password_hash.is_none()) {
                None => Outcome::Details(Box::new(LinkDetails::of(&link, slug, url))),
                Some(id) => match self.files.facts(&link, id, now).await? {
                    FileAnswer::Details(file) => {
                        Outcome::Details(Box::new(LinkDetails::of(&link, slug, url).with_file(file)))
                    }
                    FileAnswer::Served(served) => Outcome::File(Box::new(served)),
                    FileAnswer::Gone => Outcome::NoDetails,
                },
            },
            Err(unsafe_target) => refusal(unsafe_target),
        }))
    }

    /// Answers a visit to an open link whose target `url` is the file `id`.
    async fn file(
        &self,
        (link, id, url): (&Link, FileId, TargetUrl),
        (visit, choice): (&Visit, &Choice<'_>),
        intent: Intent<'_>,
        now: Timestamp,
    ) -> Result<Outcome, StoreError> {
        let asks = match intent {
            Intent::Look => FileAsk::Look,
            Intent::Follow => FileAsk::Get,
            Intent::Post { .. } if link.settings.password_hash.is_some() => FileAsk::Unlock,
            Intent::Post { .. } if link.settings.landing => FileAsk::Take,
            // The bucket takes a file's GET and HEAD only.
            Intent::Post { .. } | Intent::Keep | Intent::LookAndKeep | Intent::Unknown => {
                let methods = if link.settings.landing { Methods::FollowOrSubmit } else { Methods::Follow };
                return Ok(Outcome::MethodNotAllowed(methods));
            }
        };
        let ask = FileVisit { link, visit, choice, asks, now };
        Ok(match self.files.answer(ask, id, (self.limit.as_ref(), self.random.as_ref())).await? {
            FileAnswer::Served(ServedFile::Card(mut card)) => {
                // Other code may have written the link, and the list of blocked targets is newer.
                let is_safe = |image: &TargetUrl| self.check_target(link, image.as_str(), visit).is_ok();
                card.preview.image = card.preview.image.filter(is_safe);
                Outcome::File(Box::new(ServedFile::Card(card)))
            }
            FileAnswer::Served(served) => Outcome::File(Box::new(served)),
            FileAnswer::Gone => self.gone(link, visit),
            FileAnswer::Details(file) => {
                let details = LinkDetails::of(link, link.address.slug.clone(), url);
                Outcome::Details(Box::new(details.with_file(file)))
            }
        })
    }

    /// Tells where a link to a collection leads.
    async fn collection_details(
        &self,
        link: &Link,
        slug: Slug,
        url: TargetUrl,
        now: Timestamp,
    ) -> Result<Outcome, StoreError> {
        let Some(id) = collection_of(&url) else { return Ok(Outcome::NoDetails) };
        Ok(match self.collections.facts(link, id, now).await? {
            CollectionAnswer::Details(collection) => {
                Outcome::Details(Box::new(LinkDetails::of(link, slug, url).with_collection(collection)))
            }
            CollectionAnswer::Listing(_) | CollectionAnswer::Gone => Outcome::NoDetails,
        })
    }

    /// Answers a visit to an open link whose target `url` is the collection `id`.
    async fn collection(
        &self,
        (link, id, url): (&Link, CollectionId, TargetUrl),
        (visit, choice): (&Visit, &Choice<'_>),
        intent: Intent<'_>,
        now: Timestamp,
    ) -> Result<Outcome, StoreError> {
        let asks = match intent {
            Intent::Look => CollectionAsk::Look,
            Intent::Follow => CollectionAsk::Get,
            Intent::Post { .. } if link.settings.password_hash.is_some() => CollectionAsk::Unlock,
            Intent::Post { .. } | Intent::Keep | Intent::LookAndKeep | Intent::Unknown => {
                return Ok(Outcome::MethodNotAllowed(Methods::Follow));
            }
        };
        let ask = CollectionVisit { link, visit, choice, asks, now };
        Ok(match self.collections.answer(ask, id, (self.limit.as_ref(), self.random.as_ref())).await? {
            CollectionAnswer::Listing(listing) => Outcome::Collection(listing),
            CollectionAnswer::Gone => self.gone(link, visit),
            CollectionAnswer::Details(collection) => {
                let details = LinkDetails::of(link, link.address.slug.clone(), url);
                Outcome::Details(Box::new(details.with_collection(collection)))
            }
        })
    }

    /// Answers a visit to a further page of a collection, whose first page the visitor has seen: the password was given, and the click used up, there.
    /// `None` if the visit is none.
    async fn further_page(
        &self,
        link: &Link,
        visit: &Visit,
        intent: Intent<'_>,
        now: Timestamp,
    ) -> Result<Option<Outcome>, StoreError> {
        let has_expired = link.settings.expires_at.is_some_and(|end| end <= now);
        if intent != Intent::Follow || has_expired {
            return Ok(None);
        }
        let Some(asked) = FurtherPage::of(visit) else { return Ok(None) };
        let listing = self.collections.further(link, asked, now).await?;
        Ok(listing.map(|listing| Outcome::Collection(Box::new(listing))))
    }

    /// Checks the password of a locked link. Returns `None` if the visitor may go on.
    async fn check_password(
        &self,
        link: &Link,
        intent: Intent<'_>,
        (address, now): (Option<IpAddr>, Timestamp),
    ) -> Result<Option<Locked>, StoreError> {
        let Some(hash) = &link.settings.password_hash else { return Ok(None) };
        let Intent::Post { password: Some(password) } = intent else { return Ok(Some(Locked::Asked)) };
        let LinkAddress { domain, slug } = &link.address;
        let check = verify_password(self.attempts.as_ref(), (&link.address, hash), password, address, now).await?;
        Ok(match check {
            PasswordCheck::Right => None,
            PasswordCheck::Wrong => {
                tracing::warn!(event = "unlock.failed", workspace = %link.workspace, %domain, %slug);
                Some(Locked::Wrong)
            }
            PasswordCheck::TooMany { retry_after_seconds } => {
                tracing::warn!(event = "unlock.refused", workspace = %link.workspace, %domain, %slug);
                Some(Locked::TooMany { retry_after_seconds })
            }
        })
    }

    /// Returns the target of `choice` with what the link forwards: the visit's parameters, and the `rest` of its path. Fails if it is
    /// unsafe.
    fn target(
        &self,
        link: &Link,
        choice: &Choice<'_>,
        (visit, rest): (&Visit, Option<&str>),
    ) -> Result<TargetUrl, TargetError> {
        let settings = &link.settings;
        if choice.url.is_own_file() {
            // A file takes neither a path nor parameters.
            return self.check_target(link, choice.url.as_str(), visit);
        }
        let longer = match rest {
            Some(rest) => Some(self.check_target(link, &forward_path(choice.url, rest), visit)?),
            None => None,
        };
        let url = longer.as_ref().unwrap_or(choice.url);
        if settings.forward_query {
            return self.check_target(link, &forward_query(url, &visit.query, settings.query_conflict), visit);
        }
        match longer {
            Some(url) => Ok(url),
            None => self.check_target(link, choice.url.as_str(), visit),
        }
    }

    fn gone(&self, link: &Link, visit: &Visit) -> Outcome {
        let expired_url = link.settings.expired_url.as_ref();
        Outcome::Gone(expired_url.and_then(|url| self.check_target(link, url.as_str(), visit).ok()))
    }

    /// Checks a stored target again before it is sent, since other code may have written it.
    fn check_target(&self, link: &Link, url: &str, visit: &Visit) -> Result<TargetUrl, TargetError> {
        let LinkAddress { domain, slug } = &link.address;
        let checked = check_target(url, &self.domains, visit.host.as_deref());
        checked.inspect_err(|error| match error {
            TargetError::Blocked(reason) => tracing::warn!(event = "redirect.blocked_target", %domain, %slug, %reason),
            error => tracing::error!(event = "redirect.unsafe_target", %domain, %slug, %error),
        })
    }
}

/// Returns the answer of a link whose target must not be sent.
fn refusal(unsafe_target: TargetError) -> Outcome {
    match unsafe_target {
        TargetError::Blocked(_) => Outcome::Blocked,
        _ => Outcome::NotFound,
    }
}

/// Returns the methods that a link with these settings answers.
fn methods(settings: &LinkSettings) -> Methods {
    match settings.redirect_status {
        _ if settings.password_hash.is_some() => Methods::FollowOrSubmit,
        RedirectStatus::TemporaryRedirect | RedirectStatus::PermanentRedirect => Methods::All,
        // The page of a file has a form. Whether the target is a file is known later.
        RedirectStatus::MovedPermanently | RedirectStatus::Found if settings.landing => Methods::FollowOrSubmit,
        RedirectStatus::MovedPermanently | RedirectStatus::Found => Methods::Follow,
    }
}

fn takes(methods: Methods, intent: Intent<'_>) -> bool {
    match intent {
        Intent::Look | Intent::Follow => true,
        Intent::Post { .. } => methods != Methods::Follow,
        Intent::Keep | Intent::LookAndKeep => methods == Methods::All,
        Intent::Unknown => false,
    }
}

/// Tells whether the link has expired or is used up.
fn has_ended(settings: &LinkSettings, now: Timestamp) -> bool {
    settings.expires_at.is_some_and(|end| end <= now)
        || settings.max_clicks.is_some_and(|max| max <= settings.used_clicks)
}

/// Tells whether visitors may see the link.
fn is_visible(link: &Link, now: Timestamp) -> bool {
    !link.settings.archived && link.settings.starts_at.is_none_or(|start| start <= now)
}

#[cfg(test)]
mod collection_tests;
#[cfg(test)]
mod tests;
