//! Declares what authentication and the management of keys need from outside.

use async_trait::async_trait;

use super::key::{ApiKey, Caller, Credential};
use crate::values::error::StoreError;
use crate::values::timestamp::Timestamp;
use crate::values::workspace::WorkspaceId;

/// Writes API keys.
#[async_trait]
pub trait KeyWriter: Send + Sync {
    /// Writes `key` under its secret's hash.
    async fn insert(&self, hash: &str, key: &ApiKey) -> Result<(), StoreError>;
    /// Deletes the key if `workspace` owns it. Returns whether it did. May miss a key younger than a second.
    async fn revoke(&self, workspace: &WorkspaceId, key_id: &str) -> Result<bool, StoreError>;
}

/// Lists a workspace's API keys.
#[async_trait]
pub trait KeyIndex: Send + Sync {
    /// Lists up to `limit` keys of `workspace` with ids less than `before`, the newest first.
    async fn newest(
        &self,
        workspace: &WorkspaceId,
        before: Option<&str>,
        limit: usize,
    ) -> Result<Vec<ApiKey>, StoreError>;
}

/// Notes when API keys were last used.
#[async_trait]
pub trait KeyUsage: Send + Sync {
    /// Notes that the key with this hash was used at `at`, unless the key was deleted or has a note later than `unless_after`.
    async fn note(&self, hash: &str, at: Timestamp, unless_after: Timestamp) -> Result<(), StoreError>;
}

/// Verifies tokens of an identity provider.
#[async_trait]
pub trait TokenVerifier: Send + Sync {
    /// Returns the caller that `token` identifies, and what the token says of itself, or `None` if it is not valid at `now`.
    ///
    /// # Errors
    /// The token could not be checked: the provider's keys are unknown and could not be fetched.
    async fn verify(&self, token: &str, now: Timestamp) -> Result<Option<(Caller, Credential)>, StoreError>;
}

/// Finds API keys.
#[async_trait]
pub trait KeyReader: Send + Sync {
    /// Returns the key with this hash (see [`super::key::KeySecret::hash`]), expired or not.
    async fn find(&self, hash: &str) -> Result<Option<ApiKey>, StoreError>;
}
