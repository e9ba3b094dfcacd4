//! Proves who signs in.

use std::net::IpAddr;

use serde::Deserialize;

use super::ports::SignInCodes;
use super::session::{Session, SessionSource};
use super::sign_in_code::CodeSecret;
use crate::access::authenticate::{AuthenticatePorts, Authenticated, authenticate_key, authenticate_token};
use crate::access::key::{KeySecret, Role};
use crate::values::error::Error;
use crate::values::timestamp::Timestamp;
use crate::values::workspace::WorkspaceId;

/// The name of sessions from sign-in codes.
const NAME_OF_CODES: &str = "sign-in link";

/// A request to sign in. Has exactly one of the fields.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(extend("minProperties" = 1, "maxProperties" = 1)))]
pub struct NewSession {
    /// An API key.
    #[serde(default)]
    pub key: Option<String>,
    /// A sign-in code of the stack's operator. It works once.
    #[serde(default)]
    pub code: Option<String>,
    /// A token of the stack's identity provider.
    #[serde(default)]
    pub token: Option<String>,
}

/// Who signs in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proven {
    /// The workspace of the session.
    pub workspace: WorkspaceId,
    /// The role of the session.
    pub role: Role,
    /// The id of the key, or of the token's subject. `None` for a sign-in code.
    pub key_id: Option<String>,
    /// The name of the key, or the subject of the token.
    pub name: String,
    /// What proves it.
    pub source: SessionSource,
    /// When that expires.
    pub expires_at: Option<Timestamp>,
}

/// What [`prove`] needs from outside.
#[derive(Clone, Copy)]
pub struct ProvePorts<'a> {
    /// Finds keys, verifies tokens, tells the time.
    pub authenticate: AuthenticatePorts<'a>,
    /// Takes sign-in codes.
    pub codes: &'a dyn SignInCodes,
}

/// Proves who signs in from `address`. A sign-in code is used up by it.
///
/// # Errors
/// [`Error::Invalid`] if the request does not have exactly one credential. [`Error::Unauthenticated`] has the same message for
/// every credential that is not valid, whatever the reason.
pub async fn prove(ports: &ProvePorts<'_>, new: &NewSession, address: Option<IpAddr>) -> Result<Proven, Error> {
    match (&new.key, &new.code, &new.token) {
        (Some(key), None, None) => {
            let hash = KeySecret::parse(key).ok_or(INVALID)?.hash();
            let found = authenticate_key(&ports.authenticate, &hash, address).await?.ok_or(INVALID)?;
            let expires_at = found.credential.expires_at;
            Ok(of(found, SessionSource::Key { hash }, expires_at))
        }
        (None, Some(code), None) => by_code(ports, code).await,
        (None, None, Some(token)) => {
            let found = authenticate_token(&ports.authenticate, token).await?.ok_or(INVALID)?;
            let expires_at = found.credential.expires_at;
            Ok(of(found, SessionSource::Token, expires_at))
        }
        _ => Err(Error::invalid("", "must have exactly one of key, code and token")),
    }
}

const INVALID: Error = Error::Unauthenticated("the API key, code or token is not valid or has expired");

fn of(found: Authenticated, source: SessionSource, expires_at: Option<Timestamp>) -> Proven {
    let Authenticated { caller, credential, .. } = found;
    let (key_id, name) = (Some(caller.key_id), credential.name);
    Proven { workspace: caller.workspace, role: caller.role, key_id, name, source, expires_at }
}

