//! Keeps the issuer's keys in the process.

use std::sync::{Arc, Mutex as StdMutex, MutexGuard, PoisonError};

use serde::Deserialize;
use tokio::sync::Mutex;
use url::Url;
use waypost_domain::{StoreError, StoreErrorKind, Timestamp};

use super::fetch::{Fetch, FetchError, fetch_document};
use super::key::{PublicKey, keys_of_set};

/// How long keys are used before the issuer is asked again. A key that the issuer withdrew stays valid no longer than that.
const FRESH_SECONDS: i64 = 3600;
/// The shortest time between two requests to the issuer: a caller that invents key ids must not cause a request each time.
const ASK_EVERY_SECONDS: i64 = 60;
/// The shortest time after a request that the issuer did not answer.
const ASK_AGAIN_SECONDS: i64 = 5;

/// The keys of one issuer.
pub(super) struct KeyRing {
    issuer: String,
    fetch: Arc<dyn Fetch>,
    known: StdMutex<Known>,
    /// Held by the task that asks. Other tasks wait for its answer.
    asking: Mutex<()>,
}

#[derive(Default)]
struct Known {
    keys: Vec<Arc<PublicKey>>,
    /// When the keys were fetched.
    got_at: Option<Timestamp>,
    /// When the issuer was last asked, and whether it answered.
    asked: Option<(Timestamp, bool)>,
}

impl Known {
    /// Finds the key with this id. Without an id, the only key.
    fn find(&self, id: Option<&str>) -> Option<Arc<PublicKey>> {
        match (id, self.keys.as_slice()) {
            (Some(_), keys) => keys.iter().find(|key| key.id.as_deref() == id).cloned(),
            (None, [only]) => Some(only.clone()),
            (None, _) => None,
        }
    }

    fn is_fresh(&self, now: Timestamp) -> bool {
        self.got_at.is_some_and(|got_at| now < got_at.plus_seconds(FRESH_SECONDS))
    }

    fn may_ask(&self, now: Timestamp) -> bool {
        self.asked.is_none_or(|(asked_at, answered)| {
            now >= asked_at.plus_seconds(if answered { ASK_EVERY_SECONDS } else { ASK_AGAIN_SECONDS })
        })
    }
}

#[derive(Deserialize)]
struct Discovery {
    issuer: String,
    jwks_uri: String,
}

impl KeyRing {
    pub(super) fn new(issuer: &str, fetch: Arc<dyn Fetch>) -> Self {
        Self { issuer: issuer.to_owned(), fetch, known: StdMutex::default(), asking: Mutex::default() }
    }

    /// Finds the key with this id, or `None` if the issuer has no such key. Asks the issuer if the id is new or the keys are
    /// old. While the issuer cannot be reached, known keys stay valid.
    ///
    /// # Errors
    /// The key is unknown and the issuer cannot be reached.
    pub(super) async fn find(&self, id: Option<&str>, now: Timestamp) -> Result<Option<Arc<PublicKey>>, StoreError> {
        if let Some(key) = self.fresh(id, now) {
            return Ok(Some(key));
        }
        let _asking = self.asking.lock().await;
        if let Some(key) = self.fresh(id, now) {
            return Ok(Some(key));
        }
        if self.known().may_ask(now) {
            self.ask(now).await;
        }
        let known = self.known();
        let reached = known.asked.is_some_and(|(_, answered)| answered);
        match known.find(id) {
            None if !reached => {
                Err(StoreError::new("tokens.keys", StoreErrorKind::Unavailable, "the issuer's keys cannot be fetched"))
            }
            found => Ok(found),
        }
    }

    fn fresh(&self, id: Option<&str>, now: Timestamp) -> Option<Arc<PublicKey>> {
        let known = self.known();
        known.find(id).filter(|_| known.is_fresh(now))
    }

    async fn ask(&self, now: Timestamp) {
        let answer = self.fetch_keys().await;
        let mut known = self.known();
        known.asked = Some((now, answer.is_ok()));
        match answer {
            Ok(keys) => {
                tracing::info!(event = "tokens.keys_got", issuer = self.issuer, keys = keys.len());
                known.keys = keys.into_iter().map(Arc::new).collect();
                known.got_at = Some(now);
            }
            Err(error) => tracing::warn!(event = "tokens.keys_not_got", issuer = self.issuer, %error),
        }
    }

    /// OpenID Connect Discovery 1.0, section 4.
    async fn fetch_keys(&self) -> Result<Vec<PublicKey>, FetchError> {
        let url = format!("{}/.well-known/openid-configuration", self.issuer.trim_end_matches('/'));
        let document = fetch_document(self.fetch.as_ref(), &Url::parse(&url)?).await?;
        let discovery: Discovery = serde_json::from_slice(&document)?;
        if discovery.issuer != self.issuer {
            return Err("the configuration is another issuer's".into());
        }
        let document = fetch_document(self.fetch.as_ref(), &Url::parse(&discovery.jwks_uri)?).await?;
        Ok(keys_of_set(&document)?)
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
