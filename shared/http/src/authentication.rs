//! Proves who calls, limits how often, and notes that a key was used: one layer for all HTTP functions with callers.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderName, HeaderValue, header};
use tracing::Instrument;
use waypost_domain::access::authenticate::{AuthenticatePorts, Authenticated, authenticate};
use waypost_domain::access::ports::KeyReader;
use waypost_domain::access::ports::{KeyUsage, TokenVerifier};
use waypost_domain::access::rate_limit::{Admission, RateLimitStatus, RateLimiter};
use waypost_domain::ports::Clock;
use waypost_domain::{ApiKey, Caller, Error};

use crate::problem::Problem;

/// How long the note of a key's use may take. It is written while the handler works, so that it rarely delays the answer.
const NOTE_TIMEOUT: Duration = Duration::from_millis(200);

/// Proves who calls, and counts the calls.
#[derive(Clone)]
pub struct Authentication {
    keys: Arc<dyn KeyReader>,
    clock: Arc<dyn Clock>,
    usage: Option<Arc<dyn KeyUsage>>,
    tokens: Option<Arc<dyn TokenVerifier>>,
    limiter: Option<Arc<RateLimiter>>,
}

impl Authentication {
    /// Accepts API keys only, without limits.
    pub fn new(keys: Arc<dyn KeyReader>, clock: Arc<dyn Clock>) -> Self {
        Self { keys, clock, usage: None, tokens: None, limiter: None }
    }

    /// Adds a store that notes when a key was used.
    pub fn noting_use(self, usage: Arc<dyn KeyUsage>) -> Self {
        Self { usage: Some(usage), ..self }
    }

    /// Accepts tokens of an identity provider too.
    pub fn with_tokens(self, tokens: Arc<dyn TokenVerifier>) -> Self {
        Self { tokens: Some(tokens), ..self }
    }

    /// Limits requests with `limiter`.
    pub fn with_limits(self, limiter: Arc<RateLimiter>) -> Self {
        Self { limiter: Some(limiter), ..self }
    }

    async fn prove(&self, headers: &HeaderMap) -> Result<Authenticated, Error> {
        let header = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let ports =
            AuthenticatePorts { keys: self.keys.as_ref(), tokens: self.tokens.as_deref(), clock: self.clock.as_ref() };
        authenticate(&ports, header).await
    }

    async fn admit(&self, caller: &Caller) -> Admission {
        match &self.limiter {
            Some(limiter) => limiter.admit(caller, self.clock.now()).await,
            None => Admission::Unlimited,
        }
    }

    /// Notes the use of a key. A failure is logged and fails no request: only people read the note.
    async fn note_use(&self, hash: Option<String>, caller: &Caller) {
        let (Some(usage), Some(hash)) = (&self.usage, hash) else { return };
        let now = self.clock.now();
        let noted = usage.note(&hash, now, now.plus_seconds(-ApiKey::USE_NOTED_EVERY_SECONDS));
        let (workspace, key_id) = (&caller.workspace, &caller.key_id);
        match tokio::time::timeout(NOTE_TIMEOUT, noted).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(event = "key.use_not_noted", %workspace, key_id, %error),
            Err(_) => tracing::warn!(event = "key.use_not_noted", %workspace, key_id, error = "timeout"),
        }
    }
}

/// Lets a request through if its caller is proven and within its limit. Handlers get the [`Caller`] as an `Extension`, and
/// their log lines its workspace and key id.
pub(crate) async fn require_caller(State(by): State<Authentication>, mut request: Request, next: Next) -> Response {
    let Authenticated { caller, note_use_of } = match by.prove(request.headers()).await {
        Ok(proof) => proof,
        Err(error) => return Problem::from(error).into_response(),
    };
    let admission = by.admit(&caller).await;
    let mut response = match admission {
        Admission::Refused(_, retry_after_seconds) => {
            tracing::info!(event = "limits.refused", workspace = %caller.workspace, key_id = caller.key_id);
            Problem::from(Error::RateLimited { retry_after_seconds }).into_response()
        }
        Admission::Admitted(_) | Admission::Unlimited => {
            let span = tracing::info_span!("call", workspace = %caller.workspace, key_id = caller.key_id);
            request.extensions_mut().insert(caller.clone());
            tokio::join!(next.run(request).instrument(span), by.note_use(note_use_of, &caller)).0
        }
    };
    if let Admission::Admitted(standing) | Admission::Refused(standing, _) = admission {
        describe(&standing, response.headers_mut());
    }
    response
}

