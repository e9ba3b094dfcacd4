//! Declares the ports of a redirect.

use std::net::IpAddr;

use async_trait::async_trait;

use crate::clicks::event::StreamEvent;
use crate::links::address::LinkAddress;
use crate::links::change_marks::Marks;
use crate::values::error::StoreError;
use crate::values::timestamp::Timestamp;

/// Tells which links have changed.
#[async_trait]
pub trait ChangeMarks: Send + Sync {
    /// Reads the marks. Sees every change that was answered before.
    async fn marks(&self) -> Result<Marks, StoreError>;
}

/// Counts the clicks of links with a click limit.
#[async_trait]
pub trait ClickLimit: Send + Sync {
    /// Uses up one click of the link; returns whether one was left. However many callers ask at once, at most
    /// [`crate::links::settings::LinkSettings::max_clicks`] get `true`.
    async fn use_click(&self, address: &LinkAddress) -> Result<bool, StoreError>;
}

/// Counts the attempts at a link's password.
#[async_trait]
pub trait PasswordAttempts: Send + Sync {
    /// Counts an attempt at `now`; returns whether it is allowed. Allows at most `limit` attempts in a minute of the clock: from
    /// callers of the name `who`, or without a name from all callers together.
    async fn begin(
        &self,
        address: &LinkAddress,
        who: Option<&str>,
        now: Timestamp,
        limit: u32,
    ) -> Result<bool, StoreError>;
    /// Takes back the attempt of `now` under this name, since the password was right.
    async fn take_back(&self, address: &LinkAddress, who: Option<&str>, now: Timestamp) -> Result<(), StoreError>;
}

/// Locates addresses.
pub trait Countries: Send + Sync {
    /// Returns the country of `address` as an ISO 3166-1 alpha-2 code, if it is known.
    fn country(&self, address: IpAddr) -> Option<String>;
}

/// Takes clicks, and visits to no link, for analytics.
#[async_trait]
pub trait ClickStream: Send + Sync {
    /// Sends `clicks`, with bounded retries. Returns those that the stream refused.
    async fn send(&self, clicks: Vec<StreamEvent>) -> Vec<StreamEvent>;
}

/// Keeps the clicks that the stream refused.
#[async_trait]
pub trait ClickSpill: Send + Sync {
    /// Keeps `clicks` for a replay.
    async fn keep(&self, clicks: &[StreamEvent]) -> Result<(), StoreError>;
}

/// Keeps the salt of each day's visitor hashes.
#[async_trait]
pub trait SaltStore: Send + Sync {
    /// Returns the salt of `date` (`2026-01-02`). All callers get the same one: that of the first caller, `fresh`.
    async fn salt(&self, date: &str, fresh: [u8; 32]) -> Result<[u8; 32], StoreError>;
}
