//! Implements the port of checks for unsafe targets in memory.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;

use super::outage::{lock, yield_once};
use super::system::FixedClock;
use crate::target_safety::guard::TargetGuard;
use crate::target_safety::ports::{LookupError, TargetChecker, Verdict};
use crate::target_safety::threat::Threat;

/// Knows the URLs that tests say are unsafe, and can fail.
#[derive(Default)]
pub struct MemoryChecker {
    threats: Mutex<HashMap<String, Threat>>,
    failure: Mutex<Option<LookupError>>,
    asked: Mutex<Vec<String>>,
}

impl MemoryChecker {
    /// Makes a URL unsafe, or forgets that it is.
    pub fn put(&self, url: &str, threat: Option<Threat>) {
        let mut threats = lock(&self.threats);
        match threat {
            Some(threat) => drop(threats.insert(url.to_owned(), threat)),
            None => drop(threats.remove(url)),
        }
    }

    /// Makes every later question fail, or work again.
    pub fn fail(&self, failure: Option<LookupError>) {
        *lock(&self.failure) = failure;
    }

    /// Takes the URLs that were asked for, in their order.
    pub fn take_asked(&self) -> Vec<String> {
        std::mem::take(&mut lock(&self.asked))
    }

    /// Makes a guard that asks it, without a memory of its own yet.
    pub fn guard(self: &Arc<Self>, clock: Arc<FixedClock>) -> Arc<TargetGuard> {
        Arc::new(TargetGuard::new(self.clone(), clock))
    }
}

#[async_trait]
impl TargetChecker for MemoryChecker {
    async fn look_up(&self, url: &str) -> Result<Verdict, LookupError> {
        lock(&self.asked).push(url.to_owned());
        yield_once().await;
        if let Some(failure) = *lock(&self.failure) {
            return Err(failure);
        }
        Ok(Verdict { threat: lock(&self.threats).get(url).copied(), until: None })
    }
}
