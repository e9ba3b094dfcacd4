//! Limits how many batches are in flight. It finds the limit by trying, as TCP does (additive increase, multiplicative
//! decrease; RFC 5681): it sends fewer batches to a busy table, and more to a table that takes all of them.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// A limit on batches in flight that follows what the store takes.
#[derive(Debug)]
pub(crate) struct Window(Mutex<State>);

#[derive(Debug)]
struct State {
    size: f64,
    most: f64,
    /// Whether the store has never been busy. Until then each success adds one batch to the limit.
    starting: bool,
    /// How many requests were sent.
    sent: u64,
    /// The last request that was sent before the limit last shrank. If the store is busy for a request up to this one, the limit
    /// has already shrunk for that.
    last_before_shrinking: u64,
}

impl Window {
    /// Makes a window that begins with `first` batches and never allows more than `most`.
    pub(crate) fn new(first: u32, most: u32) -> Self {
        let (size, most) = (f64::from(first), f64::from(most));
        Self(Mutex::new(State { size, most, starting: true, sent: 0, last_before_shrinking: 0 }))
    }

    /// Returns how many batches may be in flight, at least 1.
    pub(crate) fn size(&self) -> usize {
        // At most 32 bits, not negative, and cut to a whole number on purpose.
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "see above")]
        let size = self.state().size as usize;
        size.max(1)
    }

    /// Counts a request that is being sent, and returns its number.
    pub(crate) fn start_request(&self) -> u64 {
        let mut state = self.state();
        state.sent += 1;
        state.sent
    }

    /// Records that the store took a whole request.
    pub(crate) fn record_success(&self) {
        let mut state = self.state();
        let more = if state.starting { 1.0 } else { 1.0 / state.size };
        state.size = (state.size + more).min(state.most);
    }

    /// Records that the store was too busy for the request, or for a part of it.
    pub(crate) fn record_busy(&self, request: u64) {
        let mut state = self.state();
        state.starting = false;
        if request > state.last_before_shrinking {
            state.size = (state.size / 2.0).max(1.0);
            state.last_before_shrinking = state.sent;
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn window_grows_on_success_and_halves_when_busy() {
        let window = Window::new(4, 32);
        for _ in 0..100 {
            window.start_request();
            window.record_success();
        }
        assert_eq!(window.size(), 32);
        let all: Vec<u64> = (0..32).map(|_| window.start_request()).collect();
        for request in all {
            window.record_busy(request);
        }
        assert_eq!(window.size(), 16, "requests in flight at the same time shrink the window once");
        let request = window.start_request();
        window.record_busy(request);
        assert_eq!(window.size(), 8);
        for _ in 0..9 {
            window.record_success();
        }
        assert_eq!(window.size(), 9);
        for _ in 0..20 {
            let request = window.start_request();
            window.record_busy(request);
        }
        assert_eq!(window.size(), 1);
    }
}
