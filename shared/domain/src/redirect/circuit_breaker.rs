//! Leaves a store alone that keeps failing, so that it can recover and nobody waits for its time limits.

use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::values::error::StoreErrorKind;
use crate::values::timestamp::Timestamp;

/// How many calls in a row must fail before the store is left alone.
const FAILURES: u32 = 5;
/// For how long it is left alone, in milliseconds; then one call tries it again.
const PAUSE_MILLIS: i64 = 2_000;

/// Counts failures in a row. One breaker stands before one store.
#[derive(Debug, Default)]
pub struct Breaker(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    failures: u32,
    paused_until: i64,
}

impl Breaker {
    /// Whether the store may be called at `now`. Once a pause is over, one caller may for each pause's length, until a call
    /// comes back: a try that never does then blocks nothing.
    pub fn allows(&self, now: Timestamp) -> bool {
        let (mut state, now) = (self.state(), now.as_millis());
        if state.failures < FAILURES {
            return true;
        }
        // A pause that seems longer than any is one that a clock put back has left behind.
        if (1..=PAUSE_MILLIS).contains(&(state.paused_until - now)) {
            return false;
        }
        state.paused_until = now + PAUSE_MILLIS;
        true
    }

    /// The store answered, or failed in a way that says nothing about its health: one item that cannot be read is
    /// [`StoreErrorKind::Broken`].
    pub fn record(&self, failure: Option<StoreErrorKind>, now: Timestamp) {
        let mut state = self.state();
        if matches!(failure, None | Some(StoreErrorKind::Broken)) {
            state.failures = 0;
            return;
        }
        state.failures = state.failures.saturating_add(1);
        state.paused_until = now.as_millis() + PAUSE_MILLIS;
        if state.failures == FAILURES {
            tracing::warn!(event = "store.paused", failures = FAILURES, pause_ms = PAUSE_MILLIS);
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(1_000_000 + millis).unwrap()
    }

    fn failing() -> Breaker {
        let breaker = Breaker::default();
        for _ in 0..FAILURES {
            assert!(breaker.allows(at(0)));
            breaker.record(Some(StoreErrorKind::Throttled), at(0));
        }
        breaker
    }

    #[test]
    fn a_store_that_keeps_failing_is_left_alone_and_then_tried_once() {
        let breaker = failing();
        assert!(!breaker.allows(at(0)) && !breaker.allows(at(PAUSE_MILLIS - 1)));
        assert!(breaker.allows(at(PAUSE_MILLIS)));
        assert!(!breaker.allows(at(PAUSE_MILLIS)), "one try, not all at once");
        breaker.record(Some(StoreErrorKind::Unavailable), at(PAUSE_MILLIS));
        assert!(!breaker.allows(at(PAUSE_MILLIS + 1)));
        assert!(breaker.allows(at(2 * PAUSE_MILLIS)));
        breaker.record(None, at(2 * PAUSE_MILLIS));
        assert!(breaker.allows(at(2 * PAUSE_MILLIS)) && breaker.allows(at(2 * PAUSE_MILLIS)));
    }

    #[test]
    fn a_try_that_never_comes_back_does_not_block_the_next() {
        let breaker = failing();
        assert!(breaker.allows(at(PAUSE_MILLIS)));
        assert!(breaker.allows(at(2 * PAUSE_MILLIS)));
    }

    #[test]
    fn failures_that_are_not_in_a_row_or_not_the_stores_do_not_count() {
        let breaker = Breaker::default();
        for n in 0..20 {
            let kind = if n % 2 == 0 { StoreErrorKind::Unavailable } else { StoreErrorKind::Broken };
            breaker.record(Some(kind), at(0));
            assert!(breaker.allows(at(0)));
        }
    }

    #[test]
    fn a_clock_that_is_put_back_does_not_prolong_the_pause() {
        assert!(failing().allows(at(-900_000)));
    }
}
