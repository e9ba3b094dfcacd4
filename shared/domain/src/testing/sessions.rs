//! Implements the ports of sessions in memory.

use std::collections::{BTreeSet, HashMap};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;

use super::outage::{lock, outage};
use crate::access::sessions::ports::{SessionIndex, SessionReader, SessionWriter, SignInAttempts, SignInCodes};
use crate::access::sessions::session::Session;
use crate::access::sessions::sign_in_code::SignInCode;
use crate::values::error::StoreError;
use crate::values::timestamp::Timestamp;
use crate::values::workspace::WorkspaceId;

/// A store of sessions, by the hash of their secret.
#[derive(Default)]
pub struct MemorySessions {
    sessions: Mutex<HashMap<String, Session>>,
    failing: AtomicBool,
}

impl MemorySessions {
    /// Makes every later call fail.
    pub fn fail(&self) {
        self.failing.store(true, Ordering::SeqCst);
    }

    /// Returns all sessions.
    pub fn all(&self) -> Vec<Session> {
        lock(&self.sessions).values().cloned().collect()
    }

    fn check(&self, operation: &'static str) -> Result<(), StoreError> {
        if self.failing.load(Ordering::SeqCst) { Err(outage(operation)) } else { Ok(()) }
    }
}

#[async_trait]
impl SessionReader for MemorySessions {
    async fn find(&self, hash: &str) -> Result<Option<Session>, StoreError> {
        self.check("sessions.find")?;
        Ok(lock(&self.sessions).get(hash).cloned())
    }

    async fn note(&self, hash: &str, at: Timestamp, unless_after: Timestamp) -> Result<(), StoreError> {
        self.check("sessions.note")?;
        let mut sessions = lock(&self.sessions);
        if let Some(session) = sessions.get_mut(hash).filter(|session| session.last_used_at <= unless_after) {
            session.last_used_at = at;
        }
        Ok(())
    }
}

#[async_trait]
impl SessionWriter for MemorySessions {
    async fn insert(&self, hash: &str, session: &Session) -> Result<(), StoreError> {
        self.check("sessions.insert")?;
        lock(&self.sessions).insert(hash.to_owned(), session.clone());
        Ok(())
    }

    async fn delete(&self, hash: &str, id: &str) -> Result<bool, StoreError> {
        self.check("sessions.delete")?;
        let mut sessions = lock(&self.sessions);
        let is_there = sessions.get(hash).is_some_and(|session| session.id == id);
        Ok(is_there && sessions.remove(hash).is_some())
    }
}

#[async_trait]
impl SessionIndex for MemorySessions {
    async fn newest(
        &self,
        workspace: &WorkspaceId,
        before: Option<&str>,
        limit: usize,
    ) -> Result<Vec<Session>, StoreError> {
        self.check("sessions.newest")?;
        let mut sessions = self.all();
        sessions.retain(|session| {
            session.workspace == *workspace && before.is_none_or(|before| session.id.as_str() < before)
        });
        sessions.sort_by(|a, b| b.id.cmp(&a.id));
        sessions.truncate(limit);
        Ok(sessions)
    }

    async fn get(&self, workspace: &WorkspaceId, id: &str) -> Result<Option<(String, Session)>, StoreError> {
        self.check("sessions.get")?;
        let sessions = lock(&self.sessions);
        let mut found = sessions.iter().filter(|(_, session)| session.workspace == *workspace && session.id == id);
        Ok(found.next().map(|(hash, session)| (hash.clone(), session.clone())))
    }
}

/// A store of sign-in codes, by the hash of their secret.
#[derive(Default)]
pub struct MemoryCodes(Mutex<HashMap<String, SignInCode>>);

impl MemoryCodes {
    /// Adds a code by the hash of its secret.
    pub fn insert(&self, hash: String, code: SignInCode) {
        lock(&self.0).insert(hash, code);
    }
}

#[async_trait]
impl SignInCodes for MemoryCodes {
    async fn take(&self, hash: &str) -> Result<Option<SignInCode>, StoreError> {
        Ok(lock(&self.0).remove(hash))
    }
}

/// A count of sign-ins that have failed, by window and name.
#[derive(Default)]
pub struct MemorySignInAttempts {
    made: Mutex<HashMap<(i64, String), u32>>,
    salts: Mutex<HashMap<i64, [u8; 32]>>,
    failing: AtomicBool,
}

impl MemorySignInAttempts {
    /// Makes every later call fail.
    pub fn fail(&self) {
        self.failing.store(true, Ordering::SeqCst);
    }

    /// Returns the names that were counted, of all windows.
    pub fn names(&self) -> BTreeSet<String> {
        lock(&self.made).keys().map(|(_, name)| name.clone()).collect()
    }

    fn check(&self, operation: &'static str) -> Result<(), StoreError> {
        if self.failing.load(Ordering::SeqCst) { Err(outage(operation)) } else { Ok(()) }
    }
}

#[async_trait]
impl SignInAttempts for MemorySignInAttempts {
    async fn salt(&self, window: i64, fresh: [u8; 32]) -> Result<[u8; 32], StoreError> {
        self.check("sign_in_attempts.salt")?;
        Ok(*lock(&self.salts).entry(window).or_insert(fresh))
    }

    async fn begin(&self, who: &str, window: i64, limit: u32) -> Result<bool, StoreError> {
        self.check("sign_in_attempts.begin")?;
        let mut all = lock(&self.made);
        let made = all.entry((window, who.to_owned())).or_default();
        let allowed = *made < limit;
        *made += u32::from(allowed);
        Ok(allowed)
    }

    async fn take_back(&self, who: &str, window: i64) -> Result<(), StoreError> {
        self.check("sign_in_attempts.take_back")?;
        if let Some(made) = lock(&self.made).get_mut(&(window, who.to_owned())) {
            *made = made.saturating_sub(1);
        }
        Ok(())
    }
}
