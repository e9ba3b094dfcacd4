//! Waits between tries, for calls whose answer can be "partly": the SDK's own retries do not see those.

use std::time::Duration;

/// The upper bound of the wait before the second try.
const FIRST: Duration = Duration::from_millis(50);
/// The upper bound of later waits, unless a caller sets another.
const LONGEST: Duration = Duration::from_secs(5);
/// The number of tries in a row that may fail, unless a caller sets another. With the waits between them, 12 tries take
/// about half a minute.
const MAX_TRIES: u32 = 12;

/// Counts failed tries and waits between them.
#[derive(Debug)]
pub(crate) struct Backoff {
    failed: u32,
    max_tries: u32,
    longest: Duration,
}

impl Default for Backoff {
    fn default() -> Self {
        Self::new(MAX_TRIES, LONGEST)
    }
}

impl Backoff {
    /// Allows `max_tries` tries in a row, with waits of at most `longest` between them.
    pub(crate) fn new(max_tries: u32, longest: Duration) -> Self {
        Self { failed: 0, max_tries, longest }
    }

    /// Counts from zero again: the store is busy, but it did some of the work.
    pub(crate) fn reset(&mut self) {
        self.failed = 0;
    }

    /// Counts a failed try and waits for a random time below a bound that doubles with each of them. Gives `false` at once
    /// after the last try.
    pub(crate) async fn wait(&mut self) -> bool {
        self.failed += 1;
        if self.failed >= self.max_tries {
            return false;
        }
        let bound = FIRST.saturating_mul(2_u32.saturating_pow(self.failed - 1)).min(self.longest);
        tokio::time::sleep(full_jitter(bound)).await;
        true
    }
}

/// Gives a random time up to `bound` ("full jitter", AWS architecture blog), so that clients that wait don't come back
/// together.
pub fn full_jitter(bound: Duration) -> Duration {
    let mut bytes = [0; 4];
    // Without randomness the bound itself is as good.
    let share =
        getrandom::fill(&mut bytes).map_or(1.0, |()| f64::from(u32::from_be_bytes(bytes)) / f64::from(u32::MAX));
    bound.mul_f64(share)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn tries_end_unless_some_work_was_done() {
        let mut backoff = Backoff::default();
        let mut waits = 0;
        while backoff.wait().await {
            waits += 1;
            if waits == 5 {
                backoff.reset();
            }
        }
        assert_eq!(waits, 5 + 11);
    }

    #[test]
    fn a_wait_is_at_most_its_bound() {
        let bound = Duration::from_millis(50);
        assert!((0..1000).all(|_| full_jitter(bound) <= bound));
    }
}
