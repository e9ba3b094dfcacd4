use axum::body::{Body, to_bytes};
use serde_json::{Value, json};
use tower::ServiceExt;
use waypost_domain::access::key_limits::KeyLimits;
use waypost_domain::access::ports::KeyWriter;
use waypost_domain::access::rate_limit::{RateLimit, RateLimiter, RateLimits};
use waypost_domain::access::sessions::limit_sign_in::MAX_FAILURES;
use waypost_domain::access::sessions::session::SessionSecret;
use waypost_domain::access::sessions::sign_in_code::{CodeSecret, SignInCode};
use waypost_domain::testing::buckets::MemoryBuckets;
use waypost_domain::testing::keys::{MemoryKeys, MemoryTokens};
use waypost_domain::testing::samples::caller;
use waypost_domain::testing::sessions::{MemoryCodes, MemorySessions, MemorySignInAttempts};
use waypost_domain::testing::system::{FixedClock, SeededRandom};
use waypost_domain::values::address_range::AddressRange;
use waypost_domain::{Role, Timestamp, WorkspaceId};
use waypost_http::authentication::SessionCookie;
use waypost_http::router::api_with_open_routes;
use waypost_http::testing::send_any_queries;

use super::*;

const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
const NAME: &str = "__Host-waypost_session";

struct Fixture {
    router: Router,
    keys: Arc<MemoryKeys>,
    sessions: Arc<MemorySessions>,
    clock: Arc<FixedClock>,
    /// Two sign-in codes.
    codes: [String; 2],
}

fn fixture() -> Fixture {
    let (keys, sessions) = (Arc::new(MemoryKeys::default()), Arc::new(MemorySessions::default()));
    let clock = Arc::new(FixedClock::at("2026-01-02T03:04:05Z"));
    let (codes, random) = (MemoryCodes::default(), SeededRandom::new(9));
    let secrets = [CodeSecret::generate(&random), CodeSecret::generate(&random)];
    for secret in &secrets {
        let (workspace, expires_at) =
            (WorkspaceId::parse("acme").unwrap(), Timestamp::parse("2026-01-02T03:14:05Z").unwrap());
        codes.insert(secret.hash(), SignInCode { workspace, role: Role::Admin, expires_at });
    }
    let limits = RateLimits { viewer: RateLimit::parse("1/3").unwrap(), ..RateLimits::default() };
    let authentication = Authentication::new(keys.clone(), clock.clone())
        .with_tokens(Arc::new(MemoryTokens::with("a.b.c", caller("acme", Role::Editor))))
        .with_sessions(sessions.clone(), SessionCookie::Secure)
        .with_limits(Arc::new(RateLimiter::new(Arc::new(MemoryBuckets::default()), limits)));
    let app = App {
        writer: sessions.clone(),
        index: sessions.clone(),
        codes: Arc::new(codes),
        attempts: Arc::new(MemorySignInAttempts::default()),
        clock: clock.clone(),
        random: Arc::new(random),
        authentication: authentication.clone(),
    };
    let (routes, open) = routes(app);
    let router = api_with_open_routes(routes, open, authentication);
    Fixture { router, keys, sessions, clock, codes: secrets.map(|secret| secret.expose().to_owned()) }
}

impl Fixture {
    async fn send(&self, request: Request) -> (Response, Value) {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = to_bytes(body, usize::MAX).await.unwrap();
        let json = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
        (Response::from_parts(parts, Body::empty()), json)
    }

    /// Sends a request as a page of the own origin does.
    async fn browse(&self, method: &str, path: &str, secret: &str, body: Value) -> (Response, Value) {
        let request = Request::builder().method(method).uri(path).header("sec-fetch-site", "same-origin");
        let request = request.header("user-agent", FIREFOX).header("content-type", "application/json");
        let request = if secret.is_empty() { request } else { request.header("cookie", format!("{NAME}={secret}")) };
        let body = if body.is_null() { Body::empty() } else { Body::from(body.to_string()) };
        self.send(request.body(body).unwrap()).await
    }

