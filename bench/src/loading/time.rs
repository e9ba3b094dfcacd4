//! A simulated time, which passes only while all wait for it.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::future::poll_fn;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};

use async_trait::async_trait;
use waypost_domain::Timestamp;
use waypost_domain::jobs::timer::Timer;
use waypost_domain::ports::Clock;

use crate::chance::Chance;

/// 2026-01-01T00:00:00Z.
const START_MS: u64 = 1_767_225_600_000;

/// A clock that the simulation moves, with all who wait for it.
#[derive(Default)]
pub(super) struct SimulatedTime(Mutex<State>);

#[derive(Default)]
struct State {
    now_us: u64,
    waiting: BinaryHeap<Reverse<(u64, u64)>>,
    wakers: HashMap<u64, Waker>,
    waits: u64,
}

impl SimulatedTime {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the microseconds since the start.
    pub(super) fn now_us(&self) -> u64 {
        self.state().now_us
    }

    /// Waits until the clock shows `at_us`.
    pub(super) async fn until(&self, at_us: u64) {
        let number = {
            let mut state = self.state();
            state.waits += 1;
            let number = state.waits;
            state.waiting.push(Reverse((at_us, number)));
            number
        };
        poll_fn(|context| {
            let mut state = self.state();
            if state.now_us >= at_us {
                return Poll::Ready(());
            }
            state.wakers.insert(number, context.waker().clone());
            Poll::Pending
        })
        .await;
    }

    /// Moves the clock to the next time that a future waits for; returns whether there is one.
    pub(super) fn advance(&self) -> bool {
        let mut state = self.state();
        let Some(Reverse((at_us, number))) = state.waiting.pop() else { return false };
        state.now_us = state.now_us.max(at_us);
        if let Some(waker) = state.wakers.remove(&number) {
            waker.wake();
        }
        true
    }
}

impl Clock for SimulatedTime {
    fn now(&self) -> Timestamp {
        let millis = i64::try_from(START_MS + self.state().now_us / 1000).unwrap_or_default();
        Timestamp::from_millis(millis).unwrap_or_else(|_| unreachable!("a time in this century"))
    }
}

/// Pauses for a random part of the time that it is asked for, as the real one does.
pub(super) struct SimulatedTimer {
    time: Arc<SimulatedTime>,
    chance: Mutex<Chance>,
}

impl SimulatedTimer {
    /// Makes a timer of `time`.
    pub(super) fn new(time: Arc<SimulatedTime>) -> Self {
        Self { time, chance: Mutex::new(Chance(1)) }
    }
}

#[async_trait]
impl Timer for SimulatedTimer {
    async fn pause(&self, millis: u64) {
        let most = usize::try_from(millis * 1000).unwrap_or(usize::MAX);
        let pause = self.chance.lock().unwrap_or_else(PoisonError::into_inner).below(most + 1);
        self.time.until(self.time.now_us() + pause as u64).await;
    }
}
