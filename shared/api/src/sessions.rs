//! `/v1/sessions`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use waypost_domain::access::key::CredentialKind;
use waypost_domain::access::sessions::session::{CurrentSession, Session};
use waypost_domain::values::page::PageRequest;
use waypost_domain::{Role, Timestamp};

/// The id by which a path names the session of the request itself.
pub const CURRENT: &str = "current";
/// The pattern of an id in a path, as a regular expression.
pub const PATH_PATTERN: &str = "^(current|ses_[0-9a-f]{32})$";

/// A sign-in of a browser, without its secret.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "Session")]
pub struct SessionView {
    /// The session's id, which is not a secret.
    #[schemars(regex(pattern = Session::ID_PATTERN))]
    id: String,
    /// When the caller signed in.
    created_at: Timestamp,
    /// When the session ends: after twelve hours, or with the key or token that it came from.
    expires_at: Timestamp,
    /// When the session was last used, to five minutes.
    last_seen_at: Timestamp,
    /// The browser and system, such as `Chrome on Linux`; null if unknown.
    user_agent: Option<String>,
    /// Whether it is the session of this request.
    current: bool,
    /// What the session came from.
    kind: CredentialKind,
    /// The id of the key that it came from, or of the token's subject. The session's own id if it came from a sign-in code.
    credential_id: String,
    /// The name of that key, or the subject of that token.
    name: String,
    /// The role at the sign-in. A session of a key always has the role of the key.
    role: Role,
}

impl SessionView {
    /// Makes the view of `session` for a request with the session `current`.
    pub fn of(session: Session, current: Option<&CurrentSession>) -> Self {
        let is_current = current.is_some_and(|current| current.session.id == session.id);
        Self::new(session, is_current)
    }

    /// Makes the view of a session that has just been opened.
    pub fn of_new(session: Session) -> Self {
        Self::new(session, true)
    }

    fn new(session: Session, current: bool) -> Self {
        Self {
            id: session.id,
            created_at: session.created_at,
            expires_at: session.expires_at,
            last_seen_at: session.last_used_at,
            user_agent: session.client,
            current,
            kind: session.source.kind(),
            credential_id: session.key_id,
            name: session.name,
            role: session.role,
        }
    }
}

/// The query of a list of sessions.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
pub struct SessionsQuery {
    /// The greatest number of items on the page.
    #[schemars(range(min = 1, max = waypost_domain::values::page::MAX_LIMIT), extend("default" = waypost_domain::values::page::DEFAULT_LIMIT))]
    limit: Option<usize>,
    /// The `next_cursor` of the previous page.
    #[schemars(extend("format" = "cursor"))]
    cursor: Option<String>,
    /// Lists the sessions of all keys and people of the workspace. This needs the role `admin`.
    #[schemars(extend("default" = false))]
    all: Option<bool>,
}

impl SessionsQuery {
    /// Returns whether to list all sessions, and the page.
    pub fn into_parts(self) -> (bool, PageRequest) {
        (self.all.unwrap_or(false), PageRequest { limit: self.limit, cursor: self.cursor })
    }
}
