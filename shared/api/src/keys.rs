//! `/v1/keys`.

use schemars::JsonSchema;
use serde::Serialize;
use waypost_domain::{ApiKey, KeySecret, Role, Timestamp};

/// A key: everything but its secret and the secret's hash.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "Key")]
pub struct KeyView {
    /// Names it. No secret.
    #[schemars(regex(pattern = ApiKey::ID_PATTERN))]
    key_id: String,
    /// What its owner calls it.
    name: String,
    /// What it may do.
    role: Role,
    /// When it was made.
    created_at: Timestamp,
    /// From when on it opens nothing; never if null.
    expires_at: Option<Timestamp>,
    /// When it was last used, to five minutes; never if null.
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
            last_used_at: key.last_used_at,
        }
    }
}

/// A key that was just created.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "CreatedKey")]
pub struct NewKeyView {
    #[serde(flatten)]
    key: KeyView,
    /// What callers send. Shown here and never again.
    #[schemars(regex(pattern = KeySecret::PATTERN))]
    secret: String,
}

impl NewKeyView {
    /// The view of `key` with its secret.
    pub fn of(key: ApiKey, secret: &KeySecret) -> Self {
        Self { key: key.into(), secret: secret.expose().to_owned() }
    }
}
