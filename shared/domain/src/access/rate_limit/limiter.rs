//! Lets requests through or not, with as few writes as that takes.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::access::key::Caller;
use crate::access::rate_limit::{Bucket, Micros, RateLimit, RateLimits, SECOND, TokenBuckets, seconds_up};
use crate::values::timestamp::Timestamp;

/// How long a process may use tokens that it took ahead. What is left then is lost.
const LEASE: Micros = 2 * SECOND;
/// How many keys a process remembers.
const MAX_LEASES: usize = 1024;

/// Whether a request is let through.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Admission {
    /// Yes: there is no limit, or it could not be asked for.
    Unlimited,
    /// Yes.
    Admitted(Standing),
    /// No, and after how many seconds the next one is, at least 1.
    Refused(Standing, u64),
}

/// Where a caller stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// Its limit.
    pub limit: RateLimit,
    /// How many requests it may still make at once. Others may have made some meanwhile.
    pub remaining: u32,
    /// In how many seconds the bucket is full again.
    pub reset_seconds: u64,
}

/// Counts requests against the buckets of their callers.
///
/// A process takes tokens ahead, so that a busy key costs one write for many requests: first one, then twice as many as long
/// as they are used up in time, up to a tenth of the burst or what flows in within a second. All processes together
/// never let more than `burst + per_second * time` through from the beginning, and in any span of time no more than what
/// flows in within two seconds above that.
pub struct RateLimiter {
    buckets: Arc<dyn TokenBuckets>,
    limits: RateLimits,
    leases: Mutex<HashMap<String, Lease>>,
}

/// What a process knows of a bucket.
struct Lease {
    /// How many tokens it had when it began.
    size: u32,
    /// How many of them are left.
    left: u32,
    /// When they are lost.
    ends_at: Micros,
    /// The bucket as this process saw it last; others can only have made it emptier.
    bucket: Bucket,
}

impl RateLimiter {
    /// Buckets with these limits.
    pub fn new(buckets: Arc<dyn TokenBuckets>, limits: RateLimits) -> Self {
        Self { buckets, limits, leases: Mutex::default() }
    }

    /// Whether a request of `caller` is let through at `now`. If the buckets cannot be reached, it is: a limit must not become
    /// an outage.
    pub async fn admit(&self, caller: &Caller, now: Timestamp) -> Admission {
        let Some(limit) = self.limits.of(caller.role) else { return Admission::Unlimited };
        let now = now.as_millis().saturating_mul(1000);
        let wanted = match self.answer_locally(&caller.key_id, limit, now) {
            Ok(admission) => return admission,
            Err(wanted) => wanted,
        };
        match self.buckets.take(&caller.key_id, limit, wanted, now).await {
            Ok(taken) => {
                let left = taken.tokens.saturating_sub(1);
                let lease = Lease { size: taken.tokens, left, ends_at: now + LEASE, bucket: taken.bucket };
                let admission = if taken.tokens > 0 { lease.admitted(limit, now) } else { lease.refused(limit, now) };
                self.remember(&caller.key_id, lease, now);
                admission
            }
            Err(error) => {
                let (workspace, key_id) = (&caller.workspace, &caller.key_id);
                tracing::warn!(event = "limits.not_counted", %workspace, key_id, %error);
                Admission::Unlimited
            }
        }
    }

    /// The answer that needs no call, or else how many tokens to ask for.
    fn answer_locally(&self, key_id: &str, limit: RateLimit, now: Micros) -> Result<Admission, u32> {
        let mut leases = self.leases();
        let Some(lease) = leases.get_mut(key_id) else { return Err(1) };
        if lease.left > 0 && now < lease.ends_at {
            lease.left -= 1;
            return Ok(lease.admitted(limit, now));
        }
        if now < lease.bucket.next_token_at(limit) {
            return Ok(lease.refused(limit, now));
        }
        let used_up = lease.left == 0 && now < lease.ends_at;
        let most = (limit.burst / 10).min(limit.per_second).max(1);
        Err(if used_up { lease.size.saturating_mul(2).clamp(1, most) } else { 1 })
    }