    /// Signs in. Gives the secret in the cookie, and the session.
    async fn sign_in(&self, credential: Value) -> (String, Value) {
        let (response, session) = self.browse("POST", "/v1/sessions", "", credential).await;
        assert_eq!(response.status(), 201, "{session}");
        let cookie = response.headers()["set-cookie"].to_str().unwrap();
        let secret = cookie.split(['=', ';']).nth(1).unwrap().to_owned();
        assert!(SessionSecret::parse(&secret).is_some() && !session.to_string().contains(&secret), "{cookie}");
        (secret, session)
    }

    fn key(&self, seed: u64, role: Role) -> String {
        self.keys.authorize(seed, "acme", role).trim_start_matches("Bearer ").to_owned()
    }

    async fn list(&self, secret: &str, query: &str) -> Vec<Value> {
        let (response, page) = self.browse("GET", &format!("/v1/sessions{query}"), secret, Value::Null).await;
        assert_eq!(response.status(), 200, "{page}");
        page["items"].as_array().unwrap().clone()
    }
}

#[tokio::test]
async fn key_signs_in_is_listed_and_signs_out() {
    let fixture = fixture();
    let key = fixture.key(1, Role::Editor);
    let (response, session) = fixture.browse("POST", "/v1/sessions", "", json!({"key": key})).await;
    let cookie = response.headers()["set-cookie"].to_str().unwrap();
    assert!(cookie.starts_with(&format!("{NAME}=wps_")), "{cookie}");
    assert!(cookie.ends_with("; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=43200"), "{cookie}");
    assert_eq!(response.headers()["cache-control"], "no-store");
    let id = session["id"].as_str().unwrap().to_owned();
    assert_eq!(
        session,
        json!({
            "id": id, "created_at": "2026-01-02T03:04:05.000Z", "expires_at": "2026-01-02T15:04:05.000Z",
            "last_seen_at": "2026-01-02T03:04:05.000Z", "user_agent": "Firefox on Linux", "current": true,
            "kind": "key", "credential_id": "key_1", "name": "test", "role": "editor",
        })
    );
    let secret = cookie.split(['=', ';']).nth(1).unwrap();
    assert!(fixture.sessions.all().iter().all(|stored| !serde_json::to_string(stored).unwrap().contains(secret)));
    assert_eq!(fixture.list(secret, "").await, [session]);

    let (response, _) = fixture.browse("DELETE", "/v1/sessions/current", secret, Value::Null).await;
    assert_eq!(response.status(), 204);
    let cookie = response.headers()["set-cookie"].to_str().unwrap();
    assert!(cookie.starts_with(&format!("{NAME}=;")) && cookie.ends_with("Max-Age=0"), "{cookie}");
    let (response, problem) = fixture.browse("GET", "/v1/sessions", secret, Value::Null).await;
    assert_eq!(response.status(), 401, "{problem}");
}

#[tokio::test]
async fn code_signs_in_once_and_a_token_as_its_subject() {
    let fixture = fixture();
    let (_, session) = fixture.sign_in(json!({"code": fixture.codes[0]})).await;
    assert_eq!((&session["kind"], &session["role"]), (&json!("code"), &json!("admin")));
    assert_eq!(session["credential_id"], session["id"]);
    let (response, problem) = fixture.browse("POST", "/v1/sessions", "", json!({"code": fixture.codes[0]})).await;
    assert_eq!((response.status().as_u16(), &problem["title"]), (401, &json!("Unauthenticated")));
    assert!(!response.headers().contains_key("set-cookie"));
    fixture.clock.advance(600);
    let late = fixture.browse("POST", "/v1/sessions", "", json!({"code": fixture.codes[1]})).await;
    assert_eq!(late.0.status(), 401);
    let (_, session) = fixture.sign_in(json!({"token": "a.b.c"})).await;
    assert_eq!((&session["kind"], &session["role"]), (&json!("token"), &json!("editor")));
}

