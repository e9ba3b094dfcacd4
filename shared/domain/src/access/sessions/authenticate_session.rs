//! Authenticates the caller of a request by the secret of a session.

use std::net::IpAddr;

use super::ports::SessionReader;
use super::session::{CurrentSession, Session, SessionSecret, SessionSource};
use crate::access::authenticate::{AuthenticatePorts, Authenticated, authenticate_key};
use crate::access::key::{Caller, Credential};
use crate::values::error::Error;

/// The one answer to a session that is unknown, has ended, or whose key no longer works.
pub const INVALID: Error = Error::Unauthenticated("the session is not valid or has ended: sign in again");

/// Authenticates a caller by a session. Reads the session, and its key if it came from one: a session never reaches more than its key
/// does now, and ends with it. `address` is the caller's, if it is known.
///
/// # Errors
/// [`Error::Unauthenticated`] has the same message whatever the reason.
pub async fn authenticate_session(
    sessions: &dyn SessionReader,
    ports: &AuthenticatePorts<'_>,
    secret: &SessionSecret,
    address: Option<IpAddr>,
) -> Result<Authenticated, Error> {
    let (hash, now) = (secret.hash(), ports.clock.now());
    let session = sessions.find(&hash).await?.filter(|session| !session.is_expired(now)).ok_or(INVALID)?;
    let authenticated = match &session.source {
        SessionSource::Key { hash } => authenticate_key(ports, hash, address).await?.ok_or(INVALID)?,
        // The stack has stopped to trust its identity provider.
        SessionSource::Token if ports.tokens.is_none() => return Err(INVALID),
        SessionSource::Token | SessionSource::Code => of_itself(&session),
    };
    if authenticated.caller.workspace != session.workspace {
        return Err(INVALID);
    }
    Ok(Authenticated { session: Some(CurrentSession { hash, session }), ..authenticated })
}

