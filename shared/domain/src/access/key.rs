//! API keys, roles, and who calls.

use crate::values::hex::hex;
use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::ports::{Clock, Random};
use crate::values::error::Error;
use crate::values::timestamp::Timestamp;
use crate::values::workspace::WorkspaceId;

/// What a caller may do; each role may do what the ones before it may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub enum Role {
    /// Reads links, imports and statistics.
    Viewer,
    /// Creates and changes links, starts imports.
    Editor,
    /// Manages keys.
    Admin,
}

impl Role {
    /// The role of this name.
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Viewer, Self::Editor, Self::Admin].into_iter().find(|role| role.as_str() == name)
    }

    /// Its name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Editor => "editor",
            Self::Admin => "admin",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// An API key as it is stored: everything but its secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApiKey {
    /// Names the key in lists and logs: `key_` and the 32 hexadecimal digits of a UUID (version 7), so that later keys sort
    /// after earlier ones. No secret.
    pub key_id: String,
    /// The workspace it opens.
    pub workspace: WorkspaceId,
    /// What it may do there.
    pub role: Role,
    /// What its owner calls it.
    pub name: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// From when on it opens nothing; never if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
    /// When it was last used, to some minutes (see [`ApiKey::USE_NOTED_EVERY_SECONDS`]); never if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_used_at: Option<Timestamp>,
    /// The request that made it, if that may be tried again: see [`super::idempotency::Attempt`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<String>,
}

impl ApiKey {
    /// How old the noted last use of a key must be before another use is noted, in seconds: a busy key costs one write in
    /// this time, not one a request.
    pub const USE_NOTED_EVERY_SECONDS: i64 = 300;
    /// What an id looks like, as a regular expression.
    pub const ID_PATTERN: &'static str = "^key_[0-9a-f]{32}$";

    /// A new id for a key.
    pub fn generate_id(clock: &dyn Clock, random: &dyn Random) -> String {
        let mut bytes = [0_u8; 10];
        random.fill(&mut bytes);
        let millis = u64::try_from(clock.now().as_millis()).unwrap_or(0);
        format!("key_{}", uuid::Builder::from_unix_timestamp_millis(millis, &bytes).into_uuid().simple())
    }

    /// Whether it opens nothing any more at `now`.
    pub fn is_expired(&self, now: Timestamp) -> bool {
        self.expires_at.is_some_and(|expiry| expiry <= now)
    }

    /// Whether a use at `now` is worth a write.
    pub fn is_use_noteworthy(&self, now: Timestamp) -> bool {
        self.last_used_at.is_none_or(|noted| noted.plus_seconds(Self::USE_NOTED_EVERY_SECONDS) <= now)
    }
}

/// The secret of an API key: `wp_` and 256 random bits in base64url. Shown once, stored only as its hash.
#[derive(Clone, PartialEq, Eq)]
pub struct KeySecret(String);

impl KeySecret {
    /// What a secret looks like, as a regular expression.
    pub const PATTERN: &'static str = "^wp_[A-Za-z0-9_-]{43}$";
    const PREFIX: &'static str = "wp_";
    const LEN: usize = 3 + 43;

    /// A new secret.
    pub fn generate(random: &dyn Random) -> Self {
        let mut bytes = [0_u8; 32];
        random.fill(&mut bytes);
        Self(format!("{}{}", Self::PREFIX, URL_SAFE_NO_PAD.encode(bytes)))
    }

    /// The secret in `text`, or `None` if it does not have the shape of one.
    pub fn parse(text: &str) -> Option<Self> {
        let shaped = text.len() == Self::LEN && text.is_ascii() && text.starts_with(Self::PREFIX);
        shaped.then(|| Self(text.to_owned()))
    }

    /// SHA-256 in lower-case hexadecimal digits. Enough for 256 random bits: there is nothing to guess.
    pub fn hash(&self) -> String {
        hex(&Sha256::digest(self.0.as_bytes()))
    }

    /// The secret itself, to be shown once.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for KeySecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeySecret(…)")
    }
}

/// Who calls, once that is proven.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The workspace that the call is about; there is no way to name another.
    pub workspace: WorkspaceId,
    /// What the caller may do.
    pub role: Role,
    /// The key's id, for logs and limits. With a token instead of a key: `sub_` and a hash of issuer and subject.
    pub key_id: String,
}

impl Caller {
    /// Fails with [`Error::Forbidden`] unless the caller has `role` or a higher one.
    pub fn require(&self, role: Role) -> Result<(), Error> {
        if self.role >= role {
            return Ok(());
        }
        Err(Error::Forbidden(format!("this needs the role {role}; the caller has {}", self.role)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::system::{FixedClock, SeededRandom};

    #[test]
    fn a_secret_is_not_in_its_debug_text_and_can_be_read_back() {
        let secret = KeySecret::generate(&SeededRandom::new(1));
        assert!(!format!("{secret:?}").contains(&secret.expose()[3..]));
        assert_eq!(KeySecret::parse(secret.expose()), Some(secret.clone()));
        assert_eq!(secret.hash().len(), 64);
        assert_eq!(KeySecret::parse(&secret.expose()[1..]), None);
    }

    #[test]
    fn later_keys_have_later_ids() {
        let (clock, random) = (FixedClock::at("2026-01-01T00:00:00Z"), SeededRandom::new(1));
        let first = ApiKey::generate_id(&clock, &random);
        clock.advance(1);
        let second = ApiKey::generate_id(&clock, &random);
        assert!(first < second, "{first} {second}");
        assert_eq!(second.len(), 36);
    }

    #[test]
    fn roles_have_names() {
        for role in [Role::Viewer, Role::Editor, Role::Admin] {
            assert_eq!(Role::parse(&role.to_string()), Some(role));
        }
        assert_eq!(Role::parse("Admin"), None);
    }

    #[test]
    fn roles_include_the_lower_ones() {
        assert!(Role::Viewer < Role::Editor && Role::Editor < Role::Admin);
    }
}