#[tokio::test]
async fn session_ends_with_its_key_and_cookie_lasts_no_longer() {
    let fixture = fixture();
    let key = fixture.key(1, Role::Editor);
    let (secret, _) = fixture.sign_in(json!({"key": key})).await;
    let stored = fixture.keys.all().remove(0);
    fixture.keys.revoke(&stored.workspace, &stored.key_id).await.unwrap();
    let (response, problem) = fixture.browse("GET", "/v1/sessions", &secret, Value::Null).await;
    assert_eq!(response.status(), 401, "{problem}");
    assert!(problem["detail"].as_str().unwrap().contains("sign in again"), "{problem}");

    let key = fixture.key(2, Role::Editor);
    let mut short = fixture.keys.all().remove(0);
    short.expires_at = Some(fixture.clock.now().plus_seconds(90));
    fixture.keys.insert(waypost_domain::KeySecret::parse(&key).unwrap().hash(), short);
    let (response, session) = fixture.browse("POST", "/v1/sessions", "", json!({"key": key})).await;
    assert_eq!(session["expires_at"], "2026-01-02T03:05:35.000Z");
    assert!(response.headers()["set-cookie"].to_str().unwrap().ends_with("Max-Age=90"));
}

#[tokio::test]
async fn admins_see_and_end_all_sessions_others_their_own() {
    let fixture = fixture();
    let (key, other) = (fixture.key(1, Role::Editor), fixture.key(2, Role::Editor));
    let (first, of_first) = fixture.sign_in(json!({"key": key})).await;
    let (second, _) = fixture.sign_in(json!({"key": key})).await;
    let (third, of_third) = fixture.sign_in(json!({"key": other})).await;
    let (admin, _) = fixture.sign_in(json!({"code": fixture.codes[0]})).await;
    let currents = |sessions: &[Value]| sessions.iter().filter(|session| session["current"] == true).count();
    for (secret, query, length) in
        [(&first, "", 2), (&third, "", 1), (&admin, "", 1), (&admin, "?all=true", 4), (&admin, "?all=false", 1)]
    {
        let listed = fixture.list(secret, query).await;
        assert_eq!((listed.len(), currents(&listed)), (length, 1), "{query}");
    }
    let (response, _) = fixture.browse("GET", "/v1/sessions?all=true", &first, Value::Null).await;
    assert_eq!(response.status(), 403);

    let path = |session: &Value| format!("/v1/sessions/{}", session["id"].as_str().unwrap());
    let delete = async |secret: &str, path: &str| {
        let (response, _) = fixture.browse("DELETE", path, secret, Value::Null).await;
        (response.status().as_u16(), response.headers().contains_key("set-cookie"))
    };
    assert_eq!(delete(&first, &path(&of_third)).await, (404, false));
    assert_eq!(delete(&second, &path(&of_first)).await, (204, false));
    assert_eq!(delete(&first, &path(&of_first)).await, (401, false));
    assert_eq!(delete(&admin, &path(&of_third)).await, (204, false));
    assert_eq!(delete(&admin, &path(&of_third)).await, (404, false));
    let own = fixture.list(&second, "").await.remove(0);
    assert_eq!(delete(&second, &path(&own)).await, (204, true));
    assert_eq!(delete(&admin, "/v1/sessions/nonsense").await, (404, false));
}

#[tokio::test]
async fn key_itself_lists_its_sessions_and_has_no_current_one() {
    let fixture = fixture();
    let key = fixture.key(1, Role::Viewer);
    let (secret, _) = fixture.sign_in(json!({"key": key})).await;
    let ask = async |method: &str, path: &str| {
        // Authorization wins over the cookie, and needs no origin.
        let request = Request::builder().method(method).uri(path).header("authorization", format!("Bearer {key}"));
        let request = request.header("cookie", format!("{NAME}={secret}"));
        fixture.send(request.body(Body::empty()).unwrap()).await
    };
    let (response, page) = ask("GET", "/v1/sessions").await;
    assert_eq!((response.status().as_u16(), &page["items"][0]["current"]), (200, &json!(false)));
    assert_eq!(ask("DELETE", "/v1/sessions/current").await.0.status(), 404);
}

