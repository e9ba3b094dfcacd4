//! A store that costs next to nothing beside the fold.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use foldhash::fast::RandomState;
use waypost_domain::analytics::model::aggregate::{Aggregate, AggregateKey};
use waypost_domain::analytics::model::sequence::SequenceNumber;
use waypost_domain::analytics::ports::AggregateStore;
use waypost_domain::{StoreError, StoreErrorKind};

/// Keeps aggregates in memory. Moves them instead of copying them: out when it loads, back in when it puts.
#[derive(Default)]
pub(super) struct MovingStore(Mutex<HashMap<AggregateKey, Slot, RandomState>>);

struct Slot {
    seq: SequenceNumber,
    /// Absent between a load and the put that follows.
    aggregate: Option<Aggregate>,
    writes: usize,
}

impl MovingStore {
    fn slots(&self) -> MutexGuard<'_, HashMap<AggregateKey, Slot, RandomState>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the aggregates that were written since the last call, and how often.
    pub(super) fn written(&self) -> Vec<(Aggregate, usize)> {
        let mut slots = self.slots();
        let written = slots.values_mut().filter(|slot| slot.writes > 0);
        written.filter_map(|slot| Some((slot.aggregate.clone()?, std::mem::take(&mut slot.writes)))).collect()
    }
}

#[async_trait]
impl AggregateStore for MovingStore {
    async fn load(&self, keys: &[AggregateKey]) -> Result<Vec<Option<Aggregate>>, StoreError> {
        let mut slots = self.slots();
        let taken = keys.iter().map(|key| match slots.get_mut(key).map(|slot| slot.aggregate.take()) {
            Some(None) => {
                Err(StoreError::new("aggregates.load", StoreErrorKind::Broken, "it was loaded and not put back"))
            }
            stored => Ok(stored.flatten()),
        });
        taken.collect()
    }

    async fn put(&self, aggregate: Aggregate, read: Option<&SequenceNumber>) -> Result<bool, StoreError> {
        let mut slots = self.slots();
        let slot = slots.get_mut(&aggregate.key);
        if slot.as_ref().map(|slot| &slot.seq) != read {
            return Ok(false);
        }
        match slot {
            Some(slot) => {
                slot.seq = aggregate.seq.clone();
                slot.writes += 1;
                slot.aggregate = Some(aggregate);
            }
            None => {
                let (key, seq) = (aggregate.key.clone(), aggregate.seq.clone());
                slots.insert(key, Slot { seq, aggregate: Some(aggregate), writes: 1 });
            }
        }
        Ok(true)
    }
}
