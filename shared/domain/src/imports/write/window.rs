//! How many batches may be on their way at once: found out by trying, as TCP does (additive increase, multiplicative
//! decrease; RFC 5681). A table that is busy is left more room, and one that has room gets more.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// A number of batches that follows what the store takes.
#[derive(Debug)]
pub(crate) struct Window(Mutex<State>);

#[derive(Debug)]
struct State {
    size: f64,
    most: f64,
    /// Until the store is busy for the first time, each answer makes room for one more.
    starting: bool,
    /// How many requests were sent.
    sent: u64,
    /// Requests before this one were sent when there were more on their way: that the store was busy is known already.
    decided: u64,
}

impl Window {
    /// A window that begins with `first` batches and never has more than `most`.
    pub(crate) fn new(first: u32, most: u32) -> Self {
        let (size, most) = (f64::from(first), f64::from(most));
        Self(Mutex::new(State { size, most, starting: true, sent: 0, decided: 0 }))
    }

    /// How many batches may be on their way, at least 1.
    pub(crate) fn size(&self) -> usize {
        // At most 32 bits, not negative, and cut to a whole number on purpose.
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "see above")]
        let size = self.state().size as usize;
        size.max(1)
    }

    /// Notes that a request is sent, and numbers it.
    pub(crate) fn send(&self) -> u64 {
        let mut state = self.state();
        state.sent += 1;
        state.sent
    }

    /// The store took all of the request.
    pub(crate) fn went_through(&self) {
        let mut state = self.state();
        let more = if state.starting { 1.0 } else { 1.0 / state.size };
        state.size = (state.size + more).min(state.most);
    }

    /// The store was too busy for the request, or for some of it.
    pub(crate) fn was_busy(&self, request: u64) {
        let mut state = self.state();
        state.starting = false;
        if request > state.decided {
            state.size = (state.size / 2.0).max(1.0);
            state.decided = state.sent;
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
    fn it_opens_fast_closes_at_once_and_climbs_again() {
        let window = Window::new(4, 32);
        for _ in 0..100 {
            window.send();
            window.went_through();
        }
        assert_eq!(window.size(), 32);
        let all: Vec<u64> = (0..32).map(|_| window.send()).collect();
        for request in all {
            window.was_busy(request);
        }
        assert_eq!(window.size(), 16, "one sign counts once, however many requests saw it");
        let request = window.send();
        window.was_busy(request);
        assert_eq!(window.size(), 8);
        for _ in 0..9 {
            window.went_through();
        }
        assert_eq!(window.size(), 9);
        for _ in 0..20 {
            let request = window.send();
            window.was_busy(request);
        }
        assert_eq!(window.size(), 1);
    }
}