#[tokio::test]
async fn forged_sign_ins_and_requests_are_refused() {
    let fixture = fixture();
    let key = fixture.key(1, Role::Editor);
    let (secret, _) = fixture.sign_in(json!({"key": key})).await;
    let send = async |method: &str, headers: &[(&str, &str)], body: String| {
        let mut request = Request::builder().method(method).uri("/v1/sessions").header("host", "go.example.com");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        fixture.send(request.body(Body::from(body)).unwrap()).await.0.status().as_u16()
    };
    let json = ("content-type", "application/json");
    let body = json!({"key": key}).to_string();
    for (headers, status) in [
        (vec![json], 201),
        (vec![json, ("origin", "https://go.example.com")], 201),
        (vec![json, ("origin", "https://evil.example")], 403),
        (vec![json, ("sec-fetch-site", "cross-site")], 403),
        (vec![("content-type", "text/plain")], 415),
        (vec![], 415),
    ] {
        assert_eq!(send("POST", &headers, body.clone()).await, status, "{headers:?}");
    }
    let cookie = format!("{NAME}={secret}");
    for (site, status) in [("same-origin", 200), ("none", 200), ("same-site", 403), ("cross-site", 403)] {
        let headers = [("cookie", cookie.as_str()), ("sec-fetch-site", site)];
        assert_eq!(send("GET", &headers, String::new()).await, status, "{site}");
    }
}

#[tokio::test]
async fn bad_sign_ins_get_their_status_and_are_limited() {
    let fixture = fixture();
    let key = fixture.key(1, Role::Viewer);
    for (body, status, pointer) in [
        (json!({}), 422, Some("")),
        (json!({"key": key, "code": "x"}), 422, Some("")),
        (json!({"key": 1}), 422, Some("/key")),
        (json!({"password": "x"}), 422, Some("/password")),
        (json!([key]), 422, Some("")),
        (json!({"key": "wp_nonsense"}), 401, None),
        (json!({"code": key}), 401, None),
        (json!({"token": key}), 401, None),
        (json!({"token": "x".repeat(200_000)}), 401, None),
        (json!({"token": "x".repeat(300_000)}), 413, None),
    ] {
        let (response, problem) = fixture.browse("POST", "/v1/sessions", "", body).await;
        assert_eq!(response.status(), status, "{problem}");
        assert_eq!(response.headers()["content-type"], "application/problem+json");
        assert_eq!(problem["errors"][0]["pointer"].as_str(), pointer, "{problem}");
        assert!(!problem.to_string().contains(&key));
    }
    for (method, path, status) in [
        ("PUT", "/v1/sessions", 405),
        ("DELETE", "/v1/sessions", 405),
        ("GET", "/v1/sessions/x/y", 404),
        ("POST", "/v1/sessions?unknown=1", 422),
        ("GET", "/v1/sessions", 401),
        ("DELETE", "/v1/sessions/current", 401),
    ] {
        let (response, problem) = fixture.browse(method, path, "", Value::Null).await;
        assert_eq!(response.status(), status, "{method} {path}: {problem}");
    }
    for status in [201, 201, 201, 429] {
        let (response, _) = fixture.browse("POST", "/v1/sessions", "", json!({"key": key})).await;
        assert_eq!(
            (response.status().as_u16(), response.headers().contains_key("retry-after")),
            (status, status == 429)
        );
    }
    fixture.clock.advance(60);
    fixture.sessions.fail();
    let (response, _) = fixture.browse("POST", "/v1/sessions", "", json!({"key": key})).await;
    assert_eq!(response.status(), 503);
}

