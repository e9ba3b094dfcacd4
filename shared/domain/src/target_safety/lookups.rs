//! Bounds the questions of one request, or of one piece of a job.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::guard::{Known, TargetGuard};
use crate::values::timestamp::Timestamp;

/// Questions that share bounds of time and number. Answers from memory count for nothing.
pub struct Lookups {
    guard: Arc<TargetGuard>,
    late: Timestamp,
    most: u64,
    asked: AtomicU64,
    unknown: AtomicU64,
}

impl Lookups {
    /// How long the questions of a request may go on, in seconds. The last one may take as long as the adapter lets it.
    pub const REQUEST_SECONDS: i64 = 3;
    /// The most questions of a request, more than a link can have targets. A batch of many links shares them.
    pub const REQUEST_MOST: u64 = 150;

    /// Allows `most` questions, and none from `late` on.
    pub fn until(guard: Arc<TargetGuard>, late: Timestamp, most: u64) -> Self {
        Self { guard, late, most, asked: AtomicU64::new(0), unknown: AtomicU64::new(0) }
    }

    /// Allows what a request of the API may ask from now on.
    pub fn of_request(guard: Arc<TargetGuard>) -> Self {
        let late = guard.now().plus_seconds(Self::REQUEST_SECONDS);
        Self::until(guard, late, Self::REQUEST_MOST)
    }

    /// Returns what is known about `url`, an `http` or `https` URL in its normal form.
    pub async fn ask(&self, url: &str) -> Known {
        let may_ask = || {
            self.guard.now() < self.late
                && self
                    .asked
                    .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |asked| (asked < self.most).then_some(asked + 1))
                    .is_ok()
        };
        let known = self.guard.ask(url, may_ask).await;
        if known == Known::Unknown {
            self.unknown.fetch_add(1, Ordering::SeqCst);
        }
        known
    }

    /// Returns how many questions were asked.
    pub fn asked(&self) -> u64 {
        self.asked.load(Ordering::SeqCst)
    }
}

/// Tells operators how many targets passed because nobody answered, if any did.
impl Drop for Lookups {
    fn drop(&mut self) {
        let unknown = self.unknown.load(Ordering::SeqCst);
        if unknown > 0 {
            tracing::warn!(event = "targets.unchecked", count = unknown, asked = self.asked());
        }
    }
}
