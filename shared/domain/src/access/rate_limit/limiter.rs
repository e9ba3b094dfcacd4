//! Admits or refuses requests, with few writes to the store.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::bucket::{Bucket, TokenBuckets};
use super::limit::{Micros, RateLimit, RateLimits, SECOND, seconds_up};
use crate::access::key::Caller;
use crate::values::timestamp::Timestamp;

/// How long a process may use the tokens that it reserved. Tokens left over then are lost.
const RESERVATION_TIME: Micros = 2 * SECOND;
/// The greatest number of keys for which a process keeps a reservation.
const MAX_RESERVATIONS: usize = 1024;

/// The limiter's decision on a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Admission {
    /// Admitted without counting: the role has no limit, or the store failed.
    Unlimited,
    /// Admitted and counted.
    Admitted(RateLimitStatus),
    /// Refused. The number is the seconds until the next request is admitted, at least 1.
    Refused(RateLimitStatus, u64),
}

/// What is left of a caller's limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateLimitStatus {
    /// The caller's limit.
    pub limit: RateLimit,
    /// How many requests the caller may still make at once. Other processes may have admitted some of them meanwhile.
    pub remaining: u32,
    /// The seconds until the bucket is full again.
    pub reset_seconds: u64,
}

/// Counts requests against the buckets of their callers.
///
/// A process reserves several tokens in one write, so that a busy key costs one write for many requests. The first
/// reservation has one token. The next one has twice as many if the requests used up the last one in time, up to a tenth of the
/// burst or the tokens of one second. From the start, all processes together never admit more than
/// `burst + per_second * time`. In any later span of time they admit at most the tokens of two seconds more than that.
pub struct RateLimiter {
    buckets: Arc<dyn TokenBuckets>,
    limits: RateLimits,
    reservations: Mutex<HashMap<String, Reservation>>,
}

/// Tokens that a process took from a bucket for requests to come.
struct Reservation {
    /// How many tokens the process took.
    size: u32,
    /// How many of them are left.
    left: u32,
    /// When the left tokens are lost.
    ends_at: Micros,
    /// The bucket after the process took the tokens. Other processes can only have taken more since.
    bucket: Bucket,
}

impl RateLimiter {
    /// Counts requests in `buckets` against `limits`.
    pub fn new(buckets: Arc<dyn TokenBuckets>, limits: RateLimits) -> Self {
        Self { buckets, limits, reservations: Mutex::default() }
    }

    /// Decides whether to admit a request of `caller` at `now`. Admits it if the store of buckets fails: a limit must not cause
    /// an outage.
    pub async fn admit(&self, caller: &Caller, now: Timestamp) -> Admission {
        let Some(limit) = self.limits.of(caller.role) else { return Admission::Unlimited };
        let now = now.as_millis().saturating_mul(1000);
        let wanted = match self.decide_locally(&caller.key_id, limit, now) {
            Ok(admission) => return admission,
            Err(wanted) => wanted,
        };
        match self.buckets.take(&caller.key_id, limit, wanted, now).await {
            Ok(taken) => {
                let left = taken.tokens.saturating_sub(1);
                let ends_at = now + RESERVATION_TIME;
                let reserved = Reservation { size: taken.tokens, left, ends_at, bucket: taken.bucket };
                let admission = if taken.tokens > 0 { reserved.admit(limit, now) } else { reserved.refuse(limit, now) };
                self.keep(&caller.key_id, reserved, now);
                admission
            }
            Err(error) => {
                let (workspace, key_id) = (&caller.workspace, &caller.key_id);
                tracing::warn!(event = "limits.not_counted", %workspace, key_id, %error);
                Admission::Unlimited
            }
        }
    }

