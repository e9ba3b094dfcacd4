//! Waiting between tries, for calls whose answer can be "partly": the SDK's own retries do not see those.

use std::time::Duration;

use waypost_domain::ports::Random;

use crate::system::SystemRandom;

const FIRST: Duration = Duration::from_millis(50);
const LONGEST: Duration = Duration::from_secs(5);
/// How many tries in a row may bring nothing. With the waits between them that is about half a minute.
const MAX_TRIES: u32 = 12;

/// Counts tries that brought nothing.
#[derive(Debug, Default)]
pub(crate) struct Backoff(u32);

impl Backoff {
    /// Something went through: the store is busy, but there.
    pub(crate) fn progress(&mut self) {
        self.0 = 0;
    }

    /// Waits for a random time below a limit that doubles with each try ("full jitter", AWS architecture blog). `false` if
    /// it is time to give up.
    pub(crate) async fn wait(&mut self) -> bool {
        self.0 += 1;
        if self.0 >= MAX_TRIES {
            return false;
        }
        let limit = FIRST.saturating_mul(1 << (self.0 - 1)).min(LONGEST);
        let mut bytes = [0; 4];
        SystemRandom.fill(&mut bytes);
        tokio::time::sleep(limit.mul_f64(f64::from(u32::from_be_bytes(bytes)) / f64::from(u32::MAX))).await;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn it_ends_unless_something_goes_through() {
        let mut backoff = Backoff::default();
        let mut waits = 0;
        while backoff.wait().await {
            waits += 1;
            if waits == 5 {
                backoff.progress();
            }
        }
        assert_eq!(waits, 5 + 11);
    }
}