/// Makes the caller of a session that says itself who it is.
fn of_itself(session: &Session) -> Authenticated {
    let kind = session.source.kind();
    let (name, expires_at) = (session.name.clone(), Some(session.expires_at));
    Authenticated {
        caller: Caller::new(session.workspace.clone(), session.role, session.key_id.clone()),
        credential: Credential { kind, name, expires_at, limits: None },
        note_use_of: None,
        session: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::key::{ApiKey, CredentialKind, KeySecret, Role};
    use crate::access::key_limits::KeyLimits;
    use crate::access::ports::{KeyReader, KeyWriter, TokenVerifier};
    use crate::access::sessions::ports::SessionWriter;
    use crate::testing::keys::{MemoryKeys, MemoryTokens};
    use crate::testing::samples::session;
    use crate::testing::sessions::MemorySessions;
    use crate::testing::system::{FixedClock, SeededRandom};
    use crate::values::address_range::AddressRange;

    struct Fixture {
        keys: MemoryKeys,
        sessions: MemorySessions,
        clock: FixedClock,
        key_hash: String,
        secret: SessionSecret,
    }

    /// Makes a session of the key `key_1`, an editor.
    async fn fixture() -> Fixture {
        let (keys, sessions) = (MemoryKeys::default(), MemorySessions::default());
        let header = keys.authorize(1, "acme", Role::Editor);
        let key_hash = KeySecret::parse(header.trim_start_matches("Bearer ")).unwrap().hash();
        let secret = SessionSecret::generate(&SeededRandom::new(2));
        let source = SessionSource::Key { hash: key_hash.clone() };
        let session = Session { source, ..session(1, "acme", "key_1") };
        sessions.insert(&secret.hash(), &session).await.unwrap();
        Fixture { keys, sessions, clock: FixedClock::at("2026-01-01T00:00:10Z"), key_hash, secret }
    }

    impl Fixture {
        async fn ask(&self, tokens: Option<&dyn TokenVerifier>) -> Result<Authenticated, Error> {
            let ports = AuthenticatePorts { keys: &self.keys, tokens, clock: &self.clock };
            let address = Some("203.0.113.9".parse().unwrap());
            authenticate_session(&self.sessions, &ports, &self.secret, address).await
        }

        async fn is_refused(&self) -> bool {
            let error = self.ask(None).await.unwrap_err();
            matches!(&error, Error::Unauthenticated(text) if INVALID.to_string() == **text)
        }

        async fn change_key(&self, change: impl FnOnce(&mut ApiKey)) {
            let mut key = self.keys.find(&self.key_hash).await.unwrap().unwrap();
            change(&mut key);
            KeyWriter::insert(&self.keys, &self.key_hash, &key).await.unwrap();
        }
    }

    #[tokio::test]
    async fn session_has_the_role_and_limits_that_its_key_has_now() {
        let fixture = fixture().await;
        let found = fixture.ask(None).await.unwrap();
        assert_eq!((found.caller.key_id.as_str(), found.caller.role), ("key_1", Role::Editor));
        assert_eq!(found.session.unwrap().hash, fixture.secret.hash());
        assert_eq!(found.note_use_of.as_ref(), Some(&fixture.key_hash));
        let limits = KeyLimits { tags: vec!["a".to_owned()], ..KeyLimits::default() };
        fixture.change_key(|key| (key.role, key.limits) = (Role::Viewer, Some(limits))).await;
        let found = fixture.ask(None).await.unwrap();
        assert_eq!((found.caller.role, found.caller.scope.tags()), (Role::Viewer, &["a".to_owned()][..]));
        assert!(found.caller.is_limited);
    }

    #[tokio::test]
    async fn session_ends_with_its_key() {
        let revoked = fixture().await;
        let key = revoked.keys.all().remove(0);
        revoked.keys.revoke(&key.workspace, &key.key_id).await.unwrap();
        assert!(revoked.is_refused().await);

        let expired = fixture().await;
        expired.change_key(|key| key.expires_at = Some(key.created_at.plus_seconds(10))).await;
        assert!(expired.is_refused().await);

        let elsewhere = fixture().await;
        let addresses = vec![AddressRange::parse("198.51.100.0/24").unwrap()];
        elsewhere.change_key(|key| key.limits = Some(KeyLimits { addresses, ..KeyLimits::default() })).await;
        assert!(elsewhere.is_refused().await);

        let moved = fixture().await;
        moved.change_key(|key| key.workspace = crate::testing::samples::caller("other", Role::Viewer).workspace).await;
        assert!(moved.is_refused().await);
    }

    #[tokio::test]
    async fn ended_and_unknown_sessions_are_refused() {
        let fixture = fixture().await;
        fixture.clock.advance(Session::MAX_SECONDS - 11);
        assert!(fixture.ask(None).await.is_ok());
        fixture.clock.advance(1);
        assert!(fixture.is_refused().await, "it has ended");

        let other = Fixture { secret: SessionSecret::generate(&SeededRandom::new(3)), ..self::fixture().await };
        assert!(other.is_refused().await, "it is unknown");

        let gone = self::fixture().await;
        gone.sessions.delete(&gone.secret.hash(), &session(1, "acme", "key_1").id).await.unwrap();
        assert!(gone.is_refused().await, "it was ended");
    }

    #[tokio::test]
    async fn sessions_of_tokens_end_when_the_stack_takes_none() {
        let (mut fixture, tokens) = (fixture().await, MemoryTokens::default());
        fixture.secret = SessionSecret::generate(&SeededRandom::new(4));
        let of_token = Session { source: SessionSource::Token, role: Role::Admin, ..session(2, "acme", "sub_1") };
        fixture.sessions.insert(&fixture.secret.hash(), &of_token).await.unwrap();
        let found = fixture.ask(Some(&tokens)).await.unwrap();
        assert_eq!((found.caller.role, found.credential.kind), (Role::Admin, CredentialKind::Token));
        assert_eq!(found.credential.expires_at, Some(of_token.expires_at));
        assert!(fixture.is_refused().await);
    }

    #[tokio::test]
    async fn failing_store_is_no_refusal() {
        let fixture = fixture().await;
        fixture.sessions.fail();
        assert!(matches!(fixture.ask(None).await, Err(Error::Store(error)) if error.is_retryable()));
    }
}
