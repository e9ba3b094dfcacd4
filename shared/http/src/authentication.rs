//! Proves who calls, limits how often, and notes that a key was used: one layer for all HTTP functions with callers.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use tracing::Instrument;
use waypost_domain::access::authenticate::{AuthenticatePorts, Authenticated, authenticate};
use waypost_domain::access::ports::KeyReader;
use waypost_domain::access::ports::{KeyUsage, TokenVerifier};
use waypost_domain::access::rate_limit::{Admission, RateLimitStatus, RateLimiter};
use waypost_domain::ports::Clock;
use waypost_domain::{ApiKey, Caller, Error};

use crate::idempotency::REPLAYED;
use crate::problem::Problem;
use crate::sender::sender_address;

/// How long the note of a key's use may take. It is written while the handler works, so that it rarely delays the answer.
const NOTE_TIMEOUT: Duration = Duration::from_millis(200);

/// Marks a response, in its extensions: the request changed nothing, although its method could.
#[derive(Debug, Clone, Copy)]
pub struct Unchanged;

/// Proves who calls, and counts the calls.
#[derive(Clone)]
pub struct Authentication {
    keys: Arc<dyn KeyReader>,
    clock: Arc<dyn Clock>,
    usage: Option<Arc<dyn KeyUsage>>,
    tokens: Option<Arc<dyn TokenVerifier>>,
    limiter: Option<Arc<RateLimiter>>,
    front_door_secret: Option<Arc<str>>,
}

