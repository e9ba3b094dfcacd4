//! Implements stores that pause before and after each write, so that a crash or another invocation can happen in
//! between. They fail before the write (throttled) or after it (the reply is lost).

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll};

use async_trait::async_trait;

use super::mutation::Mutation;
use super::random::SplitMix64;
use crate::analytics::ingest::archive::ArchiveObject;
use crate::analytics::ingest::record::QuarantinedRecord;
use crate::analytics::model::aggregate::{Aggregate, AggregateKey};
use crate::analytics::model::recent::RecentClicks;
use crate::analytics::model::sequence::SequenceNumber;
use crate::analytics::ports::{AggregateStore, Archive, Quarantine};
use crate::testing::analytics::{MemoryArchive, MemoryQuarantine};
use crate::testing::outage::lock;
use crate::values::error::{StoreError, StoreErrorKind};

/// Returns control to the event source `polls` times.
struct Pause {
    polls: usize,
}

impl Future for Pause {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if self.polls == 0 {
            return Poll::Ready(());
        }
        self.polls -= 1;
        context.waker().wake_by_ref();
        Poll::Pending
    }
}

/// All stores that the handler uses. Quarantine and archive are in memory.
pub struct FaultyStores {
    aggregates: Arc<dyn AggregateStore>,
    pub(super) quarantine: MemoryQuarantine,
    pub(super) archive: MemoryArchive,
    /// The random numbers, and how many faults are left.
    state: Mutex<(SplitMix64, u32)>,
    mutation: Mutation,
}

impl FaultyStores {
    /// How many faults a schedule has at most, so that it ends.
    const MAX_FAULTS: u32 = 60;

    pub(super) fn new(seed: u64, mutation: Mutation, aggregates: Arc<dyn AggregateStore>) -> Self {
        Self {
            aggregates,
            quarantine: MemoryQuarantine::default(),
            archive: MemoryArchive::default(),
            state: Mutex::new((SplitMix64(seed ^ 0xFA17), Self::MAX_FAULTS)),
            mutation,
        }
    }

    fn state(&self) -> MutexGuard<'_, (SplitMix64, u32)> {
        lock(&self.state)
    }

    fn pause(&self) -> Pause {
        let (random, _) = &mut *self.state();
        // Sometimes pause so long that other invocations handle the same records and the next ones.
        let longest = if random.percent(5) { 400 } else { 4 };
        Pause { polls: random.below(longest) }
    }

    fn fault(&self, operation: &'static str) -> Result<(), StoreError> {
        let (random, left) = &mut *self.state();
        if *left == 0 || !random.percent(7) {
            return Ok(());
        }
        *left -= 1;
        Err(StoreError::new(operation, StoreErrorKind::Throttled, "injected"))
    }

    async fn before(&self) -> Result<(), StoreError> {
        self.pause().await;
        self.fault("throttled")
    }

    async fn after<T>(&self, answer: T) -> Result<T, StoreError> {
        self.pause().await;
        self.fault("reply lost").map(|()| answer)
    }
}

#[async_trait]
impl AggregateStore for FaultyStores {
    async fn load(&self, keys: &[AggregateKey]) -> Result<Vec<Option<Aggregate>>, StoreError> {
        self.before().await?;
        let mut loaded = self.aggregates.load(keys).await?;
        for aggregate in loaded.iter_mut().flatten() {
            match self.mutation {
                Mutation::WatermarkIgnored => {
                    aggregate.seq = SequenceNumber::parse("0").unwrap_or_else(|_| unreachable!())
                }
                Mutation::WindowForgotten => aggregate.tally.recent = RecentClicks::default(),
                _ => {}
            }
        }
        self.pause().await;
        Ok(loaded)
    }

    async fn put(&self, aggregate: Aggregate, read: Option<&SequenceNumber>) -> Result<bool, StoreError> {
        self.before().await?;
        let written = if matches!(self.mutation, Mutation::ConditionIgnored | Mutation::WatermarkIgnored) {
            let stored = self.aggregates.load(std::slice::from_ref(&aggregate.key)).await?.remove(0);
            self.aggregates.put(aggregate, stored.as_ref().map(|stored| &stored.seq)).await?
        } else {
            self.aggregates.put(aggregate, read).await?
        };
        self.after(written).await
    }
}

#[async_trait]
impl Quarantine for FaultyStores {
    async fn keep(&self, record: &QuarantinedRecord) -> Result<(), StoreError> {
        self.before().await?;
        self.quarantine.keep(record).await?;
        self.after(()).await
    }
}

#[async_trait]
impl Archive for FaultyStores {
    async fn keep(&self, object: &ArchiveObject) -> Result<(), StoreError> {
        self.before().await?;
        self.archive.keep(object).await?;
        self.after(()).await
    }
}
