//! Stores that pause before and after each effect, so that a crash or another invocation fits in between, and fail: before
//! the effect (a throttle), or after it (a lost reply).

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;

use super::chance::{Chance, Pause};
use crate::analytics::ingest::archive::ArchiveObject;
use crate::analytics::ingest::record::QuarantinedRecord;
use crate::analytics::model::aggregate::{Aggregate, AggregateKey};
use crate::analytics::model::recent::RecentClicks;
use crate::analytics::model::sequence::SequenceNumber;
use crate::analytics::ports::{AggregateStore, Archive, Quarantine};
use crate::testing::analytics::{MemoryArchive, MemoryQuarantine};
use crate::testing::faults::Mutation;
use crate::values::error::{StoreError, StoreErrorKind};

/// All stores that the handler uses. Quarantine and archive are in memory.
pub struct Faulty {
    aggregates: Arc<dyn AggregateStore>,
    pub(super) quarantine: MemoryQuarantine,
    pub(super) archive: MemoryArchive,
    state: Mutex<(Chance, u32)>,
    mutation: Mutation,
}

impl Faulty {
    /// How many faults a schedule has at most, so that it ends.
    const FAULTS: u32 = 60;

    pub(super) fn new(seed: u64, mutation: Mutation, aggregates: Arc<dyn AggregateStore>) -> Self {
        Self {
            aggregates,
            quarantine: MemoryQuarantine::default(),
            archive: MemoryArchive::default(),
            state: Mutex::new((Chance(seed ^ 0xFA17), Self::FAULTS)),
            mutation,
        }
    }

    fn state(&self) -> MutexGuard<'_, (Chance, u32)> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn pause(&self) -> Pause {
        let (chance, _) = &mut *self.state();
        // Now and then long enough for others to deliver the same records, and the next ones, meanwhile.
        let longest = if chance.percent(5) { 400 } else { 4 };
        Pause { polls: chance.below(longest) }
    }

    fn fault(&self, operation: &'static str) -> Result<(), StoreError> {
        let (chance, left) = &mut *self.state();
        if *left == 0 || !chance.percent(7) {
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
impl AggregateStore for Faulty {
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
impl Quarantine for Faulty {
    async fn keep(&self, record: &QuarantinedRecord) -> Result<(), StoreError> {
        self.before().await?;
        self.quarantine.keep(record).await?;
        self.after(()).await
    }
}

#[async_trait]
impl Archive for Faulty {
    async fn keep(&self, object: &ArchiveObject) -> Result<(), StoreError> {
        self.before().await?;
        self.archive.keep(object).await?;
        self.after(()).await
    }
}
