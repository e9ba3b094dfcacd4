//! Pauses calls to a store that keeps failing, so that the store can recover and no caller waits for a timeout.

use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::values::error::StoreErrorKind;
use crate::values::timestamp::Timestamp;

/// When calls to a store pause, and how long.
#[derive(Debug, Clone, Copy)]
pub struct Pause {
    /// How many calls in a row must fail before calls pause.
    pub after_failures: u32,
    /// How long calls pause, in milliseconds; then one call tries the store again.
    pub millis: i64,
}

/// Counts failures in a row. Each store has a breaker of its own.
#[derive(Debug)]
pub struct CircuitBreaker {
    pause: Pause,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    failures: u32,
    paused_until: i64,
}

impl CircuitBreaker {
    /// Makes a breaker that lets calls through until too many fail.
    pub fn new(pause: Pause) -> Self {
        Self { pause, state: Mutex::default() }
    }

    /// Tells whether the store may be called at `now`. After a pause one caller may, and another after each further pause,
    /// until a call returns: a call that never returns blocks nothing.
    pub fn allows(&self, now: Timestamp) -> bool {
        let (mut state, now) = (self.state(), now.as_millis());
        if state.failures < self.pause.after_failures {
            return true;
        }
        // A remaining pause longer than any pause comes from a clock that was set back.
        if (1..=self.pause.millis).contains(&(state.paused_until - now)) {
            return false;
        }
        state.paused_until = now + self.pause.millis;
        true
    }

    /// Records the result of a call. [`StoreErrorKind::Broken`] counts as an answer: an item that cannot be read says nothing
    /// about the store's health.
    pub fn record(&self, failure: Option<StoreErrorKind>, now: Timestamp) {
        let mut state = self.state();
        if matches!(failure, None | Some(StoreErrorKind::Broken)) {
            state.failures = 0;
            return;
        }
        state.failures = state.failures.saturating_add(1);
        state.paused_until = now.as_millis() + self.pause.millis;
        if state.failures == self.pause.after_failures {
            tracing::warn!(event = "store.paused", failures = state.failures, pause_ms = self.pause.millis);
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FAILURES: u32 = 5;
    const PAUSE_MILLIS: i64 = 2_000;

    fn breaker() -> CircuitBreaker {
        CircuitBreaker::new(Pause { after_failures: FAILURES, millis: PAUSE_MILLIS })
    }

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(1_000_000 + millis).unwrap()
    }

    fn paused() -> CircuitBreaker {
        let breaker = self::breaker();
        for _ in 0..FAILURES {
            assert!(breaker.allows(at(0)));
            breaker.record(Some(StoreErrorKind::Throttled), at(0));
        }
        breaker
    }

    #[test]
    fn repeated_failures_pause_calls_until_one_succeeds() {
        let breaker = paused();
        assert!(!breaker.allows(at(0)) && !breaker.allows(at(PAUSE_MILLIS - 1)));
        assert!(breaker.allows(at(PAUSE_MILLIS)));
        assert!(!breaker.allows(at(PAUSE_MILLIS)), "one call, not all");
        breaker.record(Some(StoreErrorKind::Unavailable), at(PAUSE_MILLIS));
        assert!(!breaker.allows(at(PAUSE_MILLIS + 1)));
        assert!(breaker.allows(at(2 * PAUSE_MILLIS)));
        breaker.record(None, at(2 * PAUSE_MILLIS));
        assert!(breaker.allows(at(2 * PAUSE_MILLIS)) && breaker.allows(at(2 * PAUSE_MILLIS)));
    }

    #[test]
    fn call_that_never_returns_blocks_nothing() {
        let breaker = paused();
        assert!(breaker.allows(at(PAUSE_MILLIS)));
        assert!(breaker.allows(at(2 * PAUSE_MILLIS)));
    }

    #[test]
    fn separated_or_broken_failures_do_not_count() {
        let breaker = self::breaker();
        for n in 0..20 {
            let kind = if n % 2 == 0 { StoreErrorKind::Unavailable } else { StoreErrorKind::Broken };
            breaker.record(Some(kind), at(0));
            assert!(breaker.allows(at(0)));
        }
    }

    #[test]
    fn clock_set_back_does_not_prolong_the_pause() {
        assert!(paused().allows(at(-900_000)));
    }
}
