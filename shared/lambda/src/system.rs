//! The machine's clock, random source and timer.

use std::time::Duration;

use async_trait::async_trait;
use waypost_aws::backoff::full_jitter;
use waypost_domain::Timestamp;
use waypost_domain::jobs::timer::Timer;
use waypost_domain::ports::{Clock, Random};

/// The machine's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[allow(clippy::expect_used, reason = "a clock before 1970 or after 9999 is a broken machine")]
    fn now(&self) -> Timestamp {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        let millis = i64::try_from(since.as_millis()).unwrap_or(i64::MAX);
        Timestamp::from_millis(millis).expect("the machine's clock shows a year up to 9999")
    }
}

/// The operating system's cryptographic random source.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemRandom;

impl Random for SystemRandom {
    #[allow(clippy::expect_used, reason = "nothing is safe without randomness")]
    fn fill(&self, bytes: &mut [u8]) {
        getrandom::fill(bytes).expect("the operating system gives random bytes");
    }
}

/// The runtime's timer.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemTimer;

#[async_trait]
impl Timer for SystemTimer {
    async fn pause(&self, millis: u64) {
        tokio::time::sleep(full_jitter(Duration::from_millis(millis))).await;
    }
}
