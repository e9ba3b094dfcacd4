//! `/v1/keys`.

use schemars::JsonSchema;
use serde::Serialize;
use waypost_domain::access::key_limits::KeyLimits;
use waypost_domain::{ApiKey, KeySecret, Role, Timestamp};

/// A key, without its secret and the secret's hash.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "Key")]
pub struct KeyView {
    /// The key's id, which is not a secret.
    #[schemars(regex(pattern = ApiKey::ID_PATTERN))]
    key_id: String,
    /// The name that its owner chose.
    name: String,
    /// The role that its callers have.
    role: Role,
    /// When the key was created.
    created_at: Timestamp,
    /// When the key expires; never if null.
    expires_at: Option<Timestamp>,
    /// What limits the key beside its role; nothing if null.
    limits: Option<KeyLimits>,
    /// When the key was last used, to five minutes; never if null.
    last_used_at: Option<Timestamp>,
}

impl From<ApiKey> for KeyView {
    fn from(key: ApiKey) -> Self {
        Self {
            key_id: key.key_id,
            name: key.name,
            role: key.role,
            created_at: key.created_at,
            expires_at: key.expires_at,
            limits: key.limits,
            last_used_at: key.last_used_at,
        }
    }
}

/// A new key, with its secret.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "CreatedKey")]
pub struct NewKeyView {
    #[serde(flatten)]
    key: KeyView,
    /// The secret that callers send. This answer shows it once, no other does.
    #[schemars(regex(pattern = KeySecret::PATTERN))]
    secret: String,
}

impl NewKeyView {
    /// Makes the view of `key` with its secret.
    pub fn of(key: ApiKey, secret: &KeySecret) -> Self {
        Self { key: key.into(), secret: secret.expose().to_owned() }
    }
}
