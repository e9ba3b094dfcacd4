//! A key as the API shows it.

use serde::Serialize;
use waypost_domain::{ApiKey, KeySecret, Role, Timestamp};

/// The JSON of a key: everything but its secret and the secret's hash.
#[derive(Debug, Serialize)]
pub(crate) struct KeyView {
    key_id: String,
    name: String,
    role: Role,
    created_at: Timestamp,
    expires_at: Option<Timestamp>,
    /// To some minutes; none if it was never used.
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

/// The JSON of a key that was just created.
#[derive(Serialize)]
pub(crate) struct NewKeyView {
    #[serde(flatten)]
    key: KeyView,
    /// Shown here and never again.
    secret: String,
}

impl NewKeyView {
    pub(crate) fn of(key: ApiKey, secret: &KeySecret) -> Self {
        Self { key: key.into(), secret: secret.expose().to_owned() }
    }
}

/// The JSON of a page of keys.
#[derive(Debug, Serialize)]
pub(crate) struct PageView {
    pub(crate) items: Vec<KeyView>,
    pub(crate) next_cursor: Option<String>,
}
