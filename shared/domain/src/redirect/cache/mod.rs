//! Keeps what a redirect reads in the process for seconds, so that a hot link costs no read and a redirect survives an outage of the table.
//!
//! [`links`], [`files`] and [`collections`] say what is read; the rules are the same for all.

pub mod collections;
pub mod files;
pub mod links;

use std::collections::HashMap;
use std::hash::Hash;
use std::marker::PhantomData;
use std::mem::size_of;
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};

use futures::FutureExt;
use futures::future::{BoxFuture, Shared, WeakShared};
use quick_cache::{DefaultHashBuilder, Weighter, unsync};

use super::circuit_breaker::{CircuitBreaker, Pause};
use super::known_marks::KnownMarks;
use super::ports::ChangeMarks;
use crate::ports::Clock;
use crate::values::error::{StoreError, StoreErrorKind};

/// The memory that an entry takes besides its key and value: table, queues, allocator.
const OVERHEAD_BYTES: usize = 128;

/// How long the cache answers with what it has read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Freshness {
    /// For a link or a file, in seconds. A process that keeps it sees a change after this time at the latest; with
    /// [`links::CachedLinks::with_marks`], an owner's change of a link after a second.
    pub hit_seconds: u32,
    /// For a missing link or file, in seconds. A process that missed it finds a new one after this time at the latest.
    pub miss_seconds: u32,
    /// For a link or a file while the table fails, in seconds since it was read.
    pub stale_seconds: u32,
}

/// When the cache stops calling the table. Its answers are old after that, or missing, so a pause is short.
pub(super) const TABLE_PAUSE: Pause = Pause { after_failures: 5, millis: 2_000 };

/// What a cache reads and how much of it it keeps.
trait Source: Send + Sync + 'static {
    /// Names a value.
    type Key: Clone + Eq + Hash + Send + Sync + 'static;
    /// What is read.
    type Value: Send + Sync + 'static;
    /// The operation that errors name.
    const OPERATION: &'static str;
    /// The most that the cache keeps, in estimated bytes.
    const MAX_BYTES: u64;
    /// How many entries the cache has room for at first; it grows with use.
    const EXPECTED_ENTRIES: usize;

    /// Reads the value from the table.
    fn read(
        &self,
        key: &Self::Key,
        recency: Recency,
    ) -> impl Future<Output = Result<Option<Arc<Self::Value>>, StoreError>> + Send;

    /// Tells whether the cache may keep the value.
    fn may_keep(_value: &Self::Value) -> bool {
        true
    }

    /// Tells whether the value counts as found. One that does not is kept as briefly as a missing one, and never served stale.
    fn is_settled(_value: &Self::Value) -> bool {
        true
    }

    /// Returns the bucket of the key's mark of changes.
    fn bucket(_key: &Self::Key) -> usize {
        0
    }

    /// Estimates the memory of what key and value own.
    fn owned_bytes(key: &Self::Key, value: Option<&Self::Value>) -> usize;

    /// Logs that a value is served that was read `age_ms` milliseconds ago.
    fn log_stale(key: &Self::Key, age_ms: i64, error: &StoreError);
}

/// Reads through a cache. Concurrent reads of one key become one read of the table. While the table fails, the cache
/// answers; after repeated failures the cache stops calling the table for a while ([`CircuitBreaker`]).
///
/// It never answers that there is nothing while the table fails, since the value may have been created in the meantime.
struct ReadCache<S: Source> {
    store: Arc<Store<S>>,
    reads: Reads<S>,
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
type Read<V> = BoxFuture<'static, Result<Option<Arc<V>>, Arc<StoreError>>>;

/// Reads that callers wait for, by key.
type Reads<S> = Mutex<HashMap<(<S as Source>::Key, Recency), WeakShared<Read<<S as Source>::Value>>>>;

/// Entries by their keys.
type Cached<S> = Mutex<unsync::Cache<<S as Source>::Key, Entry<<S as Source>::Value>, ByteWeighter<S>>>;

struct Store<S: Source> {
    source: S,
    clock: Arc<dyn Clock>,
    freshness: Freshness,
    /// Made at the first visit that needs them.
    entries: LazyLock<Cached<S>>,
    breaker: CircuitBreaker,
    marks: Option<KnownMarks>,
}

struct Entry<V> {
    value: Option<Arc<V>>,
    read_at: i64,
    /// The mark of the key that was known when it was read, or an older one.
    mark: Option<u64>,
    /// The bucket of the key, so that a visit need not hash it.
    bucket: usize,
}

impl<V> Clone for Entry<V> {
    fn clone(&self) -> Self {
        let Self { value, read_at, mark, bucket } = self;
        Self { value: value.clone(), read_at: *read_at, mark: *mark, bucket: *bucket }
    }
}

impl<S: Source> ReadCache<S> {
    /// Puts a cache in front of `source`.
    fn new(source: S, clock: Arc<dyn Clock>, freshness: Freshness) -> Self {
        let breaker = CircuitBreaker::new(TABLE_PAUSE);
        let store = Store { source, clock, freshness, entries: LazyLock::new(no_entries::<S>), breaker, marks: None };
        Self { store: Arc::new(store), reads: Mutex::default() }
    }

    /// Makes the cache notice within a second that a value has changed.
    fn with_marks(mut self, marks: Arc<dyn ChangeMarks>) -> Self {
        if let Some(store) = Arc::get_mut(&mut self.store) {
            store.marks = Some(KnownMarks::new(marks));
        }
        self
    }

