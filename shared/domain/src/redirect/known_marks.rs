//! Keeps the marks of changed links for a second, so that links from the cache are never older than that without a read of each.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures::lock::Mutex as TurnLock;

use super::circuit_breaker::CircuitBreaker;
use super::ports::ChangeMarks;
use crate::links::change_marks::{BUCKETS, Marks};
use crate::ports::Clock;

/// How long marks count as new, in milliseconds: for so long a change may stay unnoticed.
const NEW_MILLIS: i64 = 1_000;

/// How long after a mark has risen the link is read consistently, in milliseconds: far longer than a read lags behind.
const LAG_MILLIS: i64 = 5_000;

/// The marks as the process last read them.
pub(crate) struct KnownMarks {
    store: Arc<dyn ChangeMarks>,
    known: Mutex<Known>,
    /// Held while the marks are read: of concurrent visits one reads, and the others wait for it.
    turn: TurnLock<()>,
}

struct Known {
    marks: Option<Marks>,
    /// When the last read began, in milliseconds.
    read_at: Option<i64>,
    /// When a read found each mark higher than before, in milliseconds.
    risen_at: [Option<i64>; BUCKETS],
}

impl KnownMarks {
    pub(crate) fn new(store: Arc<dyn ChangeMarks>) -> Self {
        let known = Known { marks: None, read_at: None, risen_at: [None; BUCKETS] };
        Self { store, known: Mutex::new(known), turn: TurnLock::new(()) }
    }

    /// Returns the mark of a bucket as it is known, however old. `None` if no marks have been read yet.
    pub(crate) fn known(&self, bucket: usize) -> Option<u64> {
        self.state().marks.and_then(|marks| marks.get(bucket).copied())
    }

    /// Tells whether the mark of a bucket has risen so lately that a read may not see the change yet.
    pub(crate) fn has_risen_lately(&self, bucket: usize, clock: &dyn Clock) -> bool {
        let now = clock.now().as_millis();
        self.state().risen_at.get(bucket).copied().flatten().is_some_and(|at| (0..LAG_MILLIS).contains(&(now - at)))
    }

    /// Tells whether the mark of a bucket is still `seen`, a value of [`KnownMarks::known`]. Reads the marks if they are older
    /// than a second. While they cannot be read, nothing counts as changed: redirects go on without the table.
    pub(crate) async fn is_still(
        &self,
        bucket: usize,
        seen: Option<u64>,
        clock: &dyn Clock,
        breaker: &CircuitBreaker,
    ) -> bool {
        if !self.is_new(clock) {
            let _turn = self.turn.lock().await;
            if !self.is_new(clock) {
                self.read(clock, breaker).await;
            }
        }
        self.known(bucket).is_none_or(|known| seen == Some(known))
    }

    async fn read(&self, clock: &dyn Clock, breaker: &CircuitBreaker) {
        let now = clock.now();
        if !breaker.allows(now) {
            return;
        }
        let result = self.store.marks().await;
        breaker.record(result.as_ref().err().map(|error| error.kind), clock.now());
        let mut known = self.state();
        // After a failure too: not every visit in an outage waits for another failure.
        known.read_at = Some(now.as_millis());
        match result {
            Ok(marks) => known.learn(marks, clock.now().as_millis()),
            Err(error) => tracing::warn!(event = "links.marks_not_read", %error),
        }
    }

    fn is_new(&self, clock: &dyn Clock) -> bool {
        let now = clock.now().as_millis();
        self.state().read_at.is_some_and(|read_at| (0..NEW_MILLIS).contains(&(now - read_at)))
    }

    fn state(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    fn learn(&mut self, marks: Marks, now: i64) {
        for (bucket, risen_at) in self.risen_at.iter_mut().enumerate() {
            // The first marks may all have risen just now.
            if self.marks.is_none_or(|before| marks[bucket] != before[bucket]) {
                *risen_at = Some(now);
            }
        }
        self.marks = Some(marks);
    }
}
