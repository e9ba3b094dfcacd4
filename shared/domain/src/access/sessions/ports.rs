//! Declares what sessions need from outside.

use async_trait::async_trait;

use super::session::Session;
use super::sign_in_code::SignInCode;
use crate::values::error::StoreError;
use crate::values::timestamp::Timestamp;
use crate::values::workspace::WorkspaceId;

/// Finds sessions, and notes when they were last used.
#[async_trait]
pub trait SessionReader: Send + Sync {
    /// Returns the session whose secret has this hash, expired or not. Sees every write that finished before.
    async fn find(&self, hash: &str) -> Result<Option<Session>, StoreError>;
    /// Notes that the session was used at `at`, unless it was deleted or has a note later than `unless_after`.
    async fn note(&self, hash: &str, at: Timestamp, unless_after: Timestamp) -> Result<(), StoreError>;
}

/// Writes sessions.
#[async_trait]
pub trait SessionWriter: Send + Sync {
    /// Writes `session` under its secret's hash.
    async fn insert(&self, hash: &str, session: &Session) -> Result<(), StoreError>;
    /// Deletes the session with this hash and id. Returns whether it did.
    async fn delete(&self, hash: &str, id: &str) -> Result<bool, StoreError>;
}

/// Lists a workspace's sessions. May miss one younger than a second.
#[async_trait]
pub trait SessionIndex: Send + Sync {
    /// Lists up to `limit` sessions of `workspace` with ids less than `before`, the newest first, expired ones too.
    async fn newest(
        &self,
        workspace: &WorkspaceId,
        before: Option<&str>,
        limit: usize,
    ) -> Result<Vec<Session>, StoreError>;
    /// Returns the session with this id, and the hash of its secret.
    async fn get(&self, workspace: &WorkspaceId, id: &str) -> Result<Option<(String, Session)>, StoreError>;
}

/// Takes sign-in codes.
#[async_trait]
pub trait SignInCodes: Send + Sync {
    /// Deletes the code whose secret has this hash, and returns it, expired or not. Of several calls with one hash, one gets it.
    async fn take(&self, hash: &str) -> Result<Option<SignInCode>, StoreError>;
}

/// Counts sign-ins that fail. A window is a span of [`WINDOW_SECONDS`](super::limit_sign_in::WINDOW_SECONDS), by its number since the Unix
/// epoch.
#[async_trait]
pub trait SignInAttempts: Send + Sync {
    /// Returns the salt of the window's names: `fresh`, if the window has none yet.
    async fn salt(&self, window: i64, fresh: [u8; 32]) -> Result<[u8; 32], StoreError>;
    /// Counts an attempt under the name `who`; returns whether it is allowed. Allows at most `limit` in a window.
    async fn begin(&self, who: &str, window: i64, limit: u32) -> Result<bool, StoreError>;
    /// Takes an attempt back, since it was no failure.
    async fn take_back(&self, who: &str, window: i64) -> Result<(), StoreError>;
}