/// Tells the caller how much of its limit is left: in `RateLimit-Policy` and `RateLimit` as in
/// draft-ietf-httpapi-ratelimit-headers-08 and later, and in the three fields of its drafts up to 06, which most clients know.
fn describe(standing: &RateLimitStatus, headers: &mut HeaderMap) {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::router::api;
    use axum::routing::get;
    use axum::{Extension, Router};
    use tower::ServiceExt;
    use waypost_domain::Role;
    use waypost_domain::access::rate_limit::{RateLimit, RateLimits};
    use waypost_domain::testing::buckets::MemoryBuckets;
    use waypost_domain::testing::keys::{MemoryKeys, MemoryTokens};
    use waypost_domain::testing::samples::caller;
    use waypost_domain::testing::system::FixedClock;

    const NOW: &str = "2026-01-02T03:04:05.000Z";

    struct Fixture {
        keys: Arc<MemoryKeys>,
        clock: Arc<FixedClock>,
        authentication: Authentication,
        key: String,
    }

    fn fixture() -> Fixture {
        let (keys, clock) = (Arc::new(MemoryKeys::default()), Arc::new(FixedClock::at(NOW)));
        let key = keys.authorize(1, "acme", Role::Viewer);
        let authentication = Authentication::new(keys.clone(), clock.clone()).noting_use(keys.clone());
        Fixture { keys, clock, authentication, key }
    }

    fn limited(fixture: &Fixture, buckets: MemoryBuckets) -> Authentication {
        let limits = RateLimits { viewer: RateLimit::parse("1/2").unwrap(), ..RateLimits::default() };
        fixture.authentication.clone().with_limits(Arc::new(RateLimiter::new(Arc::new(buckets), limits)))
    }

    async fn call(authentication: &Authentication, authorization: &str) -> Response {
        let routes =
            Router::new().route("/", get(async |Extension(caller): Extension<Caller>| caller.workspace.to_string()));
        let request = Request::get("/").header("authorization", authorization).body(axum::body::Body::empty()).unwrap();
        api(routes, authentication.clone()).oneshot(request).await.unwrap()
    }

    #[tokio::test]
    async fn last_use_is_noted_once_in_five_minutes() {
        let fixture = fixture();
        let noted = || fixture.keys.all()[0].last_used_at.map(|time| time.to_string());
        assert_eq!(call(&fixture.authentication, &fixture.key).await.status(), 200);
        assert_eq!(noted().as_deref(), Some(NOW));
        fixture.clock.advance(299);
        call(&fixture.authentication, &fixture.key).await;
        assert_eq!(noted().as_deref(), Some(NOW));
        fixture.clock.advance(1);
        call(&fixture.authentication, &fixture.key).await;
        assert_eq!(noted().as_deref(), Some("2026-01-02T03:09:05.000Z"));
    }

    #[tokio::test]
    async fn failed_note_of_use_fails_no_request() {
        let fixture = fixture();
        fixture.keys.fail_notes();
        assert_eq!(call(&fixture.authentication, &fixture.key).await.status(), 200);
    }

    #[tokio::test]
    async fn caller_above_its_limit_is_refused() {
        let fixture = fixture();
        let authentication = limited(&fixture, MemoryBuckets::default());
        for remaining in ["1", "0"] {
            let response = call(&authentication, &fixture.key).await;
            assert_eq!(
                (response.status().as_u16(), &response.headers()["ratelimit-remaining"]),
                (200, &remaining.parse().unwrap())
            );
        }
        let response = call(&authentication, &fixture.key).await;
        assert_eq!(response.status(), 429);
        for (name, value) in [
            ("retry-after", "1"),
            ("ratelimit-policy", "\"key\";q=2;w=2"),
            ("ratelimit", "\"key\";r=0;t=2"),
            ("ratelimit-limit", "2"),
            ("ratelimit-remaining", "0"),
            ("ratelimit-reset", "2"),
            ("content-type", "application/problem+json"),
        ] {
            assert_eq!(response.headers()[name], value, "{name}");
        }
        fixture.clock.advance(1);
        assert_eq!(call(&authentication, &fixture.key).await.status(), 200);
    }

    #[tokio::test]
    async fn failing_limits_refuse_no_caller() {
        let fixture = fixture();
        let buckets = MemoryBuckets::default();
        buckets.fail();
        let authentication = limited(&fixture, buckets);
        for _ in 0..5 {
            let response = call(&authentication, &fixture.key).await;
            assert_eq!(response.status(), 200);
            assert!(!response.headers().contains_key("ratelimit"));
        }
    }

    #[tokio::test]
    async fn token_is_accepted_refused_or_503() {
        let fixture = fixture();
        let tokens = MemoryTokens::with("a.b.c", caller("other", Role::Viewer));
        let authentication = fixture.authentication.clone().with_tokens(Arc::new(tokens));
        assert_eq!(call(&authentication, "Bearer a.b.c").await.status(), 200);
        let response = call(&authentication, "Bearer a.b.d").await;
        assert_eq!(
            (response.status().as_u16(), &response.headers()["www-authenticate"]),
            (401, &"Bearer".parse().unwrap())
        );
        let tokens = MemoryTokens::default();
        tokens.fail();
        let response = call(&fixture.authentication.with_tokens(Arc::new(tokens)), "Bearer a.b.c").await;
        assert_eq!((response.status().as_u16(), &response.headers()["retry-after"]), (503, &"2".parse().unwrap()));
    }
}
