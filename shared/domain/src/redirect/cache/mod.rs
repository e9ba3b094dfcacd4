//! Keeps links in the process for seconds, so that a hot link costs no read and a redirect survives an outage of the table.

use std::collections::HashMap;
use std::mem::size_of;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use futures::FutureExt;
use futures::future::{BoxFuture, Shared, WeakShared};
use quick_cache::{DefaultHashBuilder, Weighter, unsync};

use super::circuit_breaker::{CircuitBreaker, Pause};
use super::known_marks::KnownMarks;
use super::ports::ChangeMarks;
use crate::links::address::LinkAddress;
use crate::links::change_marks::bucket_of;
use crate::links::id::LinkId;
use crate::links::link::Link;
use crate::links::ports::LinkReader;
use crate::ports::Clock;
use crate::values::error::{StoreError, StoreErrorKind};

/// The most that the cache keeps, in estimated bytes: some 5,500 links, or 26,500 paths without a link.
const MAX_BYTES: u64 = 6 * 1024 * 1024;
/// How many entries the cache has room for at first; it grows with use.
const EXPECTED_ENTRIES: usize = 1_000;
/// The memory that an entry takes besides its key and value: table, queues, allocator.
const OVERHEAD_BYTES: usize = 128;

/// How long the cache answers with what it has read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Freshness {
    /// For a link, in seconds. A process that keeps the link sees a change after this time at the latest; with
    /// [`CachedLinks::with_marks`], an owner's change after a second.
    pub hit_seconds: u32,
    /// For a missing link, in seconds. A process that missed the link finds a new one after this time at the latest.
    pub miss_seconds: u32,
    /// For a link while the table fails, in seconds since it was read.
    pub stale_seconds: u32,
}

/// When the cache stops calling the table. Its answers are old after that, or missing, so a pause is short.
pub(super) const TABLE_PAUSE: Pause = Pause { after_failures: 5, millis: 2_000 };

/// Reads links through a cache. Concurrent reads of one link become one read of the table. While the table fails, the cache
/// answers; after repeated failures the cache stops calling the table for a while ([`CircuitBreaker`]).
///
/// The cache never keeps links with a click limit or a password
/// ([`crate::links::settings::LinkSettings::bypasses_cache`]). It never answers "no link" while the table fails,
/// since the link may have been created in the meantime.
pub struct CachedLinks {
    store: Arc<Store>,
    reads: Mutex<HashMap<(LinkAddress, Recency), WeakShared<Read>>>,
}

/// How recent a read must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Recency {
    /// It may lag behind a write by less than a second.
    Ordinary,
    /// It must see a change that is known.
    Latest,
}

/// A read of the table, shared by all callers that wait for it.
type Read = BoxFuture<'static, Result<Option<Arc<Link>>, Arc<StoreError>>>;

struct Store {
    links: Arc<dyn LinkReader>,
    clock: Arc<dyn Clock>,
    freshness: Freshness,
    entries: Mutex<unsync::Cache<LinkAddress, Entry, ByteWeighter>>,
    breaker: CircuitBreaker,
    marks: Option<KnownMarks>,
}

#[derive(Clone)]
struct Entry {
    link: Option<Arc<Link>>,
    read_at: i64,
    /// The mark of the address that was known when it was read, or an older one.
    mark: Option<u64>,
    /// The bucket of the address, so that a visit need not hash it.
    bucket: usize,
}

impl CachedLinks {
    /// Puts a cache in front of `links`.
    pub fn new(links: Arc<dyn LinkReader>, clock: Arc<dyn Clock>, freshness: Freshness) -> Self {
        let entries = unsync::Cache::with(
            EXPECTED_ENTRIES,
            MAX_BYTES,
            ByteWeighter,
            DefaultHashBuilder::default(),
            unsync::DefaultLifecycle::default(),
        );
        let (entries, breaker) = (Mutex::new(entries), CircuitBreaker::new(TABLE_PAUSE));
        let store = Store { links, clock, freshness, entries, breaker, marks: None };
        Self { store: Arc::new(store), reads: Mutex::default() }
    }

