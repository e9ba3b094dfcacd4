//! The ports in memory, for tests of use cases and handlers: no store, no clock, no chance.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use sha2::{Digest, Sha256};

use crate::click::Click;
pub use crate::keys::memory::{MemoryKeys, MemoryTokens};
use crate::link_query::{LinkQuery, LinkSlice};
use crate::ports::{
    ClickLimit, ClickSpill, ClickStream, Clock, Countries, Insertion, LinkIndex, LinkReader, LinkTargets, LinkWriter,
    PasswordAttempts, Probe, Random, SaltStore,
};
use crate::{
    Behaviour, Caller, Domain, Domains, Link, LinkId, Role, Slug, StoreError, StoreErrorKind, TargetUrl, Timestamp,
    WorkspaceId,
};

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A failure such as a store gives that does not answer.
pub fn outage(operation: &'static str) -> StoreError {
    StoreError::new(operation, StoreErrorKind::Unavailable, "injected outage")
}

/// A clock that stands still until it is set.
pub struct FixedClock(Mutex<Timestamp>);

impl FixedClock {
    /// A clock that shows `time` (RFC 3339; the epoch where it is none).
    pub fn at(time: &str) -> Self {
        Self(Mutex::new(Timestamp::parse(time).unwrap_or_else(|_| epoch())))
    }

    /// Moves the clock by `seconds`.
    pub fn advance(&self, seconds: i64) {
        let mut now = lock(&self.0);
        *now = now.plus_seconds(seconds);
    }
}

impl Clock for FixedClock {
    fn now(&self) -> Timestamp {
        *lock(&self.0)
    }
}

/// Bytes that are the same for the same seed.
pub struct SeededRandom(Mutex<(u64, u64)>);

impl SeededRandom {
    /// The sequence of `seed`.
    pub fn new(seed: u64) -> Self {
        Self(Mutex::new((seed, 0)))
    }
}

impl Random for SeededRandom {
    fn fill(&self, bytes: &mut [u8]) {
        let mut state = lock(&self.0);
        for chunk in bytes.chunks_mut(32) {
            state.1 += 1;
            let block =
                Sha256::new().chain_update(state.0.to_be_bytes()).chain_update(state.1.to_be_bytes()).finalize();
            chunk.copy_from_slice(&block[..chunk.len()]);
        }
    }
}

/// Links in a map.
#[derive(Default)]
pub struct MemoryLinks {
    links: Mutex<HashMap<LinkId, Link>>,
    targets: Mutex<HashMap<Target, LinkId>>,
    failing: AtomicBool,
    reads: AtomicUsize,
}

impl MemoryLinks {
    /// From now on every call fails, or works again.
    pub fn fail(&self, failing: bool) {
        self.failing.store(failing, Ordering::SeqCst);
    }

    /// All links, in the order of creation.
    pub fn all(&self) -> Vec<Link> {
        let mut all: Vec<Link> = lock(&self.links).values().cloned().collect();
        all.sort_by_key(Link::list_key);
        all
    }

    /// How many calls of [`LinkReader::get`] there were.
    pub fn reads(&self) -> usize {
        self.reads.load(Ordering::SeqCst)
    }

    pub(crate) fn check(&self, operation: &'static str) -> Result<MutexGuard<'_, HashMap<LinkId, Link>>, StoreError> {
        if self.failing.load(Ordering::SeqCst) { Err(outage(operation)) } else { Ok(lock(&self.links)) }
    }
}

#[async_trait]
impl LinkReader for MemoryLinks {
    async fn get(&self, id: &LinkId) -> Result<Option<Link>, StoreError> {
        self.reads.fetch_add(1, Ordering::SeqCst);
        Ok(self.check("links.get")?.get(id).cloned())
    }
}

#[async_trait]
impl LinkWriter for MemoryLinks {
    async fn insert(&self, link: &Link) -> Result<bool, StoreError> {
        let mut links = self.check("links.insert")?;
        if links.contains_key(&link.id) {
            return Ok(false);
        }
        links.insert(link.id.clone(), link.clone());
        Ok(true)
    }

    async fn delete(&self, id: &LinkId, workspace: &WorkspaceId) -> Result<bool, StoreError> {
        let mut links = self.check("links.delete")?;
        let owned = links.get(id).is_some_and(|link| link.workspace == *workspace);
        if owned {
            links.remove(id);
        }
        Ok(owned)
    }

