//! Opens a session for a caller who has signed in.

use super::ports::SessionWriter;
use super::prove::Proven;
use super::session::{Session, SessionSecret};
use crate::ports::{Clock, Random};
use crate::values::error::Error;

/// What [`open_session`] needs from outside.
#[derive(Clone, Copy)]
pub struct OpenSessionPorts<'a> {
    /// Writes the session.
    pub sessions: &'a dyn SessionWriter,
    /// Tells the time of the sign-in.
    pub clock: &'a dyn Clock,
    /// Makes the secret and the id.
    pub random: &'a dyn Random,
}

/// Opens a session. It lasts for [`Session::MAX_SECONDS`], or until what it came from expires. Returns it with its secret, which
/// cannot be read again. `client` names the browser.
///
/// # Errors
/// [`Error::Store`] if the session cannot be written.
pub async fn open_session(
    ports: &OpenSessionPorts<'_>,
    proven: Proven,
    client: Option<String>,
) -> Result<(Session, SessionSecret), Error> {
    let (now, id) = (ports.clock.now(), Session::generate_id(ports.clock, ports.random));
    let latest = now.plus_seconds(Session::MAX_SECONDS);
    let session = Session {
        workspace: proven.workspace,
        role: proven.role,
        key_id: proven.key_id.unwrap_or_else(|| id.clone()),
        name: proven.name,
        source: proven.source,
        created_at: now,
        expires_at: proven.expires_at.map_or(latest, |expiry| expiry.min(latest)),
        last_used_at: now,
        client,
        id,
    };
    let secret = SessionSecret::generate(ports.random);
    ports.sessions.insert(&secret.hash(), &session).await?;
    tracing::info!(
        event = "session.opened",
        workspace = %session.workspace,
        session_id = session.id,
        by = session.key_id,
        role = %session.role,
        kind = ?session.source.kind(),
    );
    Ok((session, secret))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::key::Role;
    use crate::access::sessions::ports::SessionReader;
    use crate::access::sessions::session::SessionSource;
    use crate::testing::sessions::MemorySessions;
    use crate::testing::system::{FixedClock, SeededRandom};
    use crate::values::timestamp::Timestamp;
    use crate::values::workspace::WorkspaceId;

    #[tokio::test]
    async fn session_lasts_twelve_hours_at_most_and_not_longer_than_its_source() {
        let (sessions, clock) = (MemorySessions::default(), FixedClock::at("2026-01-01T00:00:00Z"));
        for (seed, expiry, end) in [
            (1, None, "2026-01-01T12:00:00.000Z"),
            (2, Some("2026-01-01T12:00:01Z"), "2026-01-01T12:00:00.000Z"),
            (3, Some("2026-01-01T00:05:00Z"), "2026-01-01T00:05:00.000Z"),
        ] {
            let proven = Proven {
                workspace: WorkspaceId::parse("acme").unwrap(),
                role: Role::Viewer,
                key_id: None,
                name: "x".to_owned(),
                source: SessionSource::Token,
                expires_at: expiry.map(|text| Timestamp::parse(text).unwrap()),
            };
            let random = SeededRandom::new(seed);
            let ports = OpenSessionPorts { sessions: &sessions, clock: &clock, random: &random };
            let (session, secret) = open_session(&ports, proven, None).await.unwrap();
            assert_eq!((session.expires_at.to_string().as_str(), &session.key_id), (end, &session.id));
            assert_eq!(sessions.find(&secret.hash()).await.unwrap(), Some(session));
        }
    }
}