    /// Makes the cache notice within a second that a link has changed, by `marks`: it reads them once a second at most, however many
    /// links it keeps.
    pub fn with_marks(mut self, marks: Arc<dyn ChangeMarks>) -> Self {
        if let Some(store) = Arc::get_mut(&mut self.store) {
            store.marks = Some(KnownMarks::new(marks));
        }
        self
    }

    /// Joins the read of `address` that is under way, or starts one.
    fn read(&self, address: &LinkAddress, recency: Recency) -> Shared<Read> {
        let mut reads = lock(&self.reads);
        let key = (address.clone(), recency);
        if let Some(read) = reads.get(&key).and_then(WeakShared::upgrade) {
            return read;
        }
        // Also forgets reads that nobody waits for: there are never more reads than concurrent requests.
        reads.retain(|_, read| read.upgrade().is_some_and(|read| read.peek().is_none()));
        let (store, address) = (self.store.clone(), address.clone());
        let read = async move { store.read(address, recency).await.map_err(Arc::new) }.boxed().shared();
        if let Some(weak) = read.downgrade() {
            reads.insert(key, weak);
        }
        read
    }

    fn forget_finished_read(&self, address: &LinkAddress, recency: Recency) {
        let mut reads = lock(&self.reads);
        let key = (address.clone(), recency);
        if reads.get(&key).and_then(WeakShared::upgrade).is_none_or(|read| read.peek().is_some()) {
            reads.remove(&key);
        }
    }
}

#[async_trait]
impl LinkReader for CachedLinks {
    async fn get(&self, address: &LinkAddress) -> Result<Option<Link>, StoreError> {
        let now = self.store.clock.now();
        let mut recency = Recency::Ordinary;
        if let Some(entry) = self.store.entry(address).filter(|entry| self.store.is_fresh(entry, now.as_millis())) {
            if self.store.is_unmarked(&entry).await {
                return Ok(entry.link.map(Arc::unwrap_or_clone));
            }
            recency = Recency::Latest;
        }
        let result = if self.store.breaker.allows(now) {
            let result = self.read(address, recency).await;
            self.forget_finished_read(address, recency);
            result
        } else {
            let cause = "the table keeps failing; calls to it are paused";
            Err(Arc::new(StoreError::new("links.get", StoreErrorKind::Unavailable, cause)))
        };
        match result {
            Ok(link) => Ok(link.map(Arc::unwrap_or_clone)),
            Err(error) => self.store.stale(address, &error).map(Some).ok_or_else(|| unshare(error)),
        }
    }
}

/// Takes the error out of its `Arc`, or copies it if other callers share it.
fn unshare(error: Arc<StoreError>) -> StoreError {
    Arc::try_unwrap(error)
        .unwrap_or_else(|error| StoreError::new(error.operation, error.kind, error.source.to_string()))
}

impl Store {
    async fn read(&self, address: LinkAddress, recency: Recency) -> Result<Option<Arc<Link>>, StoreError> {
        let read_at = self.clock.now().as_millis();
        // Before the link: a change in between counts as one after it.
        let (mut mark, mut latest, bucket) = (None, recency == Recency::Latest, bucket_of(&address));
        if let Some(marks) = &self.marks {
            mark = marks.known(bucket);
            latest |= marks.has_risen_lately(bucket, self.clock.as_ref());
        }
        let result = if latest { self.links.get_latest(&address).await } else { self.links.get(&address).await };
        self.breaker.record(result.as_ref().err().map(|error| error.kind), self.clock.now());
        let link = result?.map(Arc::new);
        let mut entries = lock(&self.entries);
        if link.as_ref().is_some_and(|link| link.settings.bypasses_cache()) {
            entries.remove(&address);
        } else {
            entries.insert(address, Entry { link: link.clone(), read_at, mark, bucket });
        }
        Ok(link)
    }

