//! Authenticates the caller of a request by its `Authorization` header, and by its address if its key is limited to some.

use std::net::IpAddr;

use super::key::{ApiKey, Caller, Credential, CredentialKind, KeySecret};
use super::ports::{KeyReader, TokenVerifier};
use super::sessions::session::CurrentSession;
use crate::ports::Clock;
use crate::values::error::Error;

/// The result of [`authenticate`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authenticated {
    /// The caller.
    pub caller: Caller,
    /// What it authenticated with.
    pub credential: Credential,
    /// The hash of the API key, if its use should be noted; see [`super::key::ApiKey::should_note_use`].
    pub note_use_of: Option<String>,
    /// The session that the caller authenticated with.
    pub session: Option<CurrentSession>,
}

/// What [`authenticate`] needs from outside.
#[derive(Clone, Copy)]
pub struct AuthenticatePorts<'a> {
    /// Finds API keys.
    pub keys: &'a dyn KeyReader,
    /// Verifies tokens of an identity provider. Without it, every token is rejected.
    pub tokens: Option<&'a dyn TokenVerifier>,
    /// Tells whether a key has expired.
    pub clock: &'a dyn Clock,
}

/// Authenticates a caller by an API key, or by a token of an identity provider. `address` is the caller's, if it is known: a key
/// can be limited to some.
///
/// # Errors
/// [`Error::Unauthenticated`] has the same message for every key or token that is not valid, whatever the reason: a stolen key does
/// not tell that it works elsewhere.
pub async fn authenticate(
    ports: &AuthenticatePorts<'_>,
    authorization: Option<&str>,
    address: Option<IpAddr>,
) -> Result<Authenticated, Error> {
    let header = authorization.ok_or(Error::Unauthenticated("send 'Authorization: Bearer <API key or token>'"))?;
    let token = bearer_token(header).ok_or(INVALID)?;
    let found = match KeySecret::parse(token) {
        Some(secret) => authenticate_key(ports, &secret.hash(), address).await?,
        None => authenticate_token(ports, token).await?,
    };
    found.ok_or(INVALID)
}

/// Authenticates a caller by the hash of an API key. Returns `None` if the key is unknown, has expired, or does not work from `address`.
pub(super) async fn authenticate_key(
    ports: &AuthenticatePorts<'_>,
    hash: &str,
    address: Option<IpAddr>,
) -> Result<Option<Authenticated>, Error> {
    let now = ports.clock.now();
    let Some(key) = ports.keys.find(hash).await?.filter(|key| !key.is_expired(now)) else { return Ok(None) };
    if key.limits.as_ref().is_some_and(|limits| !limits.allow_address(address)) {
        // For the operator: the caller gets the same answer as with an unknown key. Addresses are never logged.
        tracing::warn!(event = "key.address_refused", workspace = %key.workspace, key_id = key.key_id);
        return Ok(None);
    }
    let note_use_of = key.should_note_use(now).then(|| hash.to_owned());
    let caller = Caller::of_key(&key);
    let ApiKey { name, expires_at, limits, .. } = key;
    let credential = Credential { kind: CredentialKind::Key, name, expires_at, limits };
    Ok(Some(Authenticated { caller, credential, note_use_of, session: None }))
}

/// Authenticates a caller by a token of an identity provider. Returns `None` if it is not valid, or the stack takes none.
pub(super) async fn authenticate_token(
    ports: &AuthenticatePorts<'_>,
    token: &str,
) -> Result<Option<Authenticated>, Error> {
    let Some(tokens) = ports.tokens else { return Ok(None) };
    let found = tokens.verify(token, ports.clock.now()).await?;
    Ok(found.map(|(caller, credential)| Authenticated { caller, credential, note_use_of: None, session: None }))
}

const INVALID: Error = Error::Unauthenticated("the API key or token is not valid or has expired");