impl Authentication {
    /// Accepts API keys only, without limits.
    pub fn new(keys: Arc<dyn KeyReader>, clock: Arc<dyn Clock>) -> Self {
        Self { keys, clock, usage: None, tokens: None, limiter: None, front_door_secret: None }
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

    /// Takes the caller's address from CloudFront's header in requests that have this secret.
    pub fn behind_front_door(self, secret: &str) -> Self {
        Self { front_door_secret: Some(secret.into()), ..self }
    }

    async fn prove(&self, headers: &HeaderMap, address: Option<IpAddr>) -> Result<Authenticated, Error> {
        let header = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let ports =
            AuthenticatePorts { keys: self.keys.as_ref(), tokens: self.tokens.as_deref(), clock: self.clock.as_ref() };
        authenticate(&ports, header, address).await
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

/// Lets a request through if its caller is proven and within its limit. Handlers get the [`Caller`] and its
/// [`Credential`](waypost_domain::access::key::Credential) as `Extension`s, and their log lines its workspace and key id.
pub(crate) async fn require_caller(State(by): State<Authentication>, mut request: Request, next: Next) -> Response {
    let address = sender_address(&request, by.front_door_secret.as_deref());
    let Authenticated { caller, credential, note_use_of } = match by.prove(request.headers(), address).await {
        Ok(proof) => proof,
        Err(error) => {
            // Without a header nobody tried to sign in.
            if matches!(error, Error::Unauthenticated(_)) && request.headers().contains_key(header::AUTHORIZATION) {
                tracing::warn!(event = "sign_in.failed", method = %request.method(), path = request.uri().path());
            }
            return Problem::from(error).into_response();
        }
    };
    let admission = by.admit(&caller).await;
    let change = Change::of(&request);
    let mut response = match admission {
        Admission::Refused(_, retry_after_seconds) => {
            tracing::info!(event = "limits.refused", workspace = %caller.workspace, key_id = caller.key_id);
            Problem::from(Error::RateLimited { retry_after_seconds }).into_response()
        }
        Admission::Admitted(_) | Admission::Unlimited => {
            let span = tracing::info_span!("call", workspace = %caller.workspace, key_id = caller.key_id);
            request.extensions_mut().insert(caller.clone());
            request.extensions_mut().insert(credential);
            let response = tokio::join!(next.run(request).instrument(span), by.note_use(note_use_of, &caller)).0;
            if let Some(change) = change {
                change.log(&caller, &response);
            }
            response
        }
    };
    if let Admission::Admitted(standing) | Admission::Refused(standing, _) = admission {
        describe(&standing, response.headers_mut());
    }
    response
}

/// A request that changes something if it succeeds.
struct Change {
    method: Method,
    path: String,
    /// The domain that the query names: with the path it identifies a link. No other parameter is logged, as callers put anything
    /// there.
    domain: Option<String>,
}

impl Change {
    /// Gives `None` if the request only reads.
    fn of(request: &Request) -> Option<Self> {
        if request.method().is_safe() {
            return None;
        }
        let query = request.uri().query().unwrap_or_default();
        let parameters: Vec<(String, String)> = serde_urlencoded::from_str(query).unwrap_or_default();
        let domain = parameters.into_iter().find(|(name, _)| name == "domain").map(|(_, value)| value);
        Some(Self { method: request.method().clone(), path: request.uri().path().to_owned(), domain })
    }

    /// Logs who changed what. Leaves out refused requests, repeated ones that got the answer of the first, and those that changed
    /// nothing.
    fn log(&self, caller: &Caller, response: &Response) {
        let is_done_before = response.headers().contains_key(REPLAYED);
        if !response.status().is_success() || is_done_before || response.extensions().get::<Unchanged>().is_some() {
            return;
        }
        let location = response.headers().get(header::LOCATION).and_then(|value| value.to_str().ok());
        tracing::info!(
            event = "change.made",
            workspace = %caller.workspace,
            key_id = caller.key_id,
            role = %caller.role,
            method = %self.method,
            path = self.path,
            domain = self.domain,
            location,
            status = response.status().as_u16(),
        );
    }
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
    use std::sync::Mutex;

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

    /// What is logged, as JSON lines.
    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl std::io::Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    impl Lines {
        /// Lists the lines of an event.
        fn of(&self, event: &str) -> Vec<serde_json::Value> {
            let bytes = self.0.lock().unwrap().clone();
            let lines = bytes.split(|byte| *byte == b'\n').filter_map(|line| serde_json::from_slice(line).ok());
            lines.filter(|line: &serde_json::Value| line["event"] == event).collect()
        }

        fn text(&self) -> String {
            String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
        }
    }

    #[tokio::test]
    async fn change_is_logged_with_who_made_it_and_nothing_secret() {
        let (fixture, lines) = (fixture(), Lines::default());
        let writer = lines.clone();
        let subscriber = tracing_subscriber::fmt().json().flatten_event(true).with_writer(move || writer.clone());
        let _guard = tracing::subscriber::set_default(subscriber.finish());
        let created = async || (http::StatusCode::CREATED, [(header::LOCATION, "/v1/links/docs")], "made");
        let replayed = async || ([(REPLAYED, "true")], "made before");
        let routes = Router::new()
            .route("/v1/links", get(async || "listed").post(created))
            .route("/v1/replayed", get(async || "").post(replayed))
            .route("/v1/drawn", get(async || "").post(async || (Extension(Unchanged), "drawn")))
            .route(
                "/v1/links/{slug}",
                get(async || "")
                    .delete(async || http::StatusCode::NO_CONTENT)
                    .patch(async || http::StatusCode::CONFLICT),
            );
        let routes = api(routes, fixture.authentication.clone());
        for (method, target) in [
            ("GET", "/v1/links"),
            ("POST", "/v1/links"),
            ("POST", "/v1/replayed"),
            ("POST", "/v1/drawn"),
            ("DELETE", "/v1/links/docs?domain=go.example.com&token=hunter2"),
            ("PATCH", "/v1/links/docs"),
            ("PUT", "/v1/links"),
        ] {
            let request = Request::builder().method(method).uri(target).header("authorization", &fixture.key);
            let request = request.body(axum::body::Body::from("{\"password\": \"hunter2\"}")).unwrap();
            routes.clone().oneshot(request).await.unwrap();
        }
        let changes = lines.of("change.made");
        let told = |line: &serde_json::Value, names: &[&str]| -> Vec<String> {
            names.iter().map(|name| line[*name].as_str().unwrap_or_default().to_owned()).collect()
        };
        let names = ["workspace", "role", "method", "path", "domain", "location"];
        let all: Vec<_> = changes.iter().map(|line| told(line, &names)).collect();
        assert_eq!(
            all,
            [
                ["acme", "viewer", "POST", "/v1/links", "", "/v1/links/docs"],
                ["acme", "viewer", "DELETE", "/v1/links/docs", "go.example.com", ""],
            ]
        );
        assert!(
            changes.iter().all(|line| line["key_id"].as_str().is_some_and(|id| id.starts_with("key_"))),
            "{changes:?}"
        );
        let secret = fixture.key.trim_start_matches("Bearer ");
        assert!(!lines.text().contains("hunter2") && !lines.text().contains(secret));
    }

    #[tokio::test]
    async fn failed_sign_in_is_logged_without_the_credential() {
        let (fixture, lines) = (fixture(), Lines::default());
        let writer = lines.clone();
        let subscriber = tracing_subscriber::fmt().json().flatten_event(true).with_writer(move || writer.clone());
        let _guard = tracing::subscriber::set_default(subscriber.finish());
        let other = waypost_domain::KeySecret::generate(&waypost_domain::testing::system::SeededRandom::new(99));
        assert_eq!(call(&fixture.authentication, &format!("Bearer {}", other.expose())).await.status(), 401);
        assert_eq!(call(&fixture.authentication, &fixture.key).await.status(), 200);
        assert_eq!(lines.of("sign_in.failed").len(), 1);
        assert!(!lines.text().contains(other.expose()));
    }
}
