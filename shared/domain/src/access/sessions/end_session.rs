//! Ends sessions.

use super::ports::{SessionIndex, SessionWriter};
use super::session::{CurrentSession, Session};
use crate::access::key::{Caller, Role};
use crate::values::error::Error;

/// Ends the session with this id: one of the caller's own key or subject, or any of its workspace if the caller is an admin.
///
/// # Errors
/// [`Error::NotFound`] if there is no such session, or the caller may not end it.
pub async fn end_session(
    index: &dyn SessionIndex,
    writer: &dyn SessionWriter,
    caller: &Caller,
    id: &str,
) -> Result<(), Error> {
    // No other text is the id of a session.
    let found = if Session::is_id(id) { index.get(&caller.workspace, id).await? } else { None };
    let may_end = |session: &Session| session.key_id == caller.key_id || caller.role >= Role::Admin;
    let (hash, _) = found.filter(|(_, session)| may_end(session)).ok_or(Error::NotFound("session"))?;
    end(writer, caller, &hash, id).await
}

/// Ends the session of the request: the caller signs out.
///
/// # Errors
/// [`Error::NotFound`] if the session was ended meanwhile, or the request has none.
pub async fn end_current_session(
    writer: &dyn SessionWriter,
    caller: &Caller,
    current: Option<&CurrentSession>,
) -> Result<(), Error> {
    let CurrentSession { hash, session } = current.ok_or(Error::NotFound("session"))?;
    end(writer, caller, hash, &session.id).await
}

async fn end(writer: &dyn SessionWriter, caller: &Caller, hash: &str, id: &str) -> Result<(), Error> {
    if !writer.delete(hash, id).await? {
        return Err(Error::NotFound("session"));
    }
    tracing::info!(event = "session.ended", workspace = %caller.workspace, session_id = id, by = caller.key_id);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::sessions::ports::SessionReader;
    use crate::testing::samples::{caller, session};
    use crate::testing::sessions::MemorySessions;

    #[tokio::test]
    async fn callers_end_their_own_sessions_and_admins_those_of_the_workspace() {
        for (workspace, role, key_id, ends) in [
            ("acme", Role::Viewer, "key_1", true),
            ("acme", Role::Editor, "key_2", false),
            ("acme", Role::Admin, "key_2", true),
            ("other", Role::Admin, "key_1", false),
        ] {
            let sessions = MemorySessions::default();
            let session = session(1, "acme", "key_1");
            sessions.insert("hash", &session).await.unwrap();
            let caller = Caller { key_id: key_id.to_owned(), ..caller(workspace, role) };
            let result = end_session(&sessions, &sessions, &caller, &session.id).await;
            assert_eq!(result.is_ok(), ends, "{workspace} {role} {key_id}");
            assert_eq!(sessions.find("hash").await.unwrap().is_none(), ends);
            if ends {
                let again = end_session(&sessions, &sessions, &caller, &session.id).await;
                assert!(matches!(again, Err(Error::NotFound(_))));
            }
        }
    }

    #[tokio::test]
    async fn other_texts_are_no_ids() {
        let (sessions, admin) = (MemorySessions::default(), caller("acme", Role::Admin));
        for id in ["", "current", "ses_", "#", "key_0199b0c67e4570008000000000000005"] {
            let result = end_session(&sessions, &sessions, &admin, id).await;
            assert!(matches!(result, Err(Error::NotFound(_))), "{id}");
        }
    }

    #[tokio::test]
    async fn current_session_is_ended_once() {
        let (sessions, viewer) = (MemorySessions::default(), caller("acme", Role::Viewer));
        let current = CurrentSession { hash: "hash".to_owned(), session: session(1, "acme", "key_test") };
        sessions.insert(&current.hash, &current.session).await.unwrap();
        assert!(matches!(end_current_session(&sessions, &viewer, None).await, Err(Error::NotFound(_))));
        end_current_session(&sessions, &viewer, Some(&current)).await.unwrap();
        let again = end_current_session(&sessions, &viewer, Some(&current)).await;
        assert!(matches!(again, Err(Error::NotFound(_))));
    }
}
