//! Defines API keys, their secrets, roles, and callers.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::key_limits::KeyLimits;
use super::scope::Scope;
use super::secret;
use crate::links::link::Link;
use crate::ports::{Clock, Random};
use crate::values::error::Error;
use crate::values::id;
use crate::values::timestamp::Timestamp;
use crate::values::workspace::WorkspaceId;

/// What a caller may do. Each role includes the ones before it.
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
    /// Returns the role with this name.
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Viewer, Self::Editor, Self::Admin].into_iter().find(|role| role.as_str() == name)
    }

    /// Returns the role's name.
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
    /// The id for lists and logs: `key_` and the 32 hexadecimal digits of a UUID (version 7), so that later keys sort after
    /// earlier ones. It is not secret.
    pub key_id: String,
    /// The workspace it gives access to.
    pub workspace: WorkspaceId,
    /// What it may do there.
    pub role: Role,
    /// The name that its owner chose.
    pub name: String,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it expires; never if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
    /// What limits it beside its role.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limits: Option<KeyLimits>,
    /// When it was last used, within some minutes (see [`ApiKey::USE_NOTED_EVERY_SECONDS`]); never if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_used_at: Option<Timestamp>,
    /// The request that created it, if its caller may retry it: see [`super::idempotency::RequestFingerprint`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<String>,
}

impl ApiKey {
    /// The least time between two notes of a key's use, in seconds: a busy key costs one write in this time, not one a
    /// request.
    pub const USE_NOTED_EVERY_SECONDS: i64 = 300;
    /// The pattern of an id, as a regular expression.
    pub const ID_PATTERN: &'static str = "^key_[0-9a-f]{32}$";

    /// Generates an id. Later ids sort after earlier ones.
    pub fn generate_id(clock: &dyn Clock, random: &dyn Random) -> String {
        id::generate("key_", clock, random)
    }

    /// Tells whether the key has expired at `now`.
    pub fn is_expired(&self, now: Timestamp) -> bool {
        self.expires_at.is_some_and(|expiry| expiry <= now)
    }

    /// Tells whether to note a use at `now`.
    pub fn should_note_use(&self, now: Timestamp) -> bool {
        self.last_used_at.is_none_or(|noted| noted.plus_seconds(Self::USE_NOTED_EVERY_SECONDS) <= now)
    }
}

/// The secret of an API key: `wp_` and 256 random bits in base64url. It is shown once, and stored only as its hash.
#[derive(Clone, PartialEq, Eq)]
pub struct KeySecret(String);

impl KeySecret {
    /// The pattern of a secret, as a regular expression.
    pub const PATTERN: &'static str = "^wp_[A-Za-z0-9_-]{43}$";
    const PREFIX: &'static str = "wp_";

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

    /// Returns the secret itself. Show it once.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for KeySecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeySecret(…)")
    }
}

/// What a caller authenticated with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credential {
    /// Whether it is a key, a token or a sign-in code.
    pub kind: CredentialKind,
    /// The name of the key, or the subject of the token. It can be a person's address: do not log it.
    pub name: String,
    /// When it expires; never if absent.
    pub expires_at: Option<Timestamp>,
    /// The limits of the key.
    pub limits: Option<KeyLimits>,
}

/// What a caller proved itself with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub enum CredentialKind {
    /// An API key.
    Key,
    /// A token of the stack's identity provider.
    Token,
    /// A sign-in code of the stack's operator. Only sessions come from one.
    Code,
}

/// An authenticated caller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The workspace that the caller works in. A request cannot name another.
    pub workspace: WorkspaceId,
    /// What the caller may do.
    pub role: Role,
    /// The key's id, for logs and limits. For a token: `sub_` and a hash of issuer and subject. For a session from a sign-in code: the
    /// session's id.
    pub key_id: String,
    /// The links that the caller reaches. Use cases ask [`Caller::sees`].
    pub scope: Scope,
    /// Whether the key has limits of any kind.
    pub is_limited: bool,
}

impl Caller {
    /// Makes a caller without limits.
    pub fn new(workspace: WorkspaceId, role: Role, key_id: String) -> Self {
        Self { workspace, role, key_id, scope: Scope::default(), is_limited: false }
    }

    /// Makes the caller that has `key`.
    pub fn of_key(key: &ApiKey) -> Self {
        let caller = Self::new(key.workspace.clone(), key.role, key.key_id.clone());
        match &key.limits {
            Some(limits) => Self { scope: limits.scope(&key.key_id), is_limited: true, ..caller },
            None => caller,
        }
    }

    /// Tells whether the caller reaches `link`: its workspace owns the link, and the link is in its scope. Every other link looks as
    /// if it did not exist.
    pub fn sees(&self, link: &Link) -> bool {
        link.workspace == self.workspace && self.scope.shows(link)
    }

