//! Limits how many requests a caller may make: a token bucket per key, whose size and rate depend on the role.
//!
//! A bucket holds at most `burst` tokens, and gains `per_second` of them each second. A request takes one. The store keeps a
//! single number per bucket: the time at which it is full again (as in the generic cell rate algorithm, ITU-T I.371). So
//! taking tokens is one conditional write, and no job has to refill buckets.

mod bucket;
mod limit;
mod limiter;

pub use self::bucket::{Bucket, Taken, TokenBuckets};
pub use self::limit::{Micros, RateLimit, RateLimitError, RateLimits};
pub use self::limiter::{Admission, RateLimitStatus, RateLimiter};
