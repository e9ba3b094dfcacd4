use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Extension;
use axum::routing::post;
use tokio::sync::Semaphore;
use tower::ServiceExt;
use waypost_domain::Role;
use waypost_domain::access::idempotency::RequestFingerprint;
use waypost_domain::testing::idempotency::MemoryIdempotency;
use waypost_domain::testing::samples::caller;
use waypost_domain::testing::system::{FixedClock, SeededRandom};

use super::*;

/// Counts its requests, and answers when the gate is open.
struct Work {
    done: AtomicUsize,
    gate: Semaphore,
}

struct Fixture {
    work: Arc<Work>,
    clock: Arc<FixedClock>,
    routes: Router,
}

/// Makes a route that answers with the status in the query, and a count in the body.
fn fixture() -> Fixture {
    let work = Arc::new(Work { done: AtomicUsize::new(0), gate: Semaphore::new(100) });
    let clock = Arc::new(FixedClock::at("2026-01-02T03:04:05Z"));
    let by = Idempotency {
        store: Arc::new(MemoryIdempotency::default()),
        clock: clock.clone(),
        random: Arc::new(SeededRandom::new(1)),
    };
    let at_work = work.clone();
    let handler = async move |Extension(attempt): Extension<RequestFingerprint>, request: Request| {
        let _permit = at_work.gate.acquire().await.unwrap();
        let count = at_work.done.fetch_add(1, Ordering::SeqCst) + 1;
        let status = request.uri().query().map_or(200, |query| query.parse().unwrap());
        let status = StatusCode::from_u16(status).unwrap();
        let size = to_bytes(request.into_body(), usize::MAX).await.unwrap().len();
        let body = if size > 9 { noise(2_000_000) } else { format!("{count} {}", attempt.as_str()).into_bytes() };
        (status, [("location", "/x"), ("x-count", "1"), ("etag", "\"1\"")], body)
    };
    Fixture { work, clock, routes: idempotent(Router::new().route("/do", post(handler)), by) }
}

/// Bytes that do not compress.
fn noise(len: usize) -> Vec<u8> {
    let mut bytes = vec![0; len];
    SeededRandom::new(2).fill(&mut bytes);
    bytes
}

struct Sent {
    status: u16,
    replayed: bool,
    headers: http::HeaderMap,
    body: String,
}

fn proof(authorization: &str) -> Proof {
    Proof::of_header(&HeaderValue::from_str(authorization).unwrap())
}

async fn send(routes: &Router, workspace: &str, role: Role, uri: &str, key: &str, body: &str) -> Sent {
    let request = http::Request::post(uri).header("idempotency-key", key).extension(proof("Bearer a"));
    let request = request.extension(caller(workspace, role));
    let response = routes.clone().oneshot(request.body(Body::from(body.to_owned())).unwrap()).await.unwrap();
    let (parts, body) = response.into_parts();
    let body = to_bytes(body, usize::MAX).await.unwrap();
    Sent {
        status: parts.status.as_u16(),
        replayed: parts.headers.contains_key("idempotency-replayed"),
        headers: parts.headers,
        body: String::from_utf8_lossy(&body).into_owned(),
    }
}

async fn do_it(fixture: &Fixture, key: &str, body: &str) -> Sent {
    send(&fixture.routes, "acme", Role::Editor, "/do", key, body).await
}

#[tokio::test]
async fn repeated_request_gets_the_same_answer() {
    let fixture = fixture();
    let first = do_it(&fixture, "k", "a").await;
    assert!(!first.replayed && first.body.starts_with("1 request:"), "{}", first.body);
    fixture.clock.advance(24 * 3600 - 1);
    let again = do_it(&fixture, "k", "a").await;
    assert_eq!((again.status, again.replayed, &again.body), (200, true, &first.body));
    assert_eq!((again.headers["location"].as_bytes(), again.headers["etag"].as_bytes()), (&b"/x"[..], &b"\"1\""[..]));
    assert!(!again.headers.contains_key("x-count"));
    fixture.clock.advance(1);
    assert!(do_it(&fixture, "k", "a").await.body.starts_with("2 "));
}