/// Returns the token of a `Bearer` header. The scheme's name is case-insensitive (RFC 9110, section 11.1).
fn bearer_token(header: &str) -> Option<&str> {
    let (scheme, token) = header.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::key::Role;
    use crate::access::key_limits::KeyLimits;
    use crate::testing::keys::{MemoryKeys, MemoryTokens};
    use crate::testing::samples::caller;
    use crate::testing::system::{FixedClock, SeededRandom};
    use crate::values::address_range::AddressRange;
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
            limits: None,
            last_used_at: None,
            origin: None,
        };
        keys.insert(secret.hash(), key);
        (keys, secret, FixedClock::at("2026-06-01T00:00:00Z"))
    }

    #[tokio::test]
    async fn valid_key_identifies_its_workspace() {
        let (keys, secret, clock) = fixture(Some("2026-06-01T00:00:01Z"));
        let header = format!("bearer {}", secret.expose());
        let ports = AuthenticatePorts { keys: &keys, tokens: None, clock: &clock };
        let Authenticated { caller, credential, .. } = authenticate(&ports, Some(&header), None).await.unwrap();
        assert_eq!((caller.workspace.as_str(), caller.role), ("acme", Role::Editor));
        assert_eq!((credential.kind, credential.name.as_str()), (CredentialKind::Key, "ci"));
        assert_eq!(credential.expires_at, Timestamp::parse("2026-06-01T00:00:01Z").ok());
    }

    #[tokio::test]
    async fn missing_unknown_and_expired_keys_are_rejected() {
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
                let ports = AuthenticatePorts { keys: &keys, tokens, clock: &clock };
                let error = authenticate(&ports, header, None).await.unwrap_err();
                assert!(matches!(error, Error::Unauthenticated(_)), "{header:?}");
            }
        }
    }

    #[tokio::test]
    async fn key_works_only_from_its_addresses() {
        let (keys, secret, clock) = fixture(None);
        let (header, unknown) = (format!("Bearer {}", secret.expose()), "Bearer x".to_owned());
        let addresses = ["203.0.113.0/24", "2001:db8::/32"].map(|range| AddressRange::parse(range).unwrap()).to_vec();
        let limits = Some(KeyLimits { tags: vec!["a".into()], addresses, ..KeyLimits::default() });
        let key = ApiKey { limits: limits.clone(), ..keys.all().remove(0) };
        keys.insert(secret.hash(), key);
        let ports = AuthenticatePorts { keys: &keys, tokens: None, clock: &clock };
        let refusal = authenticate(&ports, Some(&unknown), None).await.unwrap_err().to_string();
        for (address, works) in [
            (Some("203.0.113.7"), true),
            (Some("::ffff:203.0.113.7"), true),
            (Some("2001:db8::7"), true),
            (Some("198.51.100.7"), false),
            (None, false),
        ] {
            let address = address.map(|text| text.parse().unwrap());
            match authenticate(&ports, Some(&header), address).await {
                Ok(found) => {
                    assert!(works, "{address:?}");
                    assert_eq!((found.caller.scope.tags(), found.caller.is_limited), (&["a".to_owned()][..], true));
                    assert_eq!(found.credential.limits, limits);
                }
                Err(error) => assert!(!works && error.to_string() == refusal, "{address:?} {error}"),
            }
        }
    }

    #[tokio::test]
    async fn valid_token_identifies_a_caller_if_tokens_are_on() {
        let (keys, secret, clock) = fixture(None);
        let tokens = MemoryTokens::with("a.b.c", caller("other", Role::Admin));
        let without_tokens = AuthenticatePorts { keys: &keys, tokens: None, clock: &clock };
        let with_tokens = AuthenticatePorts { tokens: Some(&tokens), ..without_tokens };
        let authenticated = authenticate(&with_tokens, Some("Bearer a.b.c"), None).await.unwrap();
        assert_eq!((authenticated.caller.workspace.as_str(), authenticated.note_use_of), ("other", None));
        assert!(authenticate(&without_tokens, Some("Bearer a.b.c"), None).await.is_err());
        tokens.fail();
        let error = authenticate(&with_tokens, Some("Bearer a.b.c"), None).await.unwrap_err();
        assert!(matches!(error, Error::Store(error) if error.is_retryable()));
        let header = format!("Bearer {}", secret.expose());
        authenticate(&with_tokens, Some(&header), None).await.expect("an API key works without the identity provider");
    }

    #[tokio::test]
    async fn use_is_noted_once_in_five_minutes() {
        let (keys, secret, clock) = fixture(None);
        let header = format!("Bearer {}", secret.expose());
        for (last_used_at, noted) in [
            (None, true),
            (Some("2026-05-31T23:55:00Z"), true),
            (Some("2026-05-31T23:55:01Z"), false),
            (Some("2026-06-01T00:00:01Z"), false),
        ] {
            let mut key = keys.all().remove(0);
            key.last_used_at = last_used_at.map(|text| Timestamp::parse(text).unwrap());
            keys.insert(secret.hash(), key);
            let ports = AuthenticatePorts { keys: &keys, tokens: None, clock: &clock };
            let authenticated = authenticate(&ports, Some(&header), None).await.unwrap();
            assert_eq!(authenticated.note_use_of.is_some(), noted, "{last_used_at:?}");
        }
    }
}