    /// Returns the value of `key`.
    async fn get(&self, key: &S::Key) -> Result<Option<Arc<S::Value>>, StoreError> {
        let now = self.store.clock.now();
        let mut recency = Recency::Ordinary;
        if let Some(entry) = self.store.entry(key).filter(|entry| self.store.is_fresh(entry, now.as_millis())) {
            if self.store.is_unmarked(&entry).await {
                return Ok(entry.value);
            }
            recency = Recency::Latest;
        }
        let result = if self.store.breaker.allows(now) {
            let result = self.read(key, recency).await;
            self.forget_finished_read(key, recency);
            result
        } else {
            let cause = "the table keeps failing; calls to it are paused";
            Err(Arc::new(StoreError::new(S::OPERATION, StoreErrorKind::Unavailable, cause)))
        };
        result.or_else(|error| self.store.stale(key, &error).map(Some).ok_or_else(|| unshare(error)))
    }

    /// Joins the read of `key` that is under way, or starts one.
    fn read(&self, key: &S::Key, recency: Recency) -> Shared<Read<S::Value>> {
        let mut reads = lock(&self.reads);
        let place = (key.clone(), recency);
        if let Some(read) = reads.get(&place).and_then(WeakShared::upgrade) {
            return read;
        }
        // Also forgets reads that nobody waits for: there are never more reads than concurrent requests.
        reads.retain(|_, read| read.upgrade().is_some_and(|read| read.peek().is_none()));
        let (store, key) = (self.store.clone(), key.clone());
        let read = async move { store.read(key, recency).await.map_err(Arc::new) }.boxed().shared();
        if let Some(weak) = read.downgrade() {
            reads.insert(place, weak);
        }
        read
    }

    fn forget_finished_read(&self, key: &S::Key, recency: Recency) {
        let mut reads = lock(&self.reads);
        let place = (key.clone(), recency);
        if reads.get(&place).and_then(WeakShared::upgrade).is_none_or(|read| read.peek().is_some()) {
            reads.remove(&place);
        }
    }
}

/// Takes the error out of its `Arc`, or copies it if other callers share it.
fn unshare(error: Arc<StoreError>) -> StoreError {
    Arc::try_unwrap(error)
        .unwrap_or_else(|error| StoreError::new(error.operation, error.kind, error.source.to_string()))
}

impl<S: Source> Store<S> {
    async fn read(&self, key: S::Key, recency: Recency) -> Result<Option<Arc<S::Value>>, StoreError> {
        let read_at = self.clock.now().as_millis();
        // Before the value: a change in between counts as one after it.
        let (mut mark, mut latest, bucket) = (None, recency == Recency::Latest, S::bucket(&key));
        if let Some(marks) = &self.marks {
            mark = marks.known(bucket);
            latest |= marks.has_risen_lately(bucket, self.clock.as_ref());
        }
        let recency = if latest { Recency::Latest } else { Recency::Ordinary };
        let result = self.source.read(&key, recency).await;
        self.breaker.record(result.as_ref().err().map(|error| error.kind), self.clock.now());
        let value = result?;
        let mut entries = lock(&self.entries);
        if value.as_deref().is_none_or(S::may_keep) {
            entries.insert(key, Entry { value: value.clone(), read_at, mark, bucket });
        } else {
            entries.remove(&key);
        }
        Ok(value)
    }

    fn entry(&self, key: &S::Key) -> Option<Entry<S::Value>> {
        lock(&self.entries).get(key).cloned()
    }

    fn is_fresh(&self, entry: &Entry<S::Value>, now: i64) -> bool {
        let Freshness { hit_seconds, miss_seconds, .. } = self.freshness;
        let is_settled = entry.value.as_deref().is_some_and(S::is_settled);
        is_within(if is_settled { hit_seconds } else { miss_seconds }, entry.read_at, now)
    }

    /// Tells whether no change of the value is known since it was read.
    async fn is_unmarked(&self, entry: &Entry<S::Value>) -> bool {
        match &self.marks {
            Some(marks) if entry.value.is_some() => {
                marks.is_still(entry.bucket, entry.mark, self.clock.as_ref(), &self.breaker).await
            }
            _ => true,
        }
    }

    /// Returns the value as the table last answered it, if that is recent enough.
    fn stale(&self, key: &S::Key, error: &StoreError) -> Option<Arc<S::Value>> {
        let entry = self.entry(key)?;
        let now = self.clock.now().as_millis();
        let value = entry.value.filter(|value| S::is_settled(value))?;
        if !is_within(self.freshness.stale_seconds, entry.read_at, now) {
            return None;
        }
        S::log_stale(key, now - entry.read_at, error);
        Some(value)
    }
}

/// Tells whether `now` is less than `seconds` after `then`, both in milliseconds. A `then` in the future, left by a clock that
/// was set back, does not count.
pub(super) fn is_within(seconds: u32, then: i64, now: i64) -> bool {
    (0..i64::from(seconds) * 1000).contains(&(now - then))
}

/// Weighs entries by the memory that they take, estimated.
struct ByteWeighter<S>(PhantomData<fn() -> S>);

impl<S> Clone for ByteWeighter<S> {
    fn clone(&self) -> Self {
        Self(PhantomData)
    }
}

impl<S: Source> Weighter<S::Key, Entry<S::Value>> for ByteWeighter<S> {
    fn weight(&self, key: &S::Key, entry: &Entry<S::Value>) -> u64 {
        let fixed = size_of::<S::Key>() + size_of::<Entry<S::Value>>() + OVERHEAD_BYTES;
        (fixed + S::owned_bytes(key, entry.value.as_deref())) as u64
    }
}

/// Makes an empty cache.
fn no_entries<S: Source>() -> Cached<S> {
    let weighter = ByteWeighter(PhantomData);
    let (hasher, lifecycle) = (DefaultHashBuilder::default(), unsync::DefaultLifecycle::default());
    Mutex::new(unsync::Cache::with(S::EXPECTED_ENTRIES, S::MAX_BYTES, weighter, hasher, lifecycle))
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