#[tokio::test]
async fn key_belongs_to_one_request_and_workspace() {
    let fixture = fixture();
    do_it(&fixture, "k", "a").await;
    assert_eq!(do_it(&fixture, "k", "b").await.status, 422);
    assert_eq!(send(&fixture.routes, "acme", Role::Editor, "/do?201", "k", "a").await.status, 422);
    assert_eq!(send(&fixture.routes, "acme", Role::Viewer, "/do", "k", "a").await.status, 422);
    assert!(!send(&fixture.routes, "other", Role::Editor, "/do", "k", "a").await.replayed);
    assert_eq!(fixture.work.done.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn refusals_are_kept_and_failures_are_not() {
    let fixture = fixture();
    for (status, replayed) in [(409, true), (422, true), (429, false), (500, false), (503, false)] {
        let (uri, key) = (format!("/do?{status}"), format!("k{status}"));
        assert_eq!(send(&fixture.routes, "acme", Role::Editor, &uri, &key, "").await.status, status);
        assert_eq!(send(&fixture.routes, "acme", Role::Editor, &uri, &key, "").await.replayed, replayed, "{status}");
    }
}

#[tokio::test]
async fn request_is_done_again_after_an_abandoned_lease() {
    let fixture = fixture();
    let all = fixture.work.gate.acquire_many(100).await.unwrap();
    let routes = fixture.routes.clone();
    let first = tokio::spawn(async move { send(&routes, "acme", Role::Editor, "/do", "k", "a").await });
    // On one thread, it runs until it waits at the gate.
    tokio::task::yield_now().await;
    let busy = do_it(&fixture, "k", "a").await;
    assert_eq!((busy.status, busy.headers["retry-after"].as_bytes()), (409, &b"2"[..]));
    assert_eq!(do_it(&fixture, "k", "b").await.status, 422);
    first.abort();
    fixture.clock.advance(Claim::LEASE_SECONDS);
    drop(all);
    let second = do_it(&fixture, "k", "a").await;
    assert!(!second.replayed && second.body.starts_with("1 "), "{}", second.body);
    assert!(do_it(&fixture, "k", "a").await.replayed);
}

#[tokio::test]
async fn malformed_keys_are_refused() {
    let fixture = fixture();
    for key in ["", "\u{e4}", &"k".repeat(256)] {
        assert_eq!(do_it(&fixture, key, "").await.status, 400, "{key:?}");
    }
    assert_eq!(fixture.work.done.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn request_with_too_large_answer_is_done_once() {
    let fixture = fixture();
    assert_eq!(do_it(&fixture, "k", "0123456789").await.status, 200);
    let again = do_it(&fixture, "k", "0123456789").await;
    assert_eq!((again.status, again.replayed), (409, true));
    assert!(again.body.contains("was done"), "{}", again.body);
    assert_eq!(fixture.work.done.load(Ordering::SeqCst), 1);
}

/// Asks for a secret with `credential`. Gives the status and the body.
async fn ask_for_secret(routes: &Router, credential: &str, key: &str) -> (u16, String) {
    let request = http::Request::post("/secret").header("idempotency-key", key).extension(proof(credential));
    let request = request.extension(caller("acme", Role::Admin)).body(Body::empty()).unwrap();
    let (parts, body) = routes.clone().oneshot(request).await.unwrap().into_parts();
    let body = to_bytes(body, usize::MAX).await.unwrap();
    (parts.status.as_u16(), String::from_utf8_lossy(&body).into_owned())
}

#[tokio::test]
async fn secret_is_sealed_for_its_first_caller() {
    let (store, count) = (Arc::new(MemoryIdempotency::default()), Arc::new(AtomicUsize::new(0)));
    let by = Idempotency {
        store: store.clone(),
        clock: Arc::new(FixedClock::at("2026-01-02T03:04:05Z")),
        random: Arc::new(SeededRandom::new(1)),
    };
    let done = count.clone();
    let handler = async move || {
        let mut response = format!("wp_secret_{}", done.fetch_add(1, Ordering::SeqCst)).into_response();
        response.extensions_mut().insert(Secret);
        response
    };
    let routes = idempotent(Router::new().route("/secret", post(handler)), by);
    let first = ask_for_secret(&routes, "Bearer a", "k").await;
    assert_eq!(first, (200, "wp_secret_0".to_owned()));
    assert_eq!(ask_for_secret(&routes, "Bearer a", "k").await, first);
    let (status, problem) = ask_for_secret(&routes, "Bearer b", "k").await;
    assert!(status == 422 && problem.contains("another API key") && !problem.contains("wp_"), "{status} {problem}");
    assert_eq!(ask_for_secret(&routes, "Bearer a", "l").await.1, "wp_secret_1");
    assert_eq!(count.load(Ordering::SeqCst), 2);
    for answer in store.answers() {
        let unpacked = decompress_to_vec_with_limit(&answer.body, MAX_ANSWER_BYTES).unwrap_or_default();
        let (kept, clear) = (String::from_utf8_lossy(&answer.body), String::from_utf8_lossy(&unpacked));
        assert!(answer.sealed && !kept.contains("wp_") && !clear.contains("wp_"));
    }
}