    fn remember(&self, key_id: &str, lease: Lease, now: Micros) {
        let mut leases = self.leases();
        if leases.len() >= MAX_LEASES && !leases.contains_key(key_id) {
            leases.retain(|_, lease| now < lease.ends_at);
            if leases.len() >= MAX_LEASES {
                leases.clear();
            }
        }
        leases.insert(key_id.to_owned(), lease);
    }

    fn leases(&self) -> MutexGuard<'_, HashMap<String, Lease>> {
        self.leases.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Lease {
    fn admitted(&self, limit: RateLimit, now: Micros) -> Admission {
        Admission::Admitted(self.standing(limit, now))
    }

    fn refused(&self, limit: RateLimit, now: Micros) -> Admission {
        let retry_after = seconds_up(self.bucket.next_token_at(limit) - now).max(1);
        Admission::Refused(self.standing(limit, now), retry_after)
    }

    fn standing(&self, limit: RateLimit, now: Micros) -> Standing {
        let remaining = self.bucket.available(limit, now).saturating_add(self.left).min(limit.burst);
        Standing { limit, remaining, reset_seconds: seconds_up(self.bucket.full_at - now) }
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

    /// What is in memory has nothing to wait for.
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
    fn a_burst_is_let_through_and_what_is_above_it_refused() {
        let limiter = limiter(&Arc::default(), "2/5");
        let viewer = caller("acme", Role::Viewer);
        for remaining in (0..5).rev() {
            let Admission::Admitted(standing) = block_on(limiter.admit(&viewer, at(0))) else { panic!() };
            assert_eq!(standing.remaining, remaining);
        }
        let Admission::Refused(standing, retry_after) = block_on(limiter.admit(&viewer, at(0))) else { panic!() };
        assert_eq!((standing.remaining, standing.reset_seconds, retry_after), (0, 3, 1));
        assert!(!admits(&limiter, 499) && admits(&limiter, 500) && !admits(&limiter, 501));
    }

    #[test]
    fn a_role_without_a_limit_is_not_counted() {
        let buckets = Arc::default();
        let limiter = limiter(&buckets, "1/1");
        assert_eq!(block_on(limiter.admit(&caller("acme", Role::Admin), at(0))), Admission::Unlimited);
        assert_eq!(buckets.calls(), 0);
    }

    #[test]
    fn keys_have_buckets_of_their_own() {
        let limiter = limiter(&Arc::default(), "1/1");
        assert!(admits(&limiter, 0) && !admits(&limiter, 0));
        let mut other = caller("acme", Role::Viewer);
        other.key_id = "key_other".to_owned();
        assert!(matches!(block_on(limiter.admit(&other, at(0))), Admission::Admitted(_)));
    }

    #[test]
    fn a_table_that_is_away_is_no_outage() {
        let buckets = Arc::new(MemoryBuckets::default());
        buckets.fail();
        let limiter = limiter(&buckets, "1/1");
        assert!((0..10).all(|_| admits(&limiter, 0)));
    }

    #[test]
    fn a_busy_key_and_a_refused_one_cost_few_writes() {
        let buckets = Arc::default();
        let limiter = limiter(&buckets, "100/200");
        assert!((0..200).all(|_| admits(&limiter, 0)));
        assert!(buckets.calls() <= 15, "{} writes", buckets.calls());
        let before = buckets.calls();
        assert!((0..100).all(|_| !admits(&limiter, 0)));
        assert!(buckets.calls() <= before + 1, "a flood is refused without asking");
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let limiter = limiter(&Arc::default(), "1/1");
        let mut caller = caller("acme", Role::Viewer);
        for n in 0..3 * MAX_LEASES {
            caller.key_id = format!("key_{n}");
            block_on(limiter.admit(&caller, at(0)));
        }
        assert!(limiter.leases().len() <= MAX_LEASES);
    }

    proptest! {
        /// Requests at any time, at any of several processes.
        #[test]
        fn never_more_than_burst_and_rate_allow(
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
                let most = f64::from(burst) + flow(end - start + LEASE / 1000) + 1.0;
                prop_assert!((until - from) as f64 <= most, "{} from {start} ms to {end} ms", until - from);
            }
        }

        #[test]
        fn who_keeps_to_the_rate_is_never_refused(
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
