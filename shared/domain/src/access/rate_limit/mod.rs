//! How many requests a caller may make: a token bucket per key, whose size and rate depend on the role.
//!
//! A bucket holds `burst` tokens at most, and `per_second` flow into it. A request takes one. The bucket is a single number,
//! the moment at which it is full again (as in the generic cell rate algorithm, ITU-T I.371), so that taking tokens is one
//! conditional write and nobody has to fill it.

mod limiter;

use async_trait::async_trait;

pub use self::limiter::{Admission, RateLimiter, Standing};

use super::key::Role;
use crate::values::error::StoreError;

/// Microseconds since the Unix epoch, or a number of them.
pub type Micros = i64;

const SECOND: Micros = 1_000_000;

/// A bucket's size and rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateLimit {
    per_second: u32,
    burst: u32,
}

/// A text that is no [`RateLimit`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is neither 'off' nor requests a second and a burst, such as 20/100, each from 1 to 100000")]
pub struct RateLimitError;

impl RateLimit {
    const MAX: u32 = 100_000;

    /// Reads `{requests a second}/{burst}`, such as `20/100`. `off` is no limit.
    pub fn parse(text: &str) -> Result<Option<Self>, RateLimitError> {
        if text == "off" {
            return Ok(None);
        }
        let (per_second, burst) = text.split_once('/').ok_or(RateLimitError)?;
        let number = |text: &str| text.parse().ok().filter(|number| (1..=Self::MAX).contains(number));
        match (number(per_second), number(burst)) {
            (Some(per_second), Some(burst)) => Ok(Some(Self { per_second, burst })),
            _ => Err(RateLimitError),
        }
    }

    /// How many tokens the bucket holds.
    pub fn burst(self) -> u32 {
        self.burst
    }

    /// How many tokens flow into it in a second.
    pub fn per_second(self) -> u32 {
        self.per_second
    }

    /// How long the empty bucket takes to fill, in seconds, rounded up.
    pub fn window_seconds(self) -> u64 {
        seconds_up(self.capacity())
    }

    /// The time that one token takes to flow in, rounded up, so that there are never more than asked for.
    fn token(self) -> Micros {
        (SECOND as u64).div_ceil(u64::from(self.per_second)) as Micros
    }

    fn capacity(self) -> Micros {
        self.token() * Micros::from(self.burst)
    }
}

/// The limits of the roles; none where there is no limit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RateLimits {
    /// Of a viewer.
    pub viewer: Option<RateLimit>,
    /// Of an editor.
    pub editor: Option<RateLimit>,
    /// Of an admin.
    pub admin: Option<RateLimit>,
}

impl RateLimits {
    /// The limit of `role`.
    pub fn of(&self, role: Role) -> Option<RateLimit> {
        match role {
            Role::Viewer => self.viewer,
            Role::Editor => self.editor,
            Role::Admin => self.admin,
        }
    }
}

/// A bucket, as it was written last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bucket {
    /// When it is full again if nobody takes from it. In the past: it is full.
    pub full_at: Micros,
}

impl Bucket {
    /// How many tokens there are at `now`.
    pub fn available(self, limit: RateLimit, now: Micros) -> u32 {
        let missing = (self.full_at - now).max(0);
        u32::try_from((limit.capacity() - missing).max(0) / limit.token()).unwrap_or(limit.burst)
    }

    /// The bucket after `tokens` were taken at `now`.
    pub fn without(self, limit: RateLimit, tokens: u32, now: Micros) -> Self {
        Self { full_at: self.full_at.max(now) + Micros::from(tokens) * limit.token() }
    }

    /// The latest that `full_at` may be for `tokens` to be there at `now`.
    pub fn latest_full_at(limit: RateLimit, tokens: u32, now: Micros) -> Micros {
        now + limit.capacity() - Micros::from(tokens) * limit.token()
    }

    /// When there is a token again, if there is none.
    fn next_token_at(self, limit: RateLimit) -> Micros {
        self.full_at - limit.capacity() + limit.token()
    }
}

/// What was taken from a bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Taken {
    /// How many tokens; 0 if there was none.
    pub tokens: u32,
    /// The bucket after that.
    pub bucket: Bucket,
}

/// Where buckets are kept.
#[async_trait]
pub trait TokenBuckets: Send + Sync {
    /// Takes up to `wanted` tokens (at least 1) at `now` from the bucket of `key_id`, which is full if nobody ever took from it.
    /// Whoever takes at the same time gets other tokens.
    async fn take(&self, key_id: &str, limit: RateLimit, wanted: u32, now: Micros) -> Result<Taken, StoreError>;
}

fn seconds_up(micros: Micros) -> u64 {
    u64::try_from(micros).unwrap_or(0).div_ceil(SECOND as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_read_or_refused() {
        let limit = RateLimit::parse("20/100").unwrap().unwrap();
        assert_eq!((limit.per_second(), limit.burst(), limit.window_seconds()), (20, 100, 5));
        assert_eq!(RateLimit::parse("off"), Ok(None));
        for text in ["", "20", "0/1", "1/0", "-1/1", "1/1/1", "1/100001", "a/b", "Off"] {
            assert_eq!(RateLimit::parse(text), Err(RateLimitError), "{text:?}");
        }
    }

    #[test]
    fn a_bucket_empties_and_fills() {
        let limit = RateLimit::parse("2/3").unwrap().unwrap();
        let bucket = Bucket { full_at: 0 };
        assert_eq!(bucket.available(limit, 10 * SECOND), 3);
        let bucket = bucket.without(limit, 3, 10 * SECOND);
        assert_eq!(bucket.available(limit, 10 * SECOND), 0);
        assert_eq!(bucket.next_token_at(limit), 10 * SECOND + SECOND / 2);
        assert_eq!(bucket.available(limit, 11 * SECOND), 2);
        assert_eq!(bucket.available(limit, 9 * SECOND), 0, "a clock that is behind gets nothing for it");
    }

    #[test]
    fn a_lower_limit_holds_for_a_bucket_of_the_former() {
        let (former, lower) = (RateLimit::parse("1/100").unwrap().unwrap(), RateLimit::parse("1/2").unwrap().unwrap());
        let bucket = Bucket { full_at: 0 }.without(former, 50, 0);
        assert_eq!(bucket.available(lower, 0), 0);
        assert_eq!(bucket.available(lower, 50 * SECOND), 2);
    }
}
