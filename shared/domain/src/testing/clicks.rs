//! Implements the ports of the redirect in memory.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use async_trait::async_trait;

use super::outage::{lock, outage};
use crate::clicks::click::Click;
use crate::clicks::event::StreamEvent;
use crate::clicks::miss::Miss;
use crate::links::address::LinkAddress;
use crate::redirect::ports::{ClickSpill, ClickStream, Countries, PasswordAttempts, SaltStore};
use crate::values::error::StoreError;
use crate::values::timestamp::Timestamp;

/// Attempts by link, name and minute.
type Attempts = HashMap<(LinkAddress, Option<String>, i64), u32>;

/// A store of password attempts.
#[derive(Default)]
pub struct MemoryAttempts(Mutex<Attempts>);

#[async_trait]
impl PasswordAttempts for MemoryAttempts {
    async fn begin(
        &self,
        address: &LinkAddress,
        who: Option<&str>,
        now: Timestamp,
        limit: u32,
    ) -> Result<bool, StoreError> {
        let mut attempts = lock(&self.0);
        let made = attempts.entry((address.clone(), who.map(str::to_owned), now.as_seconds() / 60)).or_default();
        let allowed = *made < limit;
        *made += u32::from(allowed);
        Ok(allowed)
    }

    async fn take_back(&self, address: &LinkAddress, who: Option<&str>, now: Timestamp) -> Result<(), StoreError> {
        if let Some(made) = lock(&self.0).get_mut(&(address.clone(), who.map(str::to_owned), now.as_seconds() / 60)) {
            *made = made.saturating_sub(1);
        }
        Ok(())
    }
}

/// A map from addresses to countries.
#[derive(Default)]
pub struct MemoryCountries(pub HashMap<IpAddr, String>);

impl Countries for MemoryCountries {
    fn country(&self, address: IpAddr) -> Option<String> {
        self.0.get(&address).cloned()
    }
}

/// A stream that accepts clicks up to a limit.
pub struct MemoryStream {
    taken: Mutex<Vec<StreamEvent>>,
    capacity: AtomicUsize,
    calls: AtomicUsize,
}

impl Default for MemoryStream {
    fn default() -> Self {
        Self { taken: Mutex::default(), capacity: AtomicUsize::new(usize::MAX), calls: AtomicUsize::new(0) }
    }
}

impl MemoryStream {
    /// Refuses clicks once the stream has `capacity` of them.
    pub fn take_at_most(&self, capacity: usize) {
        self.capacity.store(capacity, Ordering::SeqCst);
    }

    /// Returns how often clicks were sent.
    pub fn calls(&self) -> usize {
        self.calls.load(Ordering::SeqCst)
    }

    /// Returns the clicks that the stream accepted.
    pub fn taken(&self) -> Vec<Click> {
        let click =
            |event: &StreamEvent| if let StreamEvent::Click(click) = event { Some(click.clone()) } else { None };
        lock(&self.taken).iter().filter_map(click).collect()
    }

    /// Returns the visits to no link that the stream accepted.
    pub fn misses(&self) -> Vec<Miss> {
        let miss = |event: &StreamEvent| if let StreamEvent::Miss(miss) = event { Some(miss.clone()) } else { None };
        lock(&self.taken).iter().filter_map(miss).collect()
    }
}

#[async_trait]
impl ClickStream for MemoryStream {
    async fn send(&self, mut clicks: Vec<StreamEvent>) -> Vec<StreamEvent> {
        self.calls.fetch_add(1, Ordering::SeqCst);
        let mut taken = lock(&self.taken);
        let room = self.capacity.load(Ordering::SeqCst).saturating_sub(taken.len());
        let refused = clicks.split_off(room.min(clicks.len()));
        taken.extend(clicks);
        refused
    }
}

/// A spill of clicks, which can fail.
#[derive(Default)]
pub struct MemorySpill {
    kept: Mutex<Vec<StreamEvent>>,
    failing: AtomicBool,
}

impl MemorySpill {
    /// Makes every later call fail.
    pub fn fail(&self) {
        self.failing.store(true, Ordering::SeqCst);
    }

    /// Returns the events that were kept.
    pub fn kept(&self) -> Vec<StreamEvent> {
        lock(&self.kept).clone()
    }
}

#[async_trait]
impl ClickSpill for MemorySpill {
    async fn keep(&self, clicks: &[StreamEvent]) -> Result<(), StoreError> {
        if self.failing.load(Ordering::SeqCst) {
            return Err(outage("spill.keep"));
        }
        lock(&self.kept).extend_from_slice(clicks);
        Ok(())
    }
}

/// A store of daily salts, which can fail.
#[derive(Default)]
pub struct MemorySalts {
    salts: Mutex<HashMap<String, [u8; 32]>>,
    failing: AtomicBool,
}

impl MemorySalts {
    /// Makes every later call fail.
    pub fn fail(&self) {
        self.failing.store(true, Ordering::SeqCst);
    }
}

#[async_trait]
impl SaltStore for MemorySalts {
    async fn salt(&self, date: &str, fresh: [u8; 32]) -> Result<[u8; 32], StoreError> {
        if self.failing.load(Ordering::SeqCst) {
            return Err(outage("salts.salt"));
        }
        Ok(*lock(&self.salts).entry(date.to_owned()).or_insert(fresh))
    }
}
