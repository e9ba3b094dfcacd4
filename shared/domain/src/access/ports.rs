//! What authentication and the management of keys need from outside.

use async_trait::async_trait;

use super::key::{ApiKey, Caller};
use crate::values::error::StoreError;
use crate::values::timestamp::Timestamp;
use crate::values::workspace::WorkspaceId;

/// Writes API keys.
#[async_trait]
pub trait KeyWriter: Send + Sync {
    /// Writes `key` under its secret's hash.
    async fn insert(&self, hash: &str, key: &ApiKey) -> Result<(), StoreError>;
    /// Deletes the key if it is one of `workspace`; says whether it did. A key that is younger than a second may not be found.
    async fn revoke(&self, workspace: &WorkspaceId, key_id: &str) -> Result<bool, StoreError>;
}

/// Lists a workspace's API keys.
#[async_trait]
pub trait KeyIndex: Send + Sync {
    /// Up to `limit` keys of `workspace`, the newest first, whose id is less than `before`.
    async fn newest(
        &self,
        workspace: &WorkspaceId,
        before: Option<&str>,
        limit: usize,
    ) -> Result<Vec<ApiKey>, StoreError>;
}

/// Remembers when API keys were last used.
#[async_trait]
pub trait KeyUsage: Send + Sync {
    /// Notes that the key with this hash was used at `at`, unless it is gone or a use after `unless_after` is noted.
    async fn note(&self, hash: &str, at: Timestamp, unless_after: Timestamp) -> Result<(), StoreError>;
}

/// Verifies tokens of an identity provider.
#[async_trait]
pub trait TokenVerifier: Send + Sync {
    /// The caller that `token` proves at `now`, or `None` where it proves nothing.
    ///
    /// # Errors
    /// The provider's keys are not known and cannot be had, so nothing can be said about the token.
    async fn verify(&self, token: &str, now: Timestamp) -> Result<Option<Caller>, StoreError>;
}

/// Finds API keys.
#[async_trait]
pub trait KeyReader: Send + Sync {
    /// The key with this hash (see [`crate::access::key::KeySecret::hash`]), expired or not.
    async fn find(&self, hash: &str) -> Result<Option<ApiKey>, StoreError>;
}
