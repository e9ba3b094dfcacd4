//! Tests callers who come with the cookie of a session.

use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::response::Response;
use axum::routing::{get, post};
use axum::{Extension, Router};
use tower::ServiceExt;
use waypost_domain::access::sessions::ports::SessionWriter;
use waypost_domain::access::sessions::session::{CurrentSession, Session, SessionSecret};
use waypost_domain::testing::idempotency::MemoryIdempotency;
use waypost_domain::testing::keys::MemoryKeys;
use waypost_domain::testing::samples::session;
use waypost_domain::testing::sessions::MemorySessions;
use waypost_domain::testing::system::{FixedClock, SeededRandom};
use waypost_domain::{Caller, Role};

use super::{Authentication, SessionCookie};
use crate::idempotency::{Idempotency, idempotent};
use crate::router::api;

struct Fixture {
    router: Router,
    sessions: Arc<MemorySessions>,
    clock: Arc<FixedClock>,
    /// The `Cookie` headers of two sessions of a viewer of `acme`.
    cookies: [String; 2],
    /// The `Authorization` header of a key of `other`.
    key: String,
}

/// Makes a route that tells the workspace and the session, and one that counts.
async fn fixture(cookie: SessionCookie) -> Fixture {
    let (keys, sessions) = (Arc::new(MemoryKeys::default()), Arc::new(MemorySessions::default()));
    let clock = Arc::new(FixedClock::at("2026-01-01T00:00:00Z"));
    let key = keys.authorize(1, "other", Role::Viewer);
    let random = SeededRandom::new(2);
    let secrets = [SessionSecret::generate(&random), SessionSecret::generate(&random)];
    for (number, secret) in (1..).zip(&secrets) {
        sessions.insert(&secret.hash(), &session(number, "acme", "key_1")).await.unwrap();
    }
    let authentication = Authentication::new(keys, clock.clone()).with_sessions(sessions.clone(), cookie);
    let tell = async |Extension(caller): Extension<Caller>, current: Option<Extension<CurrentSession>>| {
        format!("{} {}", caller.workspace, current.map_or("none".to_owned(), |current| current.session.id.clone()))
    };
    let by = Idempotency {
        store: Arc::new(MemoryIdempotency::default()),
        clock: clock.clone(),
        random: Arc::new(SeededRandom::new(3)),
    };
    let count = Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let counting = async move || count.fetch_add(1, std::sync::atomic::Ordering::SeqCst).to_string();
    let routes = Router::new().route("/tell", get(tell)).route("/count", post(counting));
    let router = api(idempotent(routes, by), authentication);
    let cookies = secrets.map(|secret| format!("{}={}", cookie.name(), secret.expose()));
    Fixture { router, sessions, clock, cookies, key }
}

impl Fixture {
    async fn send(&self, method: &str, path: &str, headers: &[(&str, &str)]) -> (u16, String) {
        let mut request = Request::builder().method(method).uri(path).header("host", "go.example.com");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response: Response = self.router.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        let status = response.status().as_u16();
        let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
        (status, String::from_utf8(body.to_vec()).unwrap())
    }
}

const OWN: (&str, &str) = ("sec-fetch-site", "same-origin");

#[tokio::test]
async fn cookie_proves_the_caller_and_authorization_wins() {
    let fixture = fixture(SessionCookie::Secure).await;
    let (cookie, key) = (("cookie", fixture.cookies[0].as_str()), ("authorization", fixture.key.as_str()));
    let id = session(1, "acme", "key_1").id;
    assert_eq!(fixture.send("GET", "/tell", &[cookie, OWN]).await, (200, format!("acme {id}")));
    assert_eq!(fixture.send("GET", "/tell", &[cookie, key]).await, (200, "other none".to_owned()));
    let foreign = ("sec-fetch-site", "cross-site");
    assert_eq!(fixture.send("GET", "/tell", &[key, cookie, foreign]).await.0, 200, "a key cannot be forged");
    for wrong in ["Bearer nonsense", "Basic YTpi", ""] {
        let (status, _) = fixture.send("GET", "/tell", &[("authorization", wrong), cookie, OWN]).await;
        assert_eq!(status, 401, "{wrong:?} wins over the cookie too");
    }
}

#[tokio::test]
async fn unusable_cookies_prove_nobody() {
    let fixture = fixture(SessionCookie::Secure).await;
    let twice = format!("{}; {}", fixture.cookies[0], fixture.cookies[1]);
    let unknown = SessionSecret::generate(&SeededRandom::new(9));
    let unknown = format!("__Host-waypost_session={}", unknown.expose());
    let plain = fixture.cookies[0].replace("__Host-", "");
    for cookie in [&twice, &unknown, &plain, "__Host-waypost_session=x", "a=b"] {
        assert_eq!(fixture.send("GET", "/tell", &[("cookie", cookie), OWN]).await.0, 401, "{cookie}");
    }
    let plain_http = self::fixture(SessionCookie::PlainHttp).await;
    let cookie = ("cookie", plain_http.cookies[0].as_str());
    assert!(cookie.1.starts_with("waypost_session="));
    assert_eq!(plain_http.send("GET", "/tell", &[cookie, OWN]).await.0, 200);
    assert_eq!(plain_http.send("POST", "/count", &[cookie, ("origin", "http://go.example.com")]).await.0, 200);
    assert_eq!(plain_http.send("POST", "/count", &[cookie, ("origin", "https://go.example.com")]).await.0, 403);
}

#[tokio::test]
async fn forged_request_is_refused_before_anything_is_read() {
    let fixture = fixture(SessionCookie::Secure).await;
    fixture.sessions.fail();
    let cookie = ("cookie", fixture.cookies[0].as_str());
    for headers in
        [vec![cookie], vec![cookie, ("sec-fetch-site", "cross-site")], vec![cookie, ("origin", "https://evil.example")]]
    {
        let (status, problem) = fixture.send("POST", "/count", &headers).await;
        assert!(status == 403 && problem.contains("urn:problem-type:waypost:cross-site"), "{status} {problem}");
    }
    assert_eq!(fixture.send("POST", "/count", &[cookie, OWN]).await.0, 503);
}

#[tokio::test]
async fn use_is_noted_once_in_five_minutes_and_fails_no_request() {
    let fixture = fixture(SessionCookie::Secure).await;
    let cookie = ("cookie", fixture.cookies[0].as_str());
    let noted = || {
        let all = fixture.sessions.all();
        let own: Vec<&Session> = all.iter().filter(|own| own.id == session(1, "acme", "key_1").id).collect();
        own[0].last_used_at.to_string()
    };
    for (seconds, expected) in
        [(299, "2026-01-01T00:00:00.000Z"), (1, "2026-01-01T00:05:00.000Z"), (200, "2026-01-01T00:05:00.000Z")]
    {
        fixture.clock.advance(seconds);
        assert_eq!(fixture.send("GET", "/tell", &[cookie, OWN]).await.0, 200);
        assert_eq!(noted(), expected);
    }
}

#[tokio::test]
async fn repeated_request_belongs_to_its_session() {
    let fixture = fixture(SessionCookie::Secure).await;
    let send =
        async |cookie: &str| fixture.send("POST", "/count", &[("cookie", cookie), OWN, ("idempotency-key", "k")]).await;
    assert_eq!(send(&fixture.cookies[0]).await, (200, "0".to_owned()));
    assert_eq!(send(&fixture.cookies[0]).await, (200, "0".to_owned()));
    assert_eq!(send(&fixture.cookies[1]).await.0, 422);
}
