//! Who calls? From an `Authorization` header to a [`Caller`].

use super::key::{Caller, KeySecret};
use super::ports::KeyReader;
use super::ports::TokenVerifier;
use crate::ports::Clock;
use crate::values::error::Error;

/// What an `Authorization` header proves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proof {
    /// Who calls.
    pub caller: Caller,
    /// The hash of the API key whose use is worth noting; see [`super::key::ApiKey::is_use_noteworthy`].
    pub note_use_of: Option<String>,
}

/// What proving a caller needs.
#[derive(Clone, Copy)]
pub struct AuthenticatePorts<'a> {
    /// Finds API keys.
    pub keys: &'a dyn KeyReader,
    /// Verifies tokens of an identity provider; without it, no token proves anything.
    pub tokens: Option<&'a dyn TokenVerifier>,
    /// Tells whether a key has expired.
    pub clock: &'a dyn Clock,
}

/// Proves who calls: by an API key, or by a token of an identity provider.
///
/// # Errors
/// [`Error::Unauthenticated`]: what is unknown, expired, malformed, or signed by somebody else, looks alike.
pub async fn authenticate(ports: &AuthenticatePorts<'_>, authorization: Option<&str>) -> Result<Proof, Error> {
    let AuthenticatePorts { keys, tokens, clock } = *ports;
    let header = authorization.ok_or(Error::Unauthenticated("send 'Authorization: Bearer <API key or token>'"))?;
    let token = bearer(header).ok_or(UNKNOWN)?;
    let now = clock.now();
    if let Some(secret) = KeySecret::parse(token) {
        let hash = secret.hash();
        let key = keys.find(&hash).await?.filter(|key| !key.is_expired(now)).ok_or(UNKNOWN)?;
        let note_use_of = key.is_use_noteworthy(now).then_some(hash);
        let caller = Caller { workspace: key.workspace, role: key.role, key_id: key.key_id };
        return Ok(Proof { caller, note_use_of });
    }
    let caller = tokens.ok_or(UNKNOWN)?.verify(token, now).await?.ok_or(UNKNOWN)?;
    Ok(Proof { caller, note_use_of: None })
}

const UNKNOWN: Error = Error::Unauthenticated("the API key or token is not valid or has expired");

/// The token of a `Bearer` header; the scheme's name has no case (RFC 9110, section 11.1).
fn bearer(header: &str) -> Option<&str> {
    let (scheme, token) = header.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::key::{ApiKey, Role};
    use crate::testing::keys::{MemoryKeys, MemoryTokens};
    use crate::testing::samples::caller;
    use crate::testing::system::{FixedClock, SeededRandom};
    use crate::values::timestamp::Timestamp;
    use crate::values::workspace::WorkspaceId;

    fn fixture(expires_at: Option<&str>) -> (MemoryKeys, KeySecret, FixedClock) {
        let secret = KeySecret::generate(&SeededRandom::new(1));
        let keys = MemoryKeys::default();
        let key = ApiKey {
            key_id: "key_1".into(),
            workspace: WorkspaceId::parse("acme").unwrap(),
            role: Role::Editor,
            name: "ci".into(),
            created_at: Timestamp::parse("2026-01-01T00:00:00Z").unwrap(),
            expires_at: expires_at.map(|text| Timestamp::parse(text).unwrap()),
            last_used_at: None,
            origin: None,
        };
        keys.insert(secret.hash(), key);
        (keys, secret, FixedClock::at("2026-06-01T00:00:00Z"))
    }

    #[tokio::test]
    async fn a_known_key_opens_its_workspace() {
        let (keys, secret, clock) = fixture(Some("2026-06-01T00:00:01Z"));
        let header = format!("bearer {}", secret.expose());
        let caller = authenticate(&AuthenticatePorts { keys: &keys, tokens: None, clock: &clock }, Some(&header))
            .await
            .unwrap()
            .caller;
        assert_eq!((caller.workspace.as_str(), caller.role), ("acme", Role::Editor));
    }

    #[tokio::test]
    async fn an_expired_an_unknown_and_no_key_open_nothing() {
        let (keys, secret, clock) = fixture(Some("2026-06-01T00:00:00Z"));
        let tokens = MemoryTokens::default();
        let other = KeySecret::generate(&SeededRandom::new(2));
        let basic = format!("Basic {}", secret.expose());
        for header in [
            None,
            Some(""),
            Some("Bearer x"),
            Some(basic.as_str()),
            Some(&format!("Bearer {}", secret.expose())),
            Some(&format!("Bearer {}", other.expose())),
        ] {
            for tokens in [None, Some(&tokens as &dyn TokenVerifier)] {
                let error = authenticate(&AuthenticatePorts { keys: &keys, tokens: tokens, clock: &clock }, header)
                    .await
                    .unwrap_err();
                assert!(matches!(error, Error::Unauthenticated(_)), "{header:?}");
            }
        }
    }

    #[tokio::test]
    async fn a_token_opens_what_it_proves_if_tokens_are_on() {
        let (keys, secret, clock) = fixture(None);
        let tokens = MemoryTokens::with("a.b.c", caller("other", Role::Admin));
        let proof = authenticate(
            &AuthenticatePorts { keys: &keys, tokens: Some(&tokens), clock: &clock },
            Some("Bearer a.b.c"),
        )
        .await
        .unwrap();
        assert_eq!((proof.caller.workspace.as_str(), proof.note_use_of), ("other", None));
        assert!(
            authenticate(&AuthenticatePorts { keys: &keys, tokens: None, clock: &clock }, Some("Bearer a.b.c"))
                .await
                .is_err()
        );
        tokens.fail();
        let error = authenticate(
            &AuthenticatePorts { keys: &keys, tokens: Some(&tokens), clock: &clock },
            Some("Bearer a.b.c"),
        )
        .await
        .unwrap_err();
        assert!(matches!(error, Error::Store(error) if error.is_retryable()));
        let header = format!("Bearer {}", secret.expose());
        authenticate(&AuthenticatePorts { keys: &keys, tokens: Some(&tokens), clock: &clock }, Some(&header))
            .await
            .expect("a key needs no provider");
    }

    #[tokio::test]
    async fn a_use_is_noteworthy_once_in_some_minutes() {
        let (keys, secret, clock) = fixture(None);
        let header = format!("Bearer {}", secret.expose());
        for (last_used_at, noteworthy) in [
            (None, true),
            (Some("2026-05-31T23:55:00Z"), true),
            (Some("2026-05-31T23:55:01Z"), false),
            (Some("2026-06-01T00:00:01Z"), false),
        ] {
            let mut key = keys.all().remove(0);
            key.last_used_at = last_used_at.map(|text| Timestamp::parse(text).unwrap());
            keys.insert(secret.hash(), key);
            let proof = authenticate(&AuthenticatePorts { keys: &keys, tokens: None, clock: &clock }, Some(&header))
                .await
                .unwrap();
            assert_eq!(proof.note_use_of.is_some(), noteworthy, "{last_used_at:?}");
        }
    }
}
