//! Keeps the settings of domains in the process for seconds, so that visits without a link cost no read each and survive an outage of
//! the table.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use futures::lock::Mutex as TurnLock;

use super::cache::{Freshness, TABLE_PAUSE, is_within};
use super::circuit_breaker::CircuitBreaker;
use crate::domains::ports::DomainReader;
use crate::domains::settings::DomainSettings;
use crate::ports::Clock;
use crate::values::domains::Domain;
use crate::values::error::{StoreError, StoreErrorKind};

/// The most domains that are kept. Their settings take some 230 KiB at most, and mostly less than one.
const MAX_DOMAINS: usize = 50;

/// Reads settings of domains through a cache. Of concurrent visits one reads, and the others wait for it. While the table fails, the cache
/// answers with what it last read; after repeated failures it stops calling the table for a while.
pub struct KnownDomains {
    store: Arc<dyn DomainReader>,
    clock: Arc<dyn Clock>,
    freshness: Freshness,
    known: Mutex<HashMap<Domain, Known>>,
    /// Held while settings are read.
    turn: TurnLock<()>,
    breaker: CircuitBreaker,
}

#[derive(Clone)]
struct Known {
    settings: Option<DomainSettings>,
    read_at: i64,
}

impl KnownDomains {
    /// Puts a cache in front of `store`. It keeps settings, and that a domain has none, for [`Freshness::hit_seconds`].
    pub fn new(store: Arc<dyn DomainReader>, clock: Arc<dyn Clock>, freshness: Freshness) -> Self {
        let breaker = CircuitBreaker::new(TABLE_PAUSE);
        Self { store, clock, freshness, known: Mutex::default(), turn: TurnLock::new(()), breaker }
    }

    /// Returns what was read of `domain` in the last `seconds`.
    fn known(&self, domain: &Domain, seconds: u32) -> Option<Known> {
        let now = self.clock.now().as_millis();
        self.state().get(domain).filter(|known| is_within(seconds, known.read_at, now)).cloned()
    }

    async fn read(&self, domain: &Domain) -> Result<Option<DomainSettings>, StoreError> {
        let now = self.clock.now();
        if !self.breaker.allows(now) {
            let cause = "the table keeps failing; calls to it are paused";
            return Err(StoreError::new("domains.get", StoreErrorKind::Unavailable, cause));
        }
        let result = self.store.settings(domain).await;
        self.breaker.record(result.as_ref().err().map(|error| error.kind), self.clock.now());
        let settings = result?;
        let mut known = self.state();
        if known.len() >= MAX_DOMAINS && !known.contains_key(domain) {
            let oldest = known.iter().min_by_key(|(_, known)| known.read_at).map(|(domain, _)| domain.clone());
            oldest.map(|oldest| known.remove(&oldest));
        }
        known.insert(domain.clone(), Known { settings: settings.clone(), read_at: now.as_millis() });
        Ok(settings)
    }

    fn state(&self) -> MutexGuard<'_, HashMap<Domain, Known>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl DomainReader for KnownDomains {
    async fn settings(&self, domain: &Domain) -> Result<Option<DomainSettings>, StoreError> {
        let Freshness { hit_seconds, stale_seconds, .. } = self.freshness;
        if let Some(known) = self.known(domain, hit_seconds) {
            return Ok(known.settings);
        }
        let _turn = self.turn.lock().await;
        if let Some(known) = self.known(domain, hit_seconds) {
            return Ok(known.settings);
        }
        match (self.read(domain).await, self.known(domain, stale_seconds)) {
            (Err(error), Some(known)) => {
                tracing::warn!(event = "domains.stale", %domain, %error);
                Ok(known.settings)
            }
            (result, _) => result,
        }
    }
}

#[cfg(test)]
mod tests {
    use futures::future::join_all;
    use serde_json::json;

    use super::*;
    use crate::testing::domains::MemoryDomains;
    use crate::testing::system::FixedClock;

    const DOMAIN: &str = "go.example.com";

    struct Fixture {
        store: Arc<MemoryDomains>,
        clock: Arc<FixedClock>,
        known: KnownDomains,
    }

    fn fixture() -> Fixture {
        let store = Arc::new(MemoryDomains::with(DOMAIN, json!({"root_url": "https://example.com/"})));
        let clock = Arc::new(FixedClock::at("2026-01-02T03:04:05Z"));
        let freshness = Freshness { hit_seconds: 5, miss_seconds: 2, stale_seconds: 600 };
        let known = KnownDomains::new(store.clone(), clock.clone(), freshness);
        Fixture { store, clock, known }
    }

    impl Fixture {
        /// Returns the root URL of a domain. An error is `None`.
        async fn root(&self, domain: &str) -> Option<Option<String>> {
            let settings = self.known.settings(&Domain::parse(domain).unwrap()).await.ok()?;
            Some(settings.and_then(|settings| settings.root_url).map(|url| url.to_string()))
        }
    }

    #[tokio::test]
    async fn settings_are_read_once_in_five_seconds_however_many_ask() {
        let fixture = fixture();
        let expected = Some(Some("https://example.com/".to_owned()));
        let all = join_all((0..20).map(|_| fixture.root(DOMAIN))).await;
        assert!(all.iter().all(|root| *root == expected), "{all:?}");
        assert_eq!(
            (fixture.root("s.example.org").await, fixture.root("s.example.org").await),
            (Some(None), Some(None))
        );
        assert_eq!(fixture.store.reads(), 2);
        fixture.store.set(DOMAIN, json!({}));
        fixture.clock.advance(4);
        assert_eq!(fixture.root(DOMAIN).await, expected);
        fixture.clock.advance(1);
        assert_eq!((fixture.root(DOMAIN).await, fixture.store.reads()), (Some(None), 3));
    }

    #[tokio::test]
    async fn outage_is_survived_with_what_was_read_for_ten_minutes() {
        let fixture = fixture();
        let expected = fixture.root(DOMAIN).await;
        fixture.store.fail(true);
        for _ in 0..20 {
            fixture.clock.advance(20);
            assert_eq!(fixture.root(DOMAIN).await, expected);
            assert_eq!(fixture.root("s.example.org").await, None, "nothing is known of it");
        }
        fixture.clock.advance(200);
        assert_eq!(fixture.root(DOMAIN).await, None);
        fixture.store.fail(false);
        fixture.clock.advance(3);
        assert_eq!(fixture.root(DOMAIN).await, expected);
    }

    #[tokio::test]
    async fn table_that_keeps_failing_is_asked_once_in_a_pause() {
        let fixture = fixture();
        fixture.store.fail(true);
        for _ in 0..50 {
            fixture.root(DOMAIN).await;
        }
        assert_eq!(fixture.store.reads(), 5);
    }

    #[tokio::test]
    async fn number_of_domains_is_bounded() {
        let fixture = fixture();
        for n in 0..3 * MAX_DOMAINS {
            fixture.root(&format!("d{n}.example.com")).await;
            fixture.clock.advance(0);
        }
        assert_eq!(fixture.known.state().len(), MAX_DOMAINS);
    }
}
