use std::sync::Mutex;

use super::*;
use crate::idempotency::REPLAYED;
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
            get(async || "").delete(async || http::StatusCode::NO_CONTENT).patch(async || http::StatusCode::CONFLICT),
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
    assert!(changes.iter().all(|line| line["key_id"].as_str().is_some_and(|id| id.starts_with("key_"))), "{changes:?}");
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