    async fn replace(&self, seen: &Link, next: &Link) -> Result<bool, StoreError> {
        let mut links = self.check("links.replace")?;
        let Some(link) = links.get_mut(&seen.id).filter(|link| link.is_unchanged_since(seen)) else { return Ok(false) };
        let used_clicks = link.behaviour.used_clicks;
        *link = next.clone();
        link.behaviour.used_clicks = used_clicks;
        Ok(true)
    }

    async fn delete_unchanged(&self, seen: &Link) -> Result<bool, StoreError> {
        let mut links = self.check("links.delete")?;
        let unchanged = links.get(&seen.id).is_some_and(|link| link.is_unchanged_since(seen));
        if unchanged {
            links.remove(&seen.id);
        }
        Ok(unchanged)
    }
}

#[async_trait]
impl ClickLimit for MemoryLinks {
    async fn use_click(&self, id: &LinkId) -> Result<bool, StoreError> {
        let mut links = self.check("links.use_click")?;
        let Some(behaviour) = links.get_mut(id).map(|link| &mut link.behaviour) else { return Ok(false) };
        let left = behaviour.max_clicks.is_none_or(|max| behaviour.used_clicks < max);
        behaviour.used_clicks += u64::from(left);
        Ok(left)
    }
}

/// Attempts in a map.
#[derive(Default)]
pub struct MemoryAttempts(Mutex<HashMap<(LinkId, i64), u32>>);

#[async_trait]
impl PasswordAttempts for MemoryAttempts {
    async fn begin(&self, id: &LinkId, now: Timestamp, limit: u32) -> Result<bool, StoreError> {
        let mut attempts = lock(&self.0);
        let made = attempts.entry((id.clone(), now.as_seconds() / 60)).or_default();
        let may = *made < limit;
        *made += u32::from(may);
        Ok(may)
    }

    async fn take_back(&self, id: &LinkId, now: Timestamp) -> Result<(), StoreError> {
        if let Some(made) = lock(&self.0).get_mut(&(id.clone(), now.as_seconds() / 60)) {
            *made = made.saturating_sub(1);
        }
        Ok(())
    }
}

/// Countries in a map.
#[derive(Default)]
pub struct MemoryCountries(pub HashMap<IpAddr, String>);

impl Countries for MemoryCountries {
    fn country(&self, address: IpAddr) -> Option<String> {
        self.0.get(&address).cloned()
    }
}

#[async_trait]
impl LinkIndex for MemoryLinks {
    async fn page(&self, workspace: &WorkspaceId, query: &LinkQuery) -> Result<LinkSlice, StoreError> {
        drop(self.check("links.page")?);
        let (lower, upper) = (query.lower(), query.upper());
        let asked_for = |link: &Link| {
            let key = link.list_key();
            link.workspace == *workspace
                && lower.as_ref().is_none_or(|lower| key >= *lower)
                && upper.as_ref().is_none_or(|upper| key < *upper)
                && query.filter.shows(link)
        };
        let links = self.all().into_iter().rev().filter(asked_for).take(query.limit).collect();
        Ok(LinkSlice { links, reached: None })
    }
}

#[async_trait]
impl LinkTargets for MemoryLinks {
    async fn find(
        &self,
        workspace: &WorkspaceId,
        domain: &Domain,
        url: &TargetUrl,
    ) -> Result<Option<LinkId>, StoreError> {
        drop(self.check("targets.find")?);
        Ok(lock(&self.targets).get(&(workspace.clone(), domain.clone(), url.clone())).cloned())
    }

    async fn remember(&self, link: &Link) -> Result<(), StoreError> {
        drop(self.check("targets.remember")?);
        lock(&self.targets).insert(target_of(link), link.id.clone());
        Ok(())
    }

