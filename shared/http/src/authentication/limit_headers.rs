//! Tells callers in headers how much of their limit is left.

use http::{HeaderMap, HeaderName, HeaderValue};
use waypost_domain::access::rate_limit::RateLimitStatus;

/// Tells the caller how much of its limit is left: in `RateLimit-Policy` and `RateLimit` as in
/// draft-ietf-httpapi-ratelimit-headers-08 and later, and in the three fields of its drafts up to 06, which most clients know.
pub(super) fn describe(standing: &RateLimitStatus, headers: &mut HeaderMap) {
    const RATELIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
    const RATELIMIT: HeaderName = HeaderName::from_static("ratelimit");
    const RATELIMIT_LIMIT: HeaderName = HeaderName::from_static("ratelimit-limit");
    const RATELIMIT_REMAINING: HeaderName = HeaderName::from_static("ratelimit-remaining");
    const RATELIMIT_RESET: HeaderName = HeaderName::from_static("ratelimit-reset");
    let RateLimitStatus { limit, remaining, reset_seconds } = standing;
    let policy = format!("\"key\";q={};w={}", limit.burst(), limit.window_seconds());
    let state = format!("\"key\";r={remaining};t={reset_seconds}");
    for (name, value) in [(RATELIMIT_POLICY, policy), (RATELIMIT, state)] {
        // Digits and quotes are always a valid value.
        headers.extend(HeaderValue::try_from(value).ok().map(|value| (name, value)));
    }
    headers.insert(RATELIMIT_LIMIT, HeaderValue::from(limit.burst()));
    headers.insert(RATELIMIT_REMAINING, HeaderValue::from(*remaining));
    headers.insert(RATELIMIT_RESET, HeaderValue::from(*reset_seconds));
}
