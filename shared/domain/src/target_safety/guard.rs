//! Asks about URLs: from memory if possible, each URL once at a time, and not at all while the service fails.

use std::sync::Arc;

use futures::lock::Mutex;

use super::cache::VerdictCache;
use super::ports::TargetChecker;
use super::threat::Threat;
use crate::ports::Clock;
use crate::redirect::circuit_breaker::{CircuitBreaker, Pause};
use crate::values::error::StoreErrorKind;
use crate::values::timestamp::Timestamp;

/// How many questions in a row must fail before the service is left alone, and how long.
const PAUSE: Pause = Pause { after_failures: 5, millis: 30_000 };
/// So many questions can be open at the same time. URLs that share a place wait for each other.
const PLACES: usize = 64;

/// What is known about a URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Known {
    /// Nobody knows anything bad of it.
    Fine,
    /// It is unsafe.
    Unsafe(Threat),
    /// There was no answer. The URL may be used; a later check asks again.
    Unknown,
}

/// Asks a service, for as long as the process lives.
pub struct TargetGuard {
    checker: Arc<dyn TargetChecker>,
    clock: Arc<dyn Clock>,
    cache: VerdictCache,
    breaker: CircuitBreaker,
    places: Vec<Mutex<()>>,
}

impl TargetGuard {
    /// Makes a guard that knows nothing yet.
    pub fn new(checker: Arc<dyn TargetChecker>, clock: Arc<dyn Clock>) -> Self {
        let places = (0..PLACES).map(|_| Mutex::new(())).collect();
        Self { checker, clock, cache: VerdictCache::default(), breaker: CircuitBreaker::new(PAUSE), places }
    }

    /// Returns the time.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Returns what is known about `url`, an `http` or `https` URL in its normal form. Asks the service only if `may_ask`, called right
    /// before the question, returns `true`.
    pub(super) async fn ask(&self, url: &str, may_ask: impl Fn() -> bool + Send) -> Known {
        // The service never sees what follows `#`: it says nothing about the page, and may hold what only visitors should see.
        let url = url.split('#').next().unwrap_or_default();
        if let Some(known) = self.remembered(url) {
            return known;
        }
        let place = url.bytes().fold(0_usize, |sum, byte| sum.wrapping_mul(31).wrapping_add(usize::from(byte)));
        let _turn = self.places[place % PLACES].lock().await;
        if let Some(known) = self.remembered(url) {
            return known;
        }
        if !self.breaker.allows(self.now()) || !may_ask() {
            return Known::Unknown;
        }
        match self.checker.look_up(url).await {
            Ok(verdict) => {
                self.breaker.record(None, self.now());
                self.cache.put(url, &verdict, self.now());
                verdict.threat.map_or(Known::Fine, Known::Unsafe)
            }
            Err(error) => {
                if error.is_lasting() {
                    self.breaker.record(Some(StoreErrorKind::Unavailable), self.now());
                }
                // Neither the URL, which may hold a secret of its owner, nor the key.
                tracing::warn!(event = "target_lookup.failed", %error);
                Known::Unknown
            }
        }
    }

    fn remembered(&self, url: &str) -> Option<Known> {
        self.cache.get(url, self.now()).map(|threat| threat.map_or(Known::Fine, Known::Unsafe))
    }
}
