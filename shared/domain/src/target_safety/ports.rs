//! Declares what checks for unsafe targets need from outside.

use async_trait::async_trait;

use super::threat::Threat;
use crate::values::timestamp::Timestamp;

/// Knows unsafe pages of the web.
#[async_trait]
pub trait TargetChecker: Send + Sync {
    /// Looks up `url`, an `http` or `https` URL in its normal form, in bounded time and memory. Each call may cost money.
    ///
    /// # Errors
    /// Why there is no answer.
    async fn look_up(&self, url: &str) -> Result<Verdict, LookupError>;
}

/// What is known about a URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verdict {
    /// Why it is unsafe; `None` if nobody knows anything bad of it.
    pub threat: Option<Threat>,
    /// Until when that may be remembered; `None` if the answer does not say.
    pub until: Option<Timestamp>,
}

/// Why there is no answer. Nothing of it quotes the URL, the key, or what the service sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LookupError {
    /// Too many questions for now, or for the month.
    #[error("the quota is used up")]
    Quota,
    /// The service does not accept the key.
    #[error("the service refuses the key")]
    Key,
    /// The service cannot take this URL. It says nothing about the service.
    #[error("the service does not take the URL")]
    NotTaken,
    /// There is no connection, no answer in time, or an error of the service.
    #[error("the service does not answer")]
    Unavailable,
    /// The answer is not what the service should send.
    #[error("the answer cannot be read")]
    Unreadable,
}

impl LookupError {
    /// Tells whether the next questions will probably fail, too.
    pub fn is_lasting(self) -> bool {
        // Whoever makes links chooses URLs. Strange ones must not switch the checks off.
        self != Self::NotTaken
    }
}