#[tokio::test]
async fn guesses_from_one_address_are_refused_before_they_are_looked_at() {
    let fixture = fixture();
    let key = fixture.key(1, Role::Editor);
    let from = async |address: &str, body: Value| {
        let event = include_str!("../../../../events/sessions/sign_in.json").replace("203.0.113.9", address);
        let (parts, _) = lambda_http::request::from_str(&event).unwrap().into_parts();
        let (response, _) = fixture.send(Request::from_parts(parts, Body::from(body.to_string()))).await;
        let wait = response.headers().get("retry-after").map(|value| value.to_str().unwrap().to_owned());
        (response.status().as_u16(), wait)
    };
    for number in 0..MAX_FAILURES {
        let name = ["key", "code", "token"][number as usize % 3];
        let two = from("192.0.2.1", json!({"key": key, "code": "x"})).await;
        assert_eq!(two.0, 422, "a request that is not valid is no guess");
        assert_eq!(from("192.0.2.1", json!({ name: format!("wp_{number}") })).await, (401, None), "{number}");
    }
    // 03:04:05 is 55 seconds before the end of the window.
    let code = json!({"code": fixture.codes[0]});
    for body in [json!({"key": "wp_nonsense"}), json!({"key": key}), code.clone()] {
        assert_eq!(from("192.0.2.1", body).await, (429, Some("55".to_owned())));
    }
    assert_eq!(from("192.0.2.2", json!({"key": key})).await.0, 201, "another address is not locked out");
    fixture.clock.advance(55);
    assert_eq!(from("192.0.2.1", code).await.0, 201, "the refused code was not used up");
}

#[tokio::test]
async fn key_that_is_limited_to_addresses_signs_in_from_there_only() {
    let fixture = fixture();
    let addresses = vec![AddressRange::parse("203.0.113.0/24").unwrap()];
    let limits = KeyLimits { addresses, ..KeyLimits::default() };
    let key = fixture.keys.authorize_limited(1, "acme", Role::Editor, limits);
    let body = json!({"key": key.trim_start_matches("Bearer ")});
    assert_eq!(fixture.browse("POST", "/v1/sessions", "", body.clone()).await.0.status(), 401);
    // The gateway saw the event's request come from 203.0.113.9.
    let event = include_str!("../../../../events/sessions/sign_in.json");
    let (parts, _) = lambda_http::request::from_str(event).unwrap().into_parts();
    let (response, session) = fixture.send(Request::from_parts(parts, Body::from(body.to_string()))).await;
    assert_eq!(response.status(), 201, "{session}");
    let secret = response.headers()["set-cookie"].to_str().unwrap().split(['=', ';']).nth(1).unwrap().to_owned();
    let (response, _) = fixture.browse("GET", "/v1/sessions", &secret, Value::Null).await;
    assert_eq!(response.status(), 401, "a stolen cookie works from nowhere else");
}

#[tokio::test]
async fn sample_events_work() {
    let fixture = fixture();
    let key = fixture.key(1, Role::Editor);
    let (secret, _) = fixture.sign_in(json!({"key": key})).await;
    for (event, status) in [
        (include_str!("../../../../events/sessions/sign_in.json"), 201),
        (include_str!("../../../../events/sessions/list.json"), 200),
        (include_str!("../../../../events/sessions/end.json"), 404),
        (include_str!("../../../../events/sessions/sign_out.json"), 204),
    ] {
        let event = event.replace("wps_REPLACE_WITH_YOUR_SESSION", &secret).replace("wp_REPLACE_WITH_YOUR_KEY", &key);
        let (parts, body) = lambda_http::request::from_str(&event).unwrap().into_parts();
        let (response, json) = fixture.send(Request::from_parts(parts, Body::from(body.to_vec()))).await;
        assert_eq!(response.status(), status, "{json}");
    }
}

#[tokio::test]
async fn any_query_is_answered_or_refused() {
    let fixture = fixture();
    let admin = fixture.keys.authorize(5, "acme", Role::Admin);
    let operations = [
        ("GET", "/v1/sessions", "/v1/sessions"),
        ("POST", "/v1/sessions", "/v1/sessions"),
        ("DELETE", "/v1/sessions/{id}", "/v1/sessions/ses_0199b0c67e4570008000000000000005"),
    ];
    send_any_queries(&fixture.router, &admin, parameters_of, &operations).await;
}
