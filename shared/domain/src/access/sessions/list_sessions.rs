//! Lists sessions, the newest first.

use super::ports::SessionIndex;
use super::session::Session;
use crate::access::key::{Caller, Role};
use crate::ports::Clock;
use crate::values::error::Error;
use crate::values::page::{MAX_LIMIT, Page, PageQuery, PageRequest, encode_cursor};

/// How often a page asks the index, each time for [`MAX_LIMIT`] sessions. A page that finds too few by then ends where they ended.
const MAX_ROUNDS: usize = 10;

/// Returns one page of the sessions that have not ended: those of the caller's own key or subject, or `all` of the workspace, which
/// needs [`Role::Admin`].
///
/// # Errors
/// [`Error::Invalid`] names the parameters of the page that are wrong.
pub async fn list_sessions(
    (index, clock): (&dyn SessionIndex, &dyn Clock),
    caller: &Caller,
    all: bool,
    page: &PageRequest,
) -> Result<Page<Session>, Error> {
    caller.require(if all { Role::Admin } else { Role::Viewer })?;
    let PageQuery { limit, mut before } = page.check()?;
    let now = clock.now();
    let is_asked = |session: &Session| !session.is_expired(now) && (all || session.key_id == caller.key_id);
    let mut found = Vec::new();
    for _ in 0..MAX_ROUNDS {
        let read = index.newest(&caller.workspace, before.as_deref(), MAX_LIMIT).await?;
        let is_last = read.len() < MAX_LIMIT;
        before = read.last().map(|session| session.id.clone());
        found.extend(read.into_iter().filter(is_asked));
        if is_last || found.len() > limit {
            return Ok(Page::from_items(found, limit, |session| session.id.clone()));
        }
    }
    Ok(Page { items: found, next_cursor: before.as_deref().map(encode_cursor) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::sessions::ports::SessionWriter;
    use crate::testing::samples::{caller, session};
    use crate::testing::sessions::MemorySessions;
    use crate::testing::system::FixedClock;

    /// Reads all pages. Returns the ids, and the number of pages.
    async fn read_all(sessions: &MemorySessions, caller: &Caller, all: bool, limit: usize) -> (Vec<String>, usize) {
        let clock = FixedClock::at("2026-01-01T01:00:00Z");
        let (mut ids, mut pages) = (Vec::new(), 0);
        let mut request = PageRequest { limit: Some(limit), cursor: None };
        loop {
            let page = list_sessions((sessions, &clock), caller, all, &request).await.unwrap();
            assert!(page.items.len() <= limit);
            ids.extend(page.items.into_iter().map(|session| session.id));
            (request.cursor, pages) = (page.next_cursor, pages + 1);
            if request.cursor.is_none() {
                return (ids, pages);
            }
        }
    }

    #[tokio::test]
    async fn callers_list_their_own_and_admins_all() {
        let sessions = MemorySessions::default();
        let mut expected = Vec::new();
        for number in 0..30 {
            let (workspace, key) = if number % 7 == 3 { ("other", "key_test") } else { ("acme", "key_1") };
            let key = if number % 3 == 0 { "key_test" } else { key };
            let session = session(number, workspace, key);
            sessions.insert(&format!("hash {number}"), &session).await.unwrap();
            expected.insert(0, session);
        }
        expected.retain(|session| session.workspace.as_str() == "acme");
        let ids = |of: &dyn Fn(&Session) -> bool| -> Vec<String> {
            expected.iter().filter(|session| of(session)).map(|session| session.id.clone()).collect()
        };
        let (viewer, admin) = (caller("acme", Role::Viewer), caller("acme", Role::Admin));
        assert_eq!(read_all(&sessions, &viewer, false, 4).await.0, ids(&|session| session.key_id == "key_test"));
        assert_eq!(read_all(&sessions, &admin, false, 4).await.0, ids(&|session| session.key_id == "key_test"));
        assert_eq!(read_all(&sessions, &admin, true, 4).await.0, ids(&|_| true));
        let clock = FixedClock::at("2026-01-01T01:00:00Z");
        for role in [Role::Viewer, Role::Editor] {
            let result = list_sessions((&sessions, &clock), &caller("acme", role), true, &PageRequest::default()).await;
            assert!(matches!(result, Err(Error::Forbidden(_))), "{role}");
        }
    }

    #[tokio::test]
    async fn page_ends_after_some_rounds_and_the_next_goes_on() {
        let sessions = MemorySessions::default();
        let others = MAX_ROUNDS * MAX_LIMIT + 50;
        for number in 0..=others as u64 {
            let key = if number == 0 { "key_test" } else { "key_1" };
            sessions.insert(&format!("hash {number}"), &session(number, "acme", key)).await.unwrap();
        }
        let (ids, pages) = read_all(&sessions, &caller("acme", Role::Viewer), false, 5).await;
        assert_eq!((ids, pages), (vec![session(0, "acme", "key_test").id], 2));
    }

    #[tokio::test]
    async fn ended_sessions_are_not_listed() {
        let sessions = MemorySessions::default();
        let ended = session(1, "acme", "key_test");
        sessions.insert("hash", &Session { expires_at: ended.created_at, ..ended }).await.unwrap();
        assert!(read_all(&sessions, &caller("acme", Role::Admin), true, 5).await.0.is_empty());
    }
}