    /// Decides from the reservation alone, or returns how many tokens to take from the store.
    fn decide_locally(&self, key_id: &str, limit: RateLimit, now: Micros) -> Result<Admission, u32> {
        let mut reservations = self.reservations();
        let Some(reserved) = reservations.get_mut(key_id) else { return Err(1) };
        if reserved.left > 0 && now < reserved.ends_at {
            reserved.left -= 1;
            return Ok(reserved.admit(limit, now));
        }
        if now < reserved.bucket.next_token_at(limit) {
            return Ok(reserved.refuse(limit, now));
        }
        let used_up = reserved.left == 0 && now < reserved.ends_at;
        let most = (limit.burst() / 10).min(limit.per_second()).max(1);
        Err(if used_up { reserved.size.saturating_mul(2).clamp(1, most) } else { 1 })
    }

    /// Keeps the reservation. If there are too many, drops those that have ended, or else all.
    fn keep(&self, key_id: &str, reserved: Reservation, now: Micros) {
        let mut reservations = self.reservations();
        if reservations.len() >= MAX_RESERVATIONS && !reservations.contains_key(key_id) {
            reservations.retain(|_, reserved| now < reserved.ends_at);
            if reservations.len() >= MAX_RESERVATIONS {
                reservations.clear();
            }
        }
        reservations.insert(key_id.to_owned(), reserved);
    }