    fn entry(&self, address: &LinkAddress) -> Option<Entry> {
        lock(&self.entries).get(address).cloned()
    }

    fn is_fresh(&self, entry: &Entry, now: i64) -> bool {
        let Freshness { hit_seconds, miss_seconds, .. } = self.freshness;
        is_within(if entry.link.is_some() { hit_seconds } else { miss_seconds }, entry.read_at, now)
    }

    /// Tells whether no change of the link is known since it was read.
    async fn is_unmarked(&self, entry: &Entry) -> bool {
        match &self.marks {
            Some(marks) if entry.link.is_some() => {
                marks.is_still(entry.bucket, entry.mark, self.clock.as_ref(), &self.breaker).await
            }
            _ => true,
        }
    }

    /// Returns the link as the table last answered it, if that is recent enough.
    fn stale(&self, address: &LinkAddress, error: &StoreError) -> Option<Link> {
        let entry = self.entry(address)?;
        let now = self.clock.now().as_millis();
        let link = entry.link.filter(|_| is_within(self.freshness.stale_seconds, entry.read_at, now))?;
        let age_ms = now - entry.read_at;
        tracing::warn!(event = "links.stale", domain = %address.domain, slug = %address.slug, age_ms, %error);
        Some(Arc::unwrap_or_clone(link))
    }
}

/// Tells whether `now` is less than `seconds` after `then`, both in milliseconds. A `then` in the future, left by a clock that
/// was set back, does not count.
pub(super) fn is_within(seconds: u32, then: i64, now: i64) -> bool {
    (0..i64::from(seconds) * 1000).contains(&(now - then))
}

/// Weighs entries by the memory that they take, estimated.
#[derive(Debug, Clone)]
struct ByteWeighter;

impl Weighter<LinkAddress, Entry> for ByteWeighter {
    fn weight(&self, address: &LinkAddress, entry: &Entry) -> u64 {
        let key = size_of::<LinkAddress>() + address.domain.as_str().len() + address.slug.as_str().len();
        let link = entry.link.as_deref().map_or(0, estimated_bytes);
        (key + size_of::<Entry>() + link + OVERHEAD_BYTES) as u64
    }
}

/// Estimates the memory of a link. Each text counts 32 bytes more, for its allocation and the small fields around it.
fn estimated_bytes(link: &Link) -> usize {
    let Link { address, aliases, workspace, url, title, tags, settings, origin, created_by, changed_by, .. } = link;
    let text = |text: &str| text.len() + 32;
    let some = |value: &Option<String>| value.as_deref().map_or(0, text);
    let rules = settings.rules.iter().map(|rule| {
        let conditions = &rule.conditions;
        let query = conditions.query.iter().map(|one| 64 + text(&one.name) + some(&one.value));
        let words = conditions.country.iter().chain(&conditions.language).map(|word| 24 + text(word));
        size_of_val(rule) + text(rule.url.as_str()) + query.sum::<usize>() + words.sum::<usize>() + 128
    });
    let variants =
        settings.variants.iter().map(|variant| size_of_val(variant) + text(&variant.name) + text(variant.url.as_str()));
    size_of::<Link>()
        + text(address.domain.as_str())
        + text(address.slug.as_str())
        + text(workspace.as_str())
        + text(url.as_str())
        + some(title)
        + some(origin)
        + some(created_by)
        + some(changed_by)
        + LinkId::LEN
        + aliases.iter().map(|alias| 48 + text(alias.domain.as_str()) + text(alias.slug.as_str())).sum::<usize>()
        + tags.iter().map(|tag| 24 + text(tag)).sum::<usize>()
        + settings.expired_url.as_ref().map_or(0, |url| text(url.as_str()))
        + settings.preview.as_ref().map_or(0, |preview| {
            let image = preview.image.as_ref().map_or(0, |url| text(url.as_str()));
            some(&preview.title) + some(&preview.description) + image
        })
        + rules.sum::<usize>()
        + variants.sum::<usize>()
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