async fn by_code(ports: &ProvePorts<'_>, code: &str) -> Result<Proven, Error> {
    let secret = CodeSecret::parse(code).ok_or(INVALID)?;
    let now = ports.authenticate.clock.now();
    let code = ports.codes.take(&secret.hash()).await?.filter(|code| now < code.expires_at).ok_or(INVALID)?;
    Ok(Proven {
        workspace: code.workspace,
        role: code.role,
        key_id: None,
        name: NAME_OF_CODES.to_owned(),
        source: SessionSource::Code,
        // The code's own time is for the sign-in. The session has its full time.
        expires_at: Some(now.plus_seconds(Session::MAX_SECONDS)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::sessions::sign_in_code::SignInCode;
    use crate::testing::keys::{MemoryKeys, MemoryTokens};
    use crate::testing::samples::caller;
    use crate::testing::sessions::MemoryCodes;
    use crate::testing::system::{FixedClock, SeededRandom};

    struct Fixture {
        keys: MemoryKeys,
        tokens: MemoryTokens,
        codes: MemoryCodes,
        clock: FixedClock,
        key: String,
        code: String,
    }

    fn fixture() -> Fixture {
        let (keys, codes) = (MemoryKeys::default(), MemoryCodes::default());
        let key = keys.authorize(1, "acme", Role::Editor).trim_start_matches("Bearer ").to_owned();
        let secret = CodeSecret::generate(&SeededRandom::new(7));
        let workspace = WorkspaceId::parse("acme").unwrap();
        let expires_at = Timestamp::parse("2026-01-01T00:10:00Z").unwrap();
        codes.insert(secret.hash(), SignInCode { workspace, role: Role::Admin, expires_at });
        Fixture {
            keys,
            tokens: MemoryTokens::with("a.b.c", caller("other", Role::Viewer)),
            codes,
            clock: FixedClock::at("2026-01-01T00:00:00Z"),
            key,
            code: secret.expose().to_owned(),
        }
    }

    impl Fixture {
        async fn prove(&self, body: serde_json::Value) -> Result<Proven, Error> {
            let new: NewSession = serde_json::from_value(body).unwrap();
            let authenticate = AuthenticatePorts { keys: &self.keys, tokens: Some(&self.tokens), clock: &self.clock };
            prove(&ProvePorts { authenticate, codes: &self.codes }, &new, None).await
        }
    }

    #[tokio::test]
    async fn key_token_and_code_prove_who_signs_in() {
        let fixture = fixture();
        for (body, workspace, role, key_id) in [
            (serde_json::json!({"key": fixture.key}), "acme", Role::Editor, Some("key_1")),
            (serde_json::json!({"token": "a.b.c"}), "other", Role::Viewer, Some("key_test")),
            (serde_json::json!({"code": fixture.code, "key": null}), "acme", Role::Admin, None),
        ] {
            let proven = fixture.prove(body.clone()).await.unwrap();
            assert_eq!((proven.workspace.as_str(), proven.role), (workspace, role), "{body}");
            assert_eq!(proven.key_id.as_deref(), key_id, "{body}");
        }
    }

    #[tokio::test]
    async fn code_works_once_and_for_some_minutes() {
        let (first, late) = (fixture(), fixture());
        let body = serde_json::json!({"code": first.code});
        first.clock.advance(599);
        assert!(first.prove(body.clone()).await.is_ok());
        assert!(matches!(first.prove(body.clone()).await, Err(Error::Unauthenticated(_))));
        late.clock.advance(600);
        assert!(matches!(late.prove(body).await, Err(Error::Unauthenticated(_))));
    }

    #[tokio::test]
    async fn wrong_credentials_get_one_answer_and_no_kind_passes_for_another() {
        let fixture = fixture();
        let (key, code) = (fixture.key.as_str(), fixture.code.as_str());
        let mut answers = std::collections::BTreeSet::new();
        for (name, value) in [
            ("key", ""),
            ("key", "wp_nonsense"),
            ("key", code),
            ("key", "a.b.c"),
            ("code", key),
            ("code", "a.b.c"),
            ("code", &code.replacen(|c: char| c.is_ascii_lowercase(), "A", 9)),
            ("token", key),
            ("token", code),
            ("token", "a.b.d"),
            ("token", ""),
        ] {
            let error = fixture.prove(serde_json::json!({ name: value })).await.unwrap_err();
            assert!(matches!(error, Error::Unauthenticated(_)), "{name} {value}: {error}");
            answers.insert(error.to_string());
        }
        assert_eq!(answers.len(), 1, "{answers:?}");
    }

    #[tokio::test]
    async fn request_has_exactly_one_credential() {
        let fixture = fixture();
        for body in [
            serde_json::json!({}),
            serde_json::json!({"key": null}),
            serde_json::json!({"key": fixture.key, "code": fixture.code}),
            serde_json::json!({"key": fixture.key, "token": "a.b.c"}),
        ] {
            assert!(matches!(fixture.prove(body.clone()).await, Err(Error::Invalid(_))), "{body}");
        }
        let code = serde_json::json!({"code": fixture.code});
        assert!(fixture.prove(code).await.is_ok(), "a refused request uses up no code");
    }
}
