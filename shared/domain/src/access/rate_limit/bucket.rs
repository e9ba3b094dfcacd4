//! Computes how many tokens a bucket has, and declares the store of buckets.

use async_trait::async_trait;

use super::limit::{Micros, RateLimit};
use crate::values::error::StoreError;

/// A token bucket as it is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bucket {
    /// When it is full again if no request takes a token. It is full if this time has passed.
    pub full_at: Micros,
}

impl Bucket {
    /// Returns how many tokens the bucket has at `now`.
    pub fn available(self, limit: RateLimit, now: Micros) -> u32 {
        let missing = (self.full_at - now).max(0);
        u32::try_from((limit.fill_time() - missing).max(0) / limit.token_time()).unwrap_or(limit.burst())
    }

    /// Returns the bucket after a request took `tokens` at `now`.
    pub fn without(self, limit: RateLimit, tokens: u32, now: Micros) -> Self {
        Self { full_at: self.full_at.max(now) + Micros::from(tokens) * limit.token_time() }
    }

    /// Returns the latest `full_at` of a bucket that has `tokens` at `now`.
    pub fn latest_full_at(limit: RateLimit, tokens: u32, now: Micros) -> Micros {
        now + limit.fill_time() - Micros::from(tokens) * limit.token_time()
    }

    /// Returns when an empty bucket has a token again.
    pub(super) fn next_token_at(self, limit: RateLimit) -> Micros {
        self.full_at - limit.fill_time() + limit.token_time()
    }
}

/// The tokens that a call took from a bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Taken {
    /// How many tokens; 0 if the bucket was empty.
    pub tokens: u32,
    /// The bucket afterwards.
    pub bucket: Bucket,
}

/// Stores token buckets.
#[async_trait]
pub trait TokenBuckets: Send + Sync {
    /// Takes up to `wanted` tokens (at least 1) at `now` from the bucket of `key_id`. A key without a bucket has a full one.
    /// Concurrent calls never get the same token.
    async fn take(&self, key_id: &str, limit: RateLimit, wanted: u32, now: Micros) -> Result<Taken, StoreError>;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::rate_limit::limit::SECOND;

    #[test]
    fn bucket_empties_and_fills() {
        let limit = RateLimit::parse("2/3").unwrap().unwrap();
        let bucket = Bucket { full_at: 0 };
        assert_eq!(bucket.available(limit, 10 * SECOND), 3);
        let bucket = bucket.without(limit, 3, 10 * SECOND);
        assert_eq!(bucket.available(limit, 10 * SECOND), 0);
        assert_eq!(bucket.next_token_at(limit), 10 * SECOND + SECOND / 2);
        assert_eq!(bucket.available(limit, 11 * SECOND), 2);
        assert_eq!(bucket.available(limit, 9 * SECOND), 0, "a clock that runs behind gains no tokens");
    }

    #[test]
    fn lower_limit_applies_to_an_existing_bucket() {
        let (former, lower) = (RateLimit::parse("1/100").unwrap().unwrap(), RateLimit::parse("1/2").unwrap().unwrap());
        let bucket = Bucket { full_at: 0 }.without(former, 50, 0);
        assert_eq!(bucket.available(lower, 0), 0);
        assert_eq!(bucket.available(lower, 50 * SECOND), 2);
    }

    #[test]
    fn bucket_has_the_tokens_until_the_latest_time() {
        let limit = RateLimit::parse("2/10").unwrap().unwrap();
        let now = 7 * SECOND;
        for tokens in [1, 3, 10] {
            let full_at = Bucket::latest_full_at(limit, tokens, now);
            assert_eq!(Bucket { full_at }.available(limit, now), tokens);
            assert_eq!(Bucket { full_at: full_at + 1 }.available(limit, now), tokens - 1);
        }
    }
}
