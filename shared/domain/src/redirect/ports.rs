//! Declares what a redirect needs from outside.

use std::net::IpAddr;

use async_trait::async_trait;

use crate::clicks::click::Click;
use crate::links::link::LinkId;
use crate::values::error::StoreError;
use crate::values::timestamp::Timestamp;

/// Counts the clicks of links that serve a limited number of them.
#[async_trait]
pub trait ClickLimit: Send + Sync {
    /// Uses up one click of the link; says whether there was one left. However many ask at once, no more are told so than
    /// [`crate::links::settings::LinkSettings::max_clicks`].
    async fn use_click(&self, id: &LinkId) -> Result<bool, StoreError>;
}

/// Counts the passwords that are tried on a link.
#[async_trait]
pub trait PasswordAttempts: Send + Sync {
    /// Counts an attempt at `now`; says whether it may be made. Not more than `limit` a minute are told so, whoever makes
    /// them; the minutes are those of the clock.
    async fn begin(&self, id: &LinkId, now: Timestamp, limit: u32) -> Result<bool, StoreError>;
    /// Takes back an attempt that was begun at `now`, since the password was right.
    async fn take_back(&self, id: &LinkId, now: Timestamp) -> Result<(), StoreError>;
}

/// Knows where addresses are.
pub trait Countries: Send + Sync {
    /// The country of `address` as an ISO 3166-1 alpha-2 code, if it is known.
    fn country(&self, address: IpAddr) -> Option<String>;
}

/// The stream that clicks go to.
#[async_trait]
pub trait ClickStream: Send + Sync {
    /// Sends `clicks`, with bounded retries. Gives back those that the stream did not take.
    async fn send(&self, clicks: Vec<Click>) -> Vec<Click>;
}

/// Where clicks wait that the stream did not take.
#[async_trait]
pub trait ClickSpill: Send + Sync {
    /// Keeps `clicks` until somebody replays them.
    async fn keep(&self, clicks: &[Click]) -> Result<(), StoreError>;
}

/// The secret of a day's visitor hashes.
#[async_trait]
pub trait SaltStore: Send + Sync {
    /// The salt of `date` (`2026-01-02`). All callers get the same one; the first makes it from `fresh`.
    async fn salt(&self, date: &str, fresh: [u8; 32]) -> Result<[u8; 32], StoreError>;
}
