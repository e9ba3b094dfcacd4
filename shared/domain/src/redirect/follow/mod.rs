//! Follows a short link: from a visitor's request to what is answered, and the click that is to be counted.

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
use crate::links::settings::RedirectStatus;
use crate::ports::{Clock, Random};
use crate::values::domains::Domains;
use crate::values::error::StoreError;
use crate::values::slug::Slug;
use crate::values::target::TargetUrl;
use crate::values::timestamp::Timestamp;

/// What following a link needs.
pub struct FollowLink {
    /// The links.
    pub links: Arc<dyn LinkReader>,
    /// Counts the clicks of limited links.
    pub limit: Arc<dyn ClickLimit>,
    /// Counts the passwords that are tried.
    pub attempts: Arc<dyn PasswordAttempts>,
    /// The stack's own domains.
    pub domains: Domains,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// What click ids are made of.
    pub random: Arc<dyn Random>,
}

/// What a visitor wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Intent<'a> {
    /// To see where the link leads (HEAD: link checkers and previews). It is no click and uses up none.
    Look,
    /// To be led there (GET).
    Follow,
    /// To be led there with this password (POST).
    GivePassword(&'a [u8]),
}

/// What a visitor is answered.
#[derive(Debug)]
pub enum Outcome {
    /// To be led to the target.
    Redirect(Box<Redirect>),
    /// There was a link, which has expired or is used up; instead of it there may be somewhere else to go.
    Gone(Option<TargetUrl>),
    /// There is no such link, or none that is to be seen now, or none that is safe to follow.
    NotFound,
    /// The link wants a password.
    Locked(Locked),
    /// A password was sent where none is wanted.
    NotLocked,
}

/// Where a visitor is led.
#[derive(Debug)]
pub struct Redirect {
    /// The target, checked.
    pub url: TargetUrl,
    /// The link's status.
    pub status: RedirectStatus,
    /// The click, if it was one.
    pub click: Option<PendingClick>,
}

/// Why a visitor is asked for a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Locked {
    /// None was given.
    Asked,
    /// The one that was given is wrong.
    Wrong,
    /// Too many were tried.
    TooMany {
        /// When the next may be tried, in seconds.
        retry_after_seconds: u32,
    },
}

impl FollowLink {
    /// What `visit` is answered.
    ///
    /// # Errors
    /// Where a store failed that alone can tell.
    pub async fn follow(&self, visit: &Visit, intent: Intent<'_>) -> Result<Outcome, StoreError> {
        let now = self.clock.now();
        let Some(link) = self.find(visit).await?.filter(|link| is_visible(link, now)) else {
            return Ok(if matches!(intent, Intent::GivePassword(_)) { Outcome::NotLocked } else { Outcome::NotFound });
        };
        let settings = &link.settings;
        if matches!(intent, Intent::GivePassword(_)) && settings.password_hash.is_none() {
            return Ok(Outcome::NotLocked);
        }
        if settings.expires_at.is_some_and(|end| end <= now)
            || settings.max_clicks.is_some_and(|max| max <= settings.used_clicks)
        {
            return Ok(self.gone(&link));
        }
        if let Some(locked) = self.locked(&link, intent, now).await? {
            return Ok(Outcome::Locked(locked));
        }
        let choice = choose_target(&link, visit, now);
        let Some(url) = self.target(&link, &choice, visit) else { return Ok(Outcome::NotFound) };
        let status = settings.redirect_status;
        if intent == Intent::Look {
            return Ok(Outcome::Redirect(Box::new(Redirect { url, status, click: None })));
        }
        if settings.max_clicks.is_some() && !self.limit.use_click(&link.id).await? {
            return Ok(self.gone(&link));
        }
        let click = record_click(visit, &link, &choice, now, self.random.as_ref());
        Ok(Outcome::Redirect(Box::new(Redirect { url, status, click: Some(click) })))
    }

    async fn find(&self, visit: &Visit) -> Result<Option<Link>, StoreError> {
        let Some(slug) = slug_in(&visit.path) else { return Ok(None) };
        let domain = self.domains.for_host(visit.host.as_deref()).clone();
        self.links.get(&LinkId { domain, slug }).await
    }

    /// Why the link stays locked, if it does.
    async fn locked(&self, link: &Link, intent: Intent<'_>, now: Timestamp) -> Result<Option<Locked>, StoreError> {
        let Some(hash) = &link.settings.password_hash else { return Ok(None) };
        let Intent::GivePassword(password) = intent else { return Ok(Some(Locked::Asked)) };
        let unlocked = verify_password(self.attempts.as_ref(), &link.id, hash, password, now).await?;
        Ok(match unlocked {
            PasswordCheck::Right => None,
            PasswordCheck::Wrong => Some(Locked::Wrong),
            PasswordCheck::TooMany { retry_after_seconds } => Some(Locked::TooMany { retry_after_seconds }),
        })
    }

    /// Where `choice` leads, with the visit's parameters if the link hands them on; nothing that is not safe.
    fn target(&self, link: &Link, choice: &Choice<'_>, visit: &Visit) -> Option<TargetUrl> {
        if link.settings.forward_query {
            self.checked(link, &forward_query(choice.url, &visit.query))
        } else {
            self.checked(link, choice.url.as_str())
        }
    }

    fn gone(&self, link: &Link) -> Outcome {
        let instead = link.settings.expired_url.as_ref();
        Outcome::Gone(instead.and_then(|url| self.checked(link, url.as_str())))
    }

    /// A stored target may have been written by anything, so it is checked again when it is sent.
    fn checked(&self, link: &Link, url: &str) -> Option<TargetUrl> {
        let LinkId { domain, slug } = &link.id;
        TargetUrl::parse(url, &self.domains)
            .inspect_err(|error| tracing::error!(event = "redirect.unsafe_target", %domain, %slug, %error))
            .ok()
    }
}

/// Whether visitors may know of the link.
fn is_visible(link: &Link, now: Timestamp) -> bool {
    !link.settings.archived && link.settings.starts_at.is_none_or(|start| start <= now)
}

/// The slug in a path of one segment. Decoded once, since gateways differ on whether they did.
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
