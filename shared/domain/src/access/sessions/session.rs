//! Defines sessions and their secrets.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::access::key::{CredentialKind, Role};
use crate::access::secret;
use crate::ports::{Clock, Random};
use crate::values::id;
use crate::values::timestamp::Timestamp;
use crate::values::workspace::WorkspaceId;

/// What a session came from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum SessionSource {
    /// An API key. The session has the role and limits that the key has now, and ends when the key is revoked or expires.
    Key {
        /// The hash of the key's secret, by which the key is found.
        hash: String,
    },
    /// A token of the identity provider.
    Token,
    /// A sign-in code of the operator.
    Code,
}

impl SessionSource {
    /// Returns the kind of the credential.
    pub fn kind(&self) -> CredentialKind {
        match self {
            Self::Key { .. } => CredentialKind::Key,
            Self::Token => CredentialKind::Token,
            Self::Code => CredentialKind::Code,
        }
    }
}

/// A session as it is stored: everything but its secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// The id for lists and logs: `ses_` and the 32 hexadecimal digits of a UUID (version 7). It is not secret.
    pub id: String,
    /// The workspace it gives access to.
    pub workspace: WorkspaceId,
    /// The role at the sign-in. A session of a key has the role of the key.
    pub role: Role,
    /// The id of its caller: that of the key, or of the token's subject, or its own if it came from a sign-in code.
    pub key_id: String,
    /// The name of the key, or the subject of the token. It can be a person's address: do not log it.
    pub name: String,
    /// What it came from.
    pub source: SessionSource,
    /// When the caller signed in.
    pub created_at: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
    /// When it was last used, within some minutes (see [`Session::USE_NOTED_EVERY_SECONDS`]).
    pub last_used_at: Timestamp,
    /// The browser and system, such as `Chrome on Linux`; absent if unknown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client: Option<String>,
}

impl Session {
    /// The longest that a session lasts, in seconds: twelve hours.
    pub const MAX_SECONDS: i64 = 12 * 3600;
    /// The least time between two notes of a session's use, in seconds.
    pub const USE_NOTED_EVERY_SECONDS: i64 = 300;
    /// The pattern of an id, as a regular expression.
    pub const ID_PATTERN: &'static str = "^ses_[0-9a-f]{32}$";
    const PREFIX: &'static str = "ses_";

    /// Generates an id. Later ids sort after earlier ones.
    pub fn generate_id(clock: &dyn Clock, random: &dyn Random) -> String {
        id::generate(Self::PREFIX, clock, random)
    }

    /// Tells whether `text` has the form of an id.
    pub fn is_id(text: &str) -> bool {
        id::is_valid(Self::PREFIX, text)
    }

    /// Tells whether the session has ended at `now`.
    pub fn is_expired(&self, now: Timestamp) -> bool {
        self.expires_at <= now
    }

    /// Tells whether to note a use at `now`.
    pub fn should_note_use(&self, now: Timestamp) -> bool {
        self.last_used_at.plus_seconds(Self::USE_NOTED_EVERY_SECONDS) <= now
    }
}

/// The session of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CurrentSession {
    /// The hash of its secret.
    pub hash: String,
    /// The session.
    pub session: Session,
}

/// The secret of a session: `wps_` and 256 random bits in base64url. Only the browser has it, in a cookie; the store has its hash.
#[derive(Clone, PartialEq, Eq)]
pub struct SessionSecret(String);

impl SessionSecret {
    const PREFIX: &'static str = "wps_";

    /// Generates a secret.
    pub fn generate(random: &dyn Random) -> Self {
        Self(secret::generate(Self::PREFIX, random))
    }

    /// Reads a secret, or returns `None` if `text` does not look like one.
    pub fn parse(text: &str) -> Option<Self> {
        secret::is_plausible(Self::PREFIX, text).then(|| Self(text.to_owned()))
    }

    /// Returns the secret's SHA-256 in lower-case hexadecimal digits.
    pub fn hash(&self) -> String {
        secret::hash(&self.0)
    }

    /// Returns the secret itself, for the cookie.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for SessionSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SessionSecret(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::key::KeySecret;
    use crate::testing::samples::session;
    use crate::testing::system::{FixedClock, SeededRandom};

    #[test]
    fn session_ends_at_the_time_it_names() {
        let session = session(1, "acme", "key_1");
        assert!(!session.is_expired(session.expires_at.plus_seconds(-1)));
        assert!(session.is_expired(session.expires_at));
    }

    #[test]
    fn use_is_noted_once_in_some_minutes() {
        let session = session(1, "acme", "key_1");
        let due = session.last_used_at.plus_seconds(Session::USE_NOTED_EVERY_SECONDS);
        assert!(!session.should_note_use(due.plus_seconds(-1)) && session.should_note_use(due));
    }

    #[test]
    fn secret_of_a_session_is_no_key_and_is_not_printed() {
        let random = SeededRandom::new(1);
        let (secret, key) = (SessionSecret::generate(&random), KeySecret::generate(&random));
        assert_eq!(SessionSecret::parse(secret.expose()), Some(secret.clone()));
        assert_eq!(KeySecret::parse(secret.expose()), None);
        assert_eq!(SessionSecret::parse(key.expose()), None);
        assert!(!format!("{secret:?}").contains(&secret.expose()[4..]));
        for text in ["", "wps_", &secret.expose()[1..], &format!("{}A", secret.expose())] {
            assert_eq!(SessionSecret::parse(text), None, "{text}");
        }
    }

    #[test]
    fn id_has_the_form_of_its_pattern() {
        let id = Session::generate_id(&FixedClock::at("2026-01-01T00:00:00Z"), &SeededRandom::new(1));
        assert!(Session::is_id(&id) && id.len() == 36, "{id}");
        for other in ["", "current", "ses_", "key_0199b0c67e4570008000000000000005"] {
            assert!(!Session::is_id(other), "{other}");
        }
    }
}