    fn reservations(&self) -> MutexGuard<'_, HashMap<String, Reservation>> {
        self.reservations.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Reservation {
    fn admit(&self, limit: RateLimit, now: Micros) -> Admission {
        Admission::Admitted(self.status(limit, now))
    }

    fn refuse(&self, limit: RateLimit, now: Micros) -> Admission {
        let retry_after = seconds_up(self.bucket.next_token_at(limit) - now).max(1);
        Admission::Refused(self.status(limit, now), retry_after)
    }

    fn status(&self, limit: RateLimit, now: Micros) -> RateLimitStatus {
        let remaining = self.bucket.available(limit, now).saturating_add(self.left).min(limit.burst());
        RateLimitStatus { limit, remaining, reset_seconds: seconds_up(self.bucket.full_at - now) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::key::Role;
    use crate::testing::buckets::MemoryBuckets;
    use crate::testing::samples::caller;
    use futures::FutureExt;
    use proptest::prelude::*;

    /// Polls once: a store in memory never waits.
    fn block_on<T>(future: impl Future<Output = T>) -> T {
        future.now_or_never().unwrap()
    }

    fn limiter(buckets: &Arc<MemoryBuckets>, limit: &str) -> RateLimiter {
        let limits = RateLimits { viewer: RateLimit::parse(limit).unwrap(), ..RateLimits::default() };
        RateLimiter::new(buckets.clone(), limits)
    }

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(1_767_225_600_000 + millis).unwrap()
    }

    fn admits(limiter: &RateLimiter, millis: i64) -> bool {
        !matches!(block_on(limiter.admit(&caller("acme", Role::Viewer), at(millis))), Admission::Refused(..))
    }

    #[test]
    fn requests_above_the_burst_are_refused() {
        let limiter = limiter(&Arc::default(), "2/5");
        let viewer = caller("acme", Role::Viewer);
        for remaining in (0..5).rev() {
            let Admission::Admitted(status) = block_on(limiter.admit(&viewer, at(0))) else { panic!() };
            assert_eq!(status.remaining, remaining);
        }
        let Admission::Refused(status, retry_after) = block_on(limiter.admit(&viewer, at(0))) else { panic!() };
        assert_eq!((status.remaining, status.reset_seconds, retry_after), (0, 3, 1));
        assert!(!admits(&limiter, 499) && admits(&limiter, 500) && !admits(&limiter, 501));
    }

    #[test]
    fn role_without_a_limit_is_not_counted() {
        let buckets = Arc::default();
        let limiter = limiter(&buckets, "1/1");
        assert_eq!(block_on(limiter.admit(&caller("acme", Role::Admin), at(0))), Admission::Unlimited);
        assert_eq!(buckets.calls(), 0);
    }

    #[test]
    fn each_key_has_its_own_bucket() {
        let limiter = limiter(&Arc::default(), "1/1");
        assert!(admits(&limiter, 0) && !admits(&limiter, 0));
        let mut other = caller("acme", Role::Viewer);
        other.key_id = "key_other".to_owned();
        assert!(matches!(block_on(limiter.admit(&other, at(0))), Admission::Admitted(_)));
    }

    #[test]
    fn store_failure_admits_requests() {
        let buckets = Arc::new(MemoryBuckets::default());
        buckets.fail();
        let limiter = limiter(&buckets, "1/1");
        assert!((0..10).all(|_| admits(&limiter, 0)));
    }

    #[test]
    fn busy_and_refused_keys_cost_few_writes() {
        let buckets = Arc::default();
        let limiter = limiter(&buckets, "100/200");
        assert!((0..200).all(|_| admits(&limiter, 0)));
        assert!(buckets.calls() <= 15, "{} writes", buckets.calls());
        let before = buckets.calls();
        assert!((0..100).all(|_| !admits(&limiter, 0)));
        assert!(buckets.calls() <= before + 1, "refuses a flood without calls to the store");
    }

    #[test]
    fn number_of_reservations_is_bounded() {
        let limiter = limiter(&Arc::default(), "1/1");
        let mut caller = caller("acme", Role::Viewer);
        for n in 0..3 * MAX_RESERVATIONS {
            caller.key_id = format!("key_{n}");
            block_on(limiter.admit(&caller, at(0)));
        }
        assert!(limiter.reservations().len() <= MAX_RESERVATIONS);
    }

    #[test]
    fn reservations_grow_to_a_tenth_of_the_burst_or_a_second() {
        for (limit, sizes) in [("1000/100", [1, 2, 4, 8, 10]), ("5/1000", [1, 2, 4, 5, 5]), ("9/9", [1, 1, 1, 1, 1])] {
            let limiter = limiter(&Arc::default(), limit);
            for size in sizes {
                let Admission::Admitted(_) = block_on(limiter.admit(&caller("acme", Role::Viewer), at(0))) else {
                    panic!("{limit}")
                };
                let reserved = || limiter.reservations().get("key_test").map(|reserved| (reserved.size, reserved.left));
                assert_eq!(reserved(), Some((size, size - 1)), "{limit}");
                (1..size).for_each(|_| assert!(admits(&limiter, 0)));
                assert_eq!(reserved(), Some((size, 0)), "{limit}: no other reservation before this one is used up");
            }
        }
    }

    #[test]
    fn reservation_that_was_not_used_up_in_time_starts_anew() {
        let reserved = |limiter: &RateLimiter| limiter.reservations()["key_test"].size;
        for (wait, size) in [(0, 4), (1_999, 4), (2_000, 1), (60_000, 1)] {
            let limiter = limiter(&Arc::default(), "100/1000");
            assert!((0..3).all(|_| admits(&limiter, 0)), "reservations of one and of two");
            assert!(admits(&limiter, wait));
            assert_eq!(reserved(&limiter), size, "used up, then {wait} ms");
        }
        for (wait, size) in [(0, 2), (1_999, 2), (2_000, 1)] {
            let limiter = limiter(&Arc::default(), "100/1000");
            assert!((0..2).all(|_| admits(&limiter, 0)), "one of two is left");
            assert!(admits(&limiter, wait));
            assert_eq!(reserved(&limiter), size, "one left, then {wait} ms");
        }
    }

    #[test]
    fn remaining_requests_count_the_reservation_and_the_bucket() {
        let limiter = limiter(&Arc::default(), "100/50");
        for n in 1..=20 {
            let admission = block_on(limiter.admit(&caller("acme", Role::Viewer), at(0)));
            let Admission::Admitted(status) = admission else { panic!("{admission:?}") };
            assert_eq!((status.limit.burst(), status.remaining, status.reset_seconds), (50, 50 - n, 1), "request {n}");
        }
    }

    #[test]
    fn full_table_keeps_the_reservations_that_last() {
        let limiter = limiter(&Arc::default(), "10/10");
        let mut caller = caller("acme", Role::Viewer);
        let mut admit = |key: String, millis| {
            caller.key_id = key;
            block_on(limiter.admit(&caller, at(millis)));
        };
        (0..MAX_RESERVATIONS - 1).for_each(|n| admit(format!("key_{n}"), 0));
        admit("key_last".to_owned(), 1_000);
        assert_eq!(limiter.reservations().len(), MAX_RESERVATIONS);
        admit("key_last".to_owned(), 1_500);
        assert_eq!(limiter.reservations().len(), MAX_RESERVATIONS, "a known key needs no room");
        admit("key_new".to_owned(), 2_000);
        let kept: std::collections::BTreeSet<String> = limiter.reservations().keys().cloned().collect();
        assert_eq!(kept, ["key_last", "key_new"].map(String::from).into());
    }

    #[test]
    fn refusal_names_the_seconds_until_the_next_token() {
        let limiter = limiter(&Arc::default(), "1/3");
        assert!((0..3).all(|_| admits(&limiter, 0)));
        for (millis, retry_after) in [(0, 1), (1, 1), (999, 1)] {
            let admission = block_on(limiter.admit(&caller("acme", Role::Viewer), at(millis)));
            assert!(matches!(admission, Admission::Refused(_, seconds) if seconds == retry_after), "{admission:?}");
        }
    }

    #[test]
    fn lowered_limit_names_the_seconds_until_its_own_next_token() {
        let buckets = Arc::default();
        let former = limiter(&buckets, "1/100");
        assert!((0..100).all(|_| admits(&former, 0)));
        let admission = block_on(limiter(&buckets, "1/2").admit(&caller("acme", Role::Viewer), at(0)));
        let Admission::Refused(status, retry_after) = admission else { panic!("{admission:?}") };
        assert_eq!((status.remaining, status.reset_seconds, retry_after), (0, 100, 99));
    }

    proptest! {
        /// Sends requests at random times to several processes.
        #[test]
        fn admissions_never_exceed_burst_and_rate(
            per_second in 1_u32..200,
            burst in 1_u32..200,
            steps in prop::collection::vec((0_i64..400, 0_usize..4, 1_usize..40), 1..200),
        ) {
            let buckets = Arc::default();
            let processes: Vec<_> = (0..4).map(|_| limiter(&buckets, &format!("{per_second}/{burst}"))).collect();
            let (mut now, mut admitted) = (0, Vec::new());
            for (wait, process, requests) in steps {
                now += wait;
                admitted.extend((0..requests).filter(|_| admits(&processes[process], now)).map(|_| now));
            }
            let flow = |millis: i64| f64::from(per_second) * millis as f64 / 1000.0;
            for (count, time) in admitted.iter().enumerate() {
                let most = f64::from(burst) + flow(*time);
                prop_assert!((count + 1) as f64 <= most, "{} at {time} ms", count + 1);
            }
            for (from, start) in admitted.iter().enumerate() {
                let (until, end) = (admitted.len(), admitted[admitted.len() - 1]);
                let most = f64::from(burst) + flow(end - start + RESERVATION_TIME / 1000) + 1.0;
                prop_assert!((until - from) as f64 <= most, "{} from {start} ms to {end} ms", until - from);
            }
        }

        #[test]
        fn requests_within_the_rate_are_never_refused(
            per_second in 1_u32..200,
            burst in 1_u32..2000,
            slower in 0_i64..1000,
        ) {
            let limiter = limiter(&Arc::default(), &format!("{per_second}/{burst}"));
            let interval = i64::from(1000_u32.div_ceil(per_second)) + slower;
            for n in 0..1000 {
                prop_assert!(admits(&limiter, n * interval), "request {n}");
            }
        }
    }
}