    /// Checks that the caller reaches all links of its workspace.
    ///
    /// # Errors
    /// [`Error::Forbidden`] if not, with what such a caller cannot do.
    pub fn require_whole_scope(&self, what: &str) -> Result<(), Error> {
        if self.scope.is_whole() {
            return Ok(());
        }
        Err(Error::Forbidden(format!("a key that is limited to some links cannot {what}")))
    }

    /// Checks that the caller has `role` or a higher one.
    ///
    /// # Errors
    /// [`Error::Forbidden`] if not.
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
    use crate::values::domains::Domain;

    #[test]
    fn secret_is_parsed_back_but_not_debug_printed() {
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
    fn caller_with_a_limit_does_not_reach_the_whole_workspace() {
        let whole = crate::testing::samples::caller("acme", Role::Admin);
        assert!(whole.require_whole_scope("import").is_ok());
        for scope in [
            Scope::new(vec![Domain::parse("go.example.com").unwrap()], Vec::new(), None),
            Scope::new(Vec::new(), vec!["a".to_owned()], None),
            Scope::new(Vec::new(), Vec::new(), Some("key_1".to_owned())),
        ] {
            let limited = Caller { scope, ..whole.clone() };
            let refused = limited.require_whole_scope("import");
            assert!(matches!(refused, Err(Error::Forbidden(why)) if why.ends_with("cannot import")), "{limited:?}");
        }
    }

    #[test]
    fn role_names_are_parsed_back() {
        for role in [Role::Viewer, Role::Editor, Role::Admin] {
            assert_eq!(Role::parse(&role.to_string()), Some(role));
        }
        assert_eq!(Role::parse("Admin"), None);
    }

    #[test]
    fn roles_include_lower_ones() {
        assert!(Role::Viewer < Role::Editor && Role::Editor < Role::Admin);
    }

    #[test]
    fn text_of_another_shape_is_not_a_secret() {
        let text = KeySecret::generate(&SeededRandom::new(1)).expose().to_owned();
        let other_prefix = format!("wq_{}", &text[3..]);
        let not_ascii = format!("{}ä", &text[..text.len() - 2]);
        assert_eq!(not_ascii.len(), text.len());
        for other in [&format!("{text}A"), &text[..text.len() - 1], &other_prefix, &not_ascii, "wp_", ""] {
            assert_eq!(KeySecret::parse(other), None, "{other}");
        }
    }

    #[test]
    fn hash_of_a_secret_is_its_sha_256() {
        let secret = KeySecret::parse(&format!("wp_{}", "A".repeat(43))).unwrap();
        // printf 'wp_%043d' 0 | tr 0 A | sha256sum
        assert_eq!(secret.hash(), "e701456b8bc1f6d1f42be1a8cbb65c87eb9c774a3e5a4990212be7d97b6b2cba");
    }

    fn key(expires_at: Option<Timestamp>, last_used_at: Option<Timestamp>) -> ApiKey {
        ApiKey {
            key_id: "key_1".to_owned(),
            workspace: WorkspaceId::parse("acme").unwrap(),
            role: Role::Viewer,
            name: "test".to_owned(),
            created_at: Timestamp::from_millis(0).unwrap(),
            expires_at,
            limits: None,
            last_used_at,
            origin: None,
        }
    }

    #[test]
    fn key_expires_at_the_time_it_names() {
        let end = Timestamp::parse("2026-01-02T03:04:05Z").unwrap();
        assert!(!key(Some(end), None).is_expired(end.plus_seconds(-1)));
        assert!(key(Some(end), None).is_expired(end));
        assert!(!key(None, None).is_expired(end));
    }

    #[test]
    fn use_is_noted_once_in_some_minutes() {
        let noted = Timestamp::parse("2026-01-02T03:04:05Z").unwrap();
        let due = noted.plus_seconds(ApiKey::USE_NOTED_EVERY_SECONDS);
        assert!(key(None, None).should_note_use(noted));
        assert!(!key(None, Some(noted)).should_note_use(due.plus_seconds(-1)));
        assert!(key(None, Some(noted)).should_note_use(due));
    }

    #[test]
    fn caller_may_do_what_its_role_and_lower_ones_may() {
        let roles = [Role::Viewer, Role::Editor, Role::Admin];
        for role in roles {
            let caller = crate::testing::samples::caller("acme", role);
            for needed in roles {
                assert_eq!(caller.require(needed).is_ok(), role >= needed, "{role} asks for {needed}");
            }
        }
        let error = crate::testing::samples::caller("acme", Role::Viewer).require(Role::Admin).unwrap_err();
        assert_eq!(error.to_string(), "this needs the role admin; the caller has viewer");
    }
}