    async fn insert_as_only(&self, link: &Link, seen: Option<&LinkId>) -> Result<Insertion, StoreError> {
        let mut links = self.check("targets.insert")?;
        let mut targets = lock(&self.targets);
        if links.contains_key(&link.id) {
            return Ok(Insertion::IdTaken);
        }
        if targets.get(&target_of(link)) != seen {
            return Ok(Insertion::TargetTaken);
        }
        links.insert(link.id.clone(), link.clone());
        targets.insert(target_of(link), link.id.clone());
        Ok(Insertion::Done)
    }
}

/// What [`LinkTargets`] knows a link by.
type Target = (WorkspaceId, Domain, TargetUrl);

fn target_of(link: &Link) -> Target {
    (link.workspace.clone(), link.id.domain.clone(), link.url.clone())
}

/// A stream that takes clicks up to a limit.
pub struct MemoryStream {
    taken: Mutex<Vec<Click>>,
    capacity: AtomicUsize,
}

impl Default for MemoryStream {
    fn default() -> Self {
        Self { taken: Mutex::default(), capacity: AtomicUsize::new(usize::MAX) }
    }
}

impl MemoryStream {
    /// Refuses all clicks after `capacity` in all.
    pub fn take_at_most(&self, capacity: usize) {
        self.capacity.store(capacity, Ordering::SeqCst);
    }

    /// What was taken.
    pub fn taken(&self) -> Vec<Click> {
        lock(&self.taken).clone()
    }
}

#[async_trait]
impl ClickStream for MemoryStream {
    async fn send(&self, mut clicks: Vec<Click>) -> Vec<Click> {
        let mut taken = lock(&self.taken);
        let room = self.capacity.load(Ordering::SeqCst).saturating_sub(taken.len());
        let refused = clicks.split_off(room.min(clicks.len()));
        taken.extend(clicks);
        refused
    }
}

/// A spill that can fail.
#[derive(Default)]
pub struct MemorySpill {
    kept: Mutex<Vec<Click>>,
    failing: AtomicBool,
}

impl MemorySpill {
    /// From now on every call fails.
    pub fn fail(&self) {
        self.failing.store(true, Ordering::SeqCst);
    }

    /// What was kept.
    pub fn kept(&self) -> Vec<Click> {
        lock(&self.kept).clone()
    }
}

#[async_trait]
impl ClickSpill for MemorySpill {
    async fn keep(&self, clicks: &[Click]) -> Result<(), StoreError> {
        if self.failing.load(Ordering::SeqCst) {
            return Err(outage("spill.keep"));
        }
        lock(&self.kept).extend_from_slice(clicks);
        Ok(())
    }
}

/// Salts in a map.
#[derive(Default)]
pub struct MemorySalts {
    salts: Mutex<HashMap<String, [u8; 32]>>,
    failing: AtomicBool,
}

impl MemorySalts {
    /// From now on every call fails.
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

/// A part of a stack that is well, broken, or does not answer at all.
#[derive(Debug, Clone, Copy)]
pub enum MemoryProbe {
    /// It answers.
    Well,
    /// It fails.
    Broken,
    /// It never answers.
    Silent,
}

#[async_trait]
impl Probe for MemoryProbe {
    async fn probe(&self) -> Result<(), StoreError> {
        match self {
            Self::Well => Ok(()),
            Self::Broken => Err(outage("health.probe")),
            Self::Silent => std::future::pending().await,
        }
    }
}

fn epoch() -> Timestamp {
    Timestamp::from_millis(0).unwrap_or_else(|_| unreachable!("the epoch is a time"))
}

/// A caller of `workspace`. Panics if it is not valid: for tests.
#[allow(clippy::expect_used, reason = "only tests call it")]
pub fn caller(workspace: &str, role: Role) -> Caller {
    let workspace = WorkspaceId::parse(workspace).expect("a valid workspace");
    Caller { workspace, role, key_id: "key_test".to_owned() }
}

/// A link on `go.example.com`, created at 2026-01-01T00:00:00Z. Panics if a part is not valid: for tests.
#[allow(clippy::expect_used, reason = "only tests call it")]
pub fn link(workspace: &str, slug: &str, url: &str) -> Link {
    let domain = Domain::parse("go.example.com").expect("a valid domain");
    let own = Domains::parse("go.example.com").expect("valid domains");
    Link {
        id: LinkId { domain, slug: Slug::parse(slug).expect("a valid slug") },
        workspace: WorkspaceId::parse(workspace).expect("a valid workspace"),
        url: TargetUrl::parse(url, &own).expect("a valid target"),
        title: None,
        tags: Vec::new(),
        created_at: Timestamp::parse("2026-01-01T00:00:00Z").expect("a valid time"),
        updated_at: None,
        revision: 0,
        behaviour: Behaviour::default(),
        imported_clicks: None,
        origin: None,
    }
}
