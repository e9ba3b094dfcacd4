//! Follows a short link: turns a visitor's request into the answer and the click to count.

use std::sync::Arc;

use percent_encoding::percent_decode_str;

use super::choose_target::{Choice, choose_target};
use super::forward_query::forward_query;
use super::ports::{ClickLimit, PasswordAttempts};
use super::record_click::{PendingClick, record_click};
use super::verify_password::{PasswordCheck, verify_password};
use super::visit::Visit;
use crate::links::link::{Link, LinkId};
use crate::links::ports::LinkReader;
use crate::links::settings::{LinkSettings, RedirectStatus};
use crate::ports::{Clock, Random};
use crate::values::domains::Domains;
use crate::values::error::StoreError;
use crate::values::slug::Slug;
use crate::values::target::TargetUrl;
use crate::values::timestamp::Timestamp;

/// The ports of [`follow_link`], and the stack's domains.
pub struct FollowLinkPorts {
    /// Reads the links.
    pub links: Arc<dyn LinkReader>,
    /// Counts the clicks of links with a click limit.
    pub limit: Arc<dyn ClickLimit>,
    /// Counts the attempts at passwords.
    pub attempts: Arc<dyn PasswordAttempts>,
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
    /// GET and HEAD, and POST of the password.
    FollowOrUnlock,
    /// All: the redirect keeps method and body.
    All,
}

/// The answer to a visitor.
#[derive(Debug)]
pub enum Outcome {
    /// A redirect to the target.
    Redirect(Box<Redirect>),
    /// The link has expired or is used up. It may have a URL for this case.
    Gone(Option<TargetUrl>),
    /// The link does not exist, is not visible now, or has an unsafe target.
    NotFound,
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
    let Some(link) = ports.find(visit).await?.filter(|link| is_visible(link, now)) else {
        let reads = matches!(intent, Intent::Look | Intent::Follow);
        return Ok(if reads { Outcome::NotFound } else { Outcome::MethodNotAllowed(Methods::Follow) });
    };
    let settings = &link.settings;
    let methods = methods(settings);
    if !takes(methods, intent) {
        return Ok(Outcome::MethodNotAllowed(methods));
    }
    if settings.expires_at.is_some_and(|end| end <= now)
        || settings.max_clicks.is_some_and(|max| max <= settings.used_clicks)
    {
        return Ok(ports.gone(&link));
    }
    if let Some(locked) = ports.check_password(&link, intent, now).await? {
        return Ok(Outcome::Locked(locked));
    }
    let choice = choose_target(&link, visit, now);
    let Some(url) = ports.target(&link, &choice, visit) else { return Ok(Outcome::NotFound) };
    let (status, is_unlocked) = (settings.redirect_status, settings.password_hash.is_some());
    if matches!(intent, Intent::Look | Intent::LookAndKeep) {
        return Ok(Outcome::Redirect(Box::new(Redirect { url, status, is_unlocked, click: None })));
    }
    if settings.max_clicks.is_some() && !ports.limit.use_click(&link.id).await? {
        return Ok(ports.gone(&link));
    }
    let click = record_click(visit, &link, &choice, now, ports.random.as_ref());
    Ok(Outcome::Redirect(Box::new(Redirect { url, status, is_unlocked, click: Some(click) })))
}

impl FollowLinkPorts {
    async fn find(&self, visit: &Visit) -> Result<Option<Link>, StoreError> {
        let Some(slug) = slug_in(&visit.path) else { return Ok(None) };
        let domain = self.domains.for_host(visit.host.as_deref()).clone();
        self.links.get(&LinkId { domain, slug }).await
    }

    /// Checks the password of a locked link. Returns `None` if the visitor may go on.
    async fn check_password(
        &self,
        link: &Link,
        intent: Intent<'_>,
        now: Timestamp,
    ) -> Result<Option<Locked>, StoreError> {
        let Some(hash) = &link.settings.password_hash else { return Ok(None) };
        let Intent::Post { password: Some(password) } = intent else { return Ok(Some(Locked::Asked)) };
        let check = verify_password(self.attempts.as_ref(), &link.id, hash, password, now).await?;
        Ok(match check {
            PasswordCheck::Right => None,
            PasswordCheck::Wrong => Some(Locked::Wrong),
            PasswordCheck::TooMany { retry_after_seconds } => Some(Locked::TooMany { retry_after_seconds }),
        })
    }

    /// Returns the target of `choice`, with the visit's parameters if the link forwards them, or `None` if it is unsafe.
    fn target(&self, link: &Link, choice: &Choice<'_>, visit: &Visit) -> Option<TargetUrl> {
        if link.settings.forward_query {
            self.check_target(link, &forward_query(choice.url, &visit.query))
        } else {
            self.check_target(link, choice.url.as_str())
        }
    }

    fn gone(&self, link: &Link) -> Outcome {
        let expired_url = link.settings.expired_url.as_ref();
        Outcome::Gone(expired_url.and_then(|url| self.check_target(link, url.as_str())))
    }

    /// Checks a stored target again before it is sent, since other code may have written it.
    fn check_target(&self, link: &Link, url: &str) -> Option<TargetUrl> {
        let LinkId { domain, slug } = &link.id;
        TargetUrl::parse(url, &self.domains)
            .inspect_err(|error| tracing::error!(event = "redirect.unsafe_target", %domain, %slug, %error))
            .ok()
    }
}

/// Returns the methods that a link with these settings answers.
fn methods(settings: &LinkSettings) -> Methods {
    match settings.redirect_status {
        _ if settings.password_hash.is_some() => Methods::FollowOrUnlock,
        RedirectStatus::TemporaryRedirect | RedirectStatus::PermanentRedirect => Methods::All,
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

/// Tells whether visitors may see the link.
fn is_visible(link: &Link, now: Timestamp) -> bool {
    !link.settings.archived && link.settings.starts_at.is_none_or(|start| start <= now)
}

/// Reads the slug in a path of one segment. Decodes it once: some gateways have decoded it before, some have not.
fn slug_in(path: &str) -> Option<Slug> {
    let segment = path.strip_prefix('/')?;
    if segment.len() > 3 * Slug::MAX_LEN {
        return None;
    }
    let text = percent_decode_str(segment).decode_utf8().ok()?;
    Slug::parse(text).ok()
}

#[cfg(test)]
mod tests;
