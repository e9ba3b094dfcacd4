//! Implements the ports of domains in memory.

use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use async_trait::async_trait;

use super::outage::{lock, outage, yield_once};
use crate::domains::ports::{DomainReader, DomainWriter};
use crate::domains::settings::DomainSettings;
use crate::values::domains::Domain;
use crate::values::error::StoreError;

/// A store of domains, which can fail.
#[derive(Default)]
pub struct MemoryDomains {
    all: Mutex<HashMap<Domain, DomainSettings>>,
    failing: AtomicBool,
    reads: AtomicUsize,
}

impl MemoryDomains {
    /// Makes a store with the settings of one domain, the rest of which has its defaults. Panics if they are not valid.
    #[allow(clippy::expect_used, reason = "only tests call it")]
    pub fn with(domain: &str, settings: serde_json::Value) -> Self {
        let store = Self::default();
        store.set(domain, settings);
        store
    }

    /// Sets the settings of a domain, the rest of which has its defaults. Panics if they are not valid.
    #[allow(clippy::expect_used, reason = "only tests call it")]
    pub fn set(&self, domain: &str, mut settings: serde_json::Value) {
        settings["domain"] = domain.into();
        let settings: DomainSettings = serde_json::from_value(settings).expect("valid settings");
        lock(&self.all).insert(settings.domain.clone(), settings);
    }

    /// Makes every later call fail, or work again.
    pub fn fail(&self, failing: bool) {
        self.failing.store(failing, Ordering::SeqCst);
    }

    /// Returns how often settings were read.
    pub fn reads(&self) -> usize {
        self.reads.load(Ordering::SeqCst)
    }

    fn check(&self, operation: &'static str) -> Result<(), StoreError> {
        if self.failing.load(Ordering::SeqCst) { Err(outage(operation)) } else { Ok(()) }
    }
}

#[async_trait]
impl DomainReader for MemoryDomains {
    async fn settings(&self, domain: &Domain) -> Result<Option<DomainSettings>, StoreError> {
        self.reads.fetch_add(1, Ordering::SeqCst);
        yield_once().await;
        self.check("domains.get")?;
        Ok(lock(&self.all).get(domain).cloned())
    }
}

#[async_trait]
impl DomainWriter for MemoryDomains {
    async fn replace(&self, next: &DomainSettings) -> Result<bool, StoreError> {
        yield_once().await;
        self.check("domains.replace")?;
        let mut all = lock(&self.all);
        let is_next = all.get(&next.domain).map_or(0, |stored| stored.revision) + 1 == next.revision;
        if is_next {
            all.insert(next.domain.clone(), next.clone());
        }
        Ok(is_next)
    }
}
