//! Who calls? From an `Authorization` header to a [`Caller`].

use crate::ports::{Clock, KeyReader};
use crate::{Caller, Error, KeySecret};

/// The caller that `authorization` proves, or [`Error::Unauthenticated`]. An unknown, an expired and a malformed key look alike.
pub async fn authenticate(
    keys: &dyn KeyReader,
    clock: &dyn Clock,
    authorization: Option<&str>,
) -> Result<Caller, Error> {
    let header = authorization.ok_or(Error::Unauthenticated("send 'Authorization: Bearer <API key>'"))?;
    let secret = bearer(header).and_then(KeySecret::parse).ok_or(UNKNOWN)?;
    let key = keys.find(&secret.hash()).await?.ok_or(UNKNOWN)?;
    if key.expires_at.is_some_and(|expiry| expiry <= clock.now()) {
        return Err(UNKNOWN);
    }
    Ok(Caller { workspace: key.workspace, role: key.role, key_id: key.key_id })
}

const UNKNOWN: Error = Error::Unauthenticated("the API key is unknown or has expired");

/// The token of a `Bearer` header; the scheme's name has no case (RFC 9110, section 11.1).
fn bearer(header: &str) -> Option<&str> {
    let (scheme, token) = header.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::memory::{FixedClock, MemoryKeys, SeededRandom};
    use crate::{ApiKey, Role, Timestamp, WorkspaceId};

    fn fixture(expires_at: Option<&str>) -> (MemoryKeys, KeySecret, FixedClock) {
        let secret = KeySecret::generate(&SeededRandom::new(1));
        let keys = MemoryKeys::default();
        let created_at = Timestamp::parse("2026-01-01T00:00:00Z").unwrap();
        let expires_at = expires_at.map(|text| Timestamp::parse(text).unwrap());
        let workspace = WorkspaceId::parse("acme").unwrap();
        let key =
            ApiKey { key_id: "key_1".into(), workspace, role: Role::Editor, name: "ci".into(), created_at, expires_at };
        keys.insert(secret.hash(), key);
        (keys, secret, FixedClock::at("2026-06-01T00:00:00Z"))
    }

    #[tokio::test]
    async fn a_known_key_opens_its_workspace() {
        let (keys, secret, clock) = fixture(Some("2026-06-01T00:00:01Z"));
        let header = format!("bearer {}", secret.expose());
        let caller = authenticate(&keys, &clock, Some(&header)).await.unwrap();
        assert_eq!((caller.workspace.as_str(), caller.role), ("acme", Role::Editor));
    }

    #[tokio::test]
    async fn an_expired_an_unknown_and_no_key_open_nothing() {
        let (keys, secret, clock) = fixture(Some("2026-06-01T00:00:00Z"));
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
            let error = authenticate(&keys, &clock, header).await.unwrap_err();
            assert!(matches!(error, Error::Unauthenticated(_)), "{header:?}");
        }
    }
}
