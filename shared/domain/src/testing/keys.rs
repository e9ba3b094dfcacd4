//! Implements the ports of API keys and tokens in memory.

use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;

use super::outage::{lock, outage};
use super::system::SeededRandom;
use crate::access::key::{ApiKey, Caller, Credential, CredentialKind, KeySecret, Role};
use crate::access::key_limits::KeyLimits;
use crate::access::ports::{KeyIndex, KeyReader, KeyUsage, KeyWriter, TokenVerifier};
use crate::values::error::StoreError;
use crate::values::timestamp::Timestamp;
use crate::values::workspace::WorkspaceId;

/// A store of API keys, by the hash of their secret.
#[derive(Default)]
pub struct MemoryKeys {
    keys: Mutex<HashMap<String, ApiKey>>,
    notes_fail: AtomicBool,
}

impl MemoryKeys {
    /// Adds a key by the hash of its secret.
    pub fn insert(&self, hash: String, key: ApiKey) {
        lock(&self.keys).insert(hash, key);
    }

    /// Adds a key that does not expire, and returns its `Authorization` header. The secret and the id follow from
    /// `seed`. Panics if `workspace` is not valid.
    #[allow(clippy::expect_used, reason = "only tests call it")]
    pub fn authorize(&self, seed: u64, workspace: &str, role: Role) -> String {
        let secret = KeySecret::generate(&SeededRandom::new(seed));
        let key = ApiKey {
            key_id: format!("key_{seed}"),
            workspace: WorkspaceId::parse(workspace).expect("a valid workspace"),
            role,
            name: "test".to_owned(),
            created_at: Timestamp::parse("2026-01-01T00:00:00Z").expect("a valid time"),
            expires_at: None,
            limits: None,
            last_used_at: None,
            origin: None,
        };
        self.insert(secret.hash(), key);
        format!("Bearer {}", secret.expose())
    }

    /// Adds a key like [`MemoryKeys::authorize`], with limits.
    pub fn authorize_limited(&self, seed: u64, workspace: &str, role: Role, limits: KeyLimits) -> String {
        let header = self.authorize(seed, workspace, role);
        for key in lock(&self.keys).values_mut().filter(|key| key.key_id == format!("key_{seed}")) {
            key.limits = Some(limits.clone());
        }
        header
    }

    /// Returns all keys.
    pub fn all(&self) -> Vec<ApiKey> {
        lock(&self.keys).values().cloned().collect()
    }

    /// Makes every later note of a key's last use fail.
    pub fn fail_notes(&self) {
        self.notes_fail.store(true, Ordering::SeqCst);
    }
}

#[async_trait]
impl KeyReader for MemoryKeys {
    async fn find(&self, hash: &str) -> Result<Option<ApiKey>, StoreError> {
        Ok(lock(&self.keys).get(hash).cloned())
    }
}

#[async_trait]
impl KeyWriter for MemoryKeys {
    async fn insert(&self, hash: &str, key: &ApiKey) -> Result<(), StoreError> {
        lock(&self.keys).insert(hash.to_owned(), key.clone());
        Ok(())
    }

    async fn revoke(&self, workspace: &WorkspaceId, key_id: &str) -> Result<bool, StoreError> {
        let mut keys = lock(&self.keys);
        let before = keys.len();
        keys.retain(|_, key| key.key_id != key_id || key.workspace != *workspace);
        Ok(keys.len() < before)
    }
}

#[async_trait]
impl KeyIndex for MemoryKeys {
    async fn newest(
        &self,
        workspace: &WorkspaceId,
        before: Option<&str>,
        limit: usize,
    ) -> Result<Vec<ApiKey>, StoreError> {
        let mut keys = self.all();
        keys.retain(|key| key.workspace == *workspace && before.is_none_or(|before| key.key_id.as_str() < before));
        keys.sort_by(|a, b| b.key_id.cmp(&a.key_id));
        keys.truncate(limit);
        Ok(keys)
    }
}

#[async_trait]
impl KeyUsage for MemoryKeys {
    async fn note(&self, hash: &str, at: Timestamp, unless_after: Timestamp) -> Result<(), StoreError> {
        if self.notes_fail.load(Ordering::SeqCst) {
            return Err(outage("keys.note"));
        }
        let mut keys = lock(&self.keys);
        if let Some(key) = keys.get_mut(hash).filter(|key| key.last_used_at.is_none_or(|noted| noted <= unless_after)) {
            key.last_used_at = Some(at);
        }
        Ok(())
    }
}

/// A verifier that accepts the tokens in a map.
#[derive(Default)]
pub struct MemoryTokens {
    callers: HashMap<String, Caller>,
    failing: AtomicBool,
}

impl MemoryTokens {
    /// The subject of every token.
    pub const SUBJECT: &'static str = "a@example.com";

    /// Creates a verifier that accepts one token, as that of `caller`.
    pub fn with(token: &str, caller: Caller) -> Self {
        Self { callers: HashMap::from([(token.to_owned(), caller)]), failing: AtomicBool::new(false) }
    }

    /// Makes every later call fail, as if the identity provider did not answer.
    pub fn fail(&self) {
        self.failing.store(true, Ordering::SeqCst);
    }
}

#[async_trait]
impl TokenVerifier for MemoryTokens {
    async fn verify(&self, token: &str, _now: Timestamp) -> Result<Option<(Caller, Credential)>, StoreError> {
        if self.failing.load(Ordering::SeqCst) {
            return Err(outage("tokens.keys"));
        }
        let caller = self.callers.get(token).cloned();
        let credential = || Credential {
            kind: CredentialKind::Token,
            name: MemoryTokens::SUBJECT.to_owned(),
            expires_at: None,
            limits: None,
        };
        Ok(caller.map(|caller| (caller, credential())))
    }
}
