use super::*;
use axum::body::{Body, to_bytes};
use serde_json::{Value, json};
use tower::ServiceExt;
use waypost_domain::Role;
use waypost_domain::link_changes::chunk::MAX_ENTRIES;
use waypost_domain::link_changes::run::{Ran, run_link_change};
use waypost_domain::link_changes::run_ports::RunLinkChangePorts;
use waypost_domain::links::ports::LinkWriter;
use waypost_domain::testing::files::MemoryFileStore;
use waypost_domain::testing::idempotency::MemoryIdempotency;
use waypost_domain::testing::jobs::MemoryTimer;
use waypost_domain::testing::keys::MemoryKeys;
use waypost_domain::testing::link_changes::{MemoryLinkChangeQueue, MemoryLinkChanges};
use waypost_domain::testing::links::MemoryLinks;
use waypost_domain::testing::samples::link_with_id;
use waypost_domain::testing::system::{FixedClock, SeededRandom};
use waypost_domain::testing::tags::MemoryTags;
use waypost_http::authentication::Authentication;
use waypost_http::router::api;
use waypost_http::testing::send_any_queries;

struct Fixture {
    router: Router,
    runner: RunLinkChangePorts,
    queue: Arc<MemoryLinkChangeQueue>,
    links: Arc<MemoryLinks>,
    clock: Arc<FixedClock>,
    keys: Vec<String>,
}

async fn fixture() -> Fixture {
    let (jobs, queue) = (Arc::<MemoryLinkChanges>::default(), Arc::<MemoryLinkChangeQueue>::default());
    let (links, files) = (Arc::<MemoryLinks>::default(), Arc::<MemoryFileStore>::default());
    for slug in ["a", "b", "c"] {
        let mut new = link_with_id("acme", slug, "https://example.com/", slug);
        new.tags = vec!["spring".to_owned()];
        new.settings.password_hash = Some("$argon2id$hash".to_owned());
        assert!(links.insert(&new).await.unwrap());
    }
    let clock = Arc::new(FixedClock::at("2026-01-02T03:04:05Z"));
    let store = MemoryKeys::default();
    let keys = [("acme", Role::Editor), ("acme", Role::Viewer), ("other", Role::Admin)].into_iter().zip(0..);
    let keys = keys.map(|((workspace, role), seed)| store.authorize(seed, workspace, role)).collect();
    let (domains, random) = (Domains::parse("go.example.com").unwrap(), Arc::new(SeededRandom::new(9)));
    let runner = RunLinkChangePorts {
        jobs: jobs.clone(),
        queue: queue.clone(),
        files: files.clone(),
        shards: links.clone(),
        batch: links.clone(),
        reader: links.clone(),
        writer: links.clone(),
        restorer: links.clone(),
        targets: links.clone(),
        marker: links.clone(),
        tags: Arc::new(MemoryTags::default()),
        clock: clock.clone(),
        random: random.clone(),
        timer: Arc::new(MemoryTimer::default()),
        domain_settings: Arc::new(waypost_domain::testing::domains::MemoryDomains::default()),
        domains: domains.clone(),
        guard: None,
        concurrency: 4,
        chunk_entries: MAX_ENTRIES,
    };
    let app = App {
        jobs,
        queue: queue.clone(),
        files,
        clock: clock.clone(),
        random,
        domains,
        retention: Retention::days(40),
    };
    let idempotency = Idempotency {
        store: Arc::new(MemoryIdempotency::default()),
        clock: clock.clone(),
        random: Arc::new(SeededRandom::new(10)),
    };
    let router = api(routes(app, idempotency), Authentication::new(Arc::new(store), clock.clone()));
    Fixture { router, runner, queue, links, clock, keys }
}

async fn send(fixture: &Fixture, key: usize, mut request: http::Request<Body>) -> (StatusCode, Value) {
    request.headers_mut().insert("authorization", fixture.keys[key].parse().unwrap());
    let response = fixture.router.clone().oneshot(request).await.unwrap();
    let status = response.status();
    let bytes = to_bytes(response.into_body(), usize::MAX).await.unwrap();
    (status, serde_json::from_slice(&bytes).unwrap_or(Value::Null))
}

async fn call(fixture: &Fixture, key: usize, method: &str, path: &str, body: Value) -> (StatusCode, Value) {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    send(fixture, key, http::Request::builder().method(method).uri(path).body(Body::from(body)).unwrap()).await
}

/// Works off the queue.
async fn work(fixture: &Fixture) {
    for message in fixture.queue.take() {
        let delivery = waypost_domain::testing::jobs::delivery("r1", fixture.clock.now().plus_seconds(900));
        let ran = run_link_change(&fixture.runner, &message, &delivery).await.unwrap();
        assert!(matches!(ran, Ran::Finished(_)), "{ran:?}");
    }
}

const ALL: &str = "/v1/link-changes";

#[tokio::test]
async fn job_tells_its_results_and_is_undone() {
    let fixture = fixture().await;
    let body = json!({"select": {"filter": {"tag": ["spring"]}}, "change": {"archived": true, "password": null}});
    let (status, job) = call(&fixture, 0, "POST", ALL, body.clone()).await;
    assert_eq!((status, &job["status"], &job["change"]), (StatusCode::ACCEPTED, &json!("waiting"), &body["change"]));
    assert_eq!((&job["filter"], &job["action"]), (&body["select"]["filter"], &json!("change")));
    let path = format!("{ALL}/{}", job["id"].as_str().unwrap());
    let (_, page) = call(&fixture, 1, "GET", &format!("{path}/results"), Value::Null).await;
    assert!(page["items"] == json!([]) && page["next_cursor"].is_string(), "there will be more: {page}");
    assert_eq!(call(&fixture, 0, "POST", &format!("{path}/undo"), Value::Null).await.0, StatusCode::CONFLICT);
    work(&fixture).await;
    let (_, job) = call(&fixture, 1, "GET", &path, Value::Null).await;
    assert_eq!((&job["status"], &job["counts"]["changed"]), (&json!("succeeded"), &json!(3)), "{job}");
    let (_, page) = call(&fixture, 1, "GET", &format!("{path}/results?limit=2"), Value::Null).await;
    assert_eq!(page["items"][0]["result"], "changed", "{page}");
    assert!(!page.to_string().contains("argon2"), "{page}");
    let cursor = page["next_cursor"].as_str().unwrap();
    let (_, rest) = call(&fixture, 1, "GET", &format!("{path}/results?limit=2&cursor={cursor}"), Value::Null).await;
    assert_eq!((rest["items"].as_array().unwrap().len(), &rest["next_cursor"]), (1, &Value::Null));
    let (_, none) = call(&fixture, 1, "GET", &format!("{path}/results?result=failed"), Value::Null).await;
    assert_eq!(none["items"], json!([]));

    fixture.clock.advance(1);
    let (status, undo) = call(&fixture, 0, "POST", &format!("{path}/undo"), Value::Null).await;
    assert_eq!((status, &undo["undo_of"]), (StatusCode::ACCEPTED, &job["id"]));
    work(&fixture).await;
    let restored = fixture.links.all();
    assert!(restored.iter().all(|link| !link.settings.archived && link.settings.password_hash.is_some()));
    let (_, list) = call(&fixture, 1, "GET", &format!("{ALL}?limit=1"), Value::Null).await;
    assert_eq!((&list["items"][0]["id"], list["next_cursor"].is_string()), (&undo["id"], true));
    for path in [path.clone(), format!("{path}/results")] {
        assert_eq!(call(&fixture, 2, "GET", &path, Value::Null).await.0, StatusCode::NOT_FOUND, "{path}");
    }
    fixture.clock.advance(40 * 86_400);
    assert_eq!(call(&fixture, 1, "GET", &format!("{path}/results"), Value::Null).await.0, StatusCode::GONE);
    assert_eq!(call(&fixture, 0, "POST", &format!("{path}/undo"), Value::Null).await.0, StatusCode::GONE);
}

#[tokio::test]
async fn bad_requests_get_their_status() {
    let fixture = fixture().await;
    let some = json!({"select": {"links": [{"slug": "a"}]}, "delete": true});
    for (key, method, path, body, status) in [
        (0, "POST", ALL, json!({}), 422),
        (0, "POST", ALL, json!({"select": {"filter": {}}, "delete": true}), 422),
        (0, "POST", ALL, json!({"select": {"all": true}, "change": {"slug": "x"}}), 422),
        (1, "POST", ALL, some, 403),
        (0, "PATCH", ALL, Value::Null, 405),
        (0, "GET", "/v1/link-changes?limit=0", Value::Null, 422),
        (0, "GET", "/v1/link-changes?cursor=x", Value::Null, 422),
        (0, "GET", "/v1/link-changes/chg_1", Value::Null, 404),
        (0, "GET", "/v1/link-changes/chg_1/results", Value::Null, 404),
        (0, "POST", "/v1/link-changes/chg_1/cancel", Value::Null, 404),
        (0, "POST", "/v1/link-changes/chg_1/undo", Value::Null, 404),
        (1, "POST", "/v1/link-changes/chg_1/cancel", Value::Null, 403),
        (1, "POST", "/v1/link-changes/chg_1/undo", Value::Null, 403),
    ] {
        let (given, problem) = call(&fixture, key, method, path, body).await;
        assert_eq!(given, status, "{method} {path}: {problem}");
    }
    assert!(fixture.queue.take().is_empty());
    let started = call(&fixture, 0, "POST", ALL, json!({"select": {"all": true}, "delete": true})).await.1;
    let results = format!("{ALL}/{}/results", started["id"].as_str().unwrap());
    for query in ["result=good", "limit=0", "limit=x", "cursor=%25", "cursor=YWJj"] {
        let (given, problem) = call(&fixture, 0, "GET", &format!("{results}?{query}"), Value::Null).await;
        assert_eq!(given, 422, "{query}: {problem}");
    }
}

#[tokio::test]
async fn few_jobs_of_a_workspace_are_open_at_once() {
    let fixture = fixture().await;
    let body = json!({"select": {"links": [{"slug": "a"}]}, "delete": true});
    let mut started = Vec::new();
    for _ in 0..waypost_domain::link_changes::start::MAX_OPEN {
        fixture.clock.advance(1);
        let (status, job) = call(&fixture, 0, "POST", ALL, body.clone()).await;
        assert_eq!(status, StatusCode::ACCEPTED, "{job}");
        started.push(job["id"].as_str().unwrap().to_owned());
    }
    assert_eq!(call(&fixture, 0, "POST", ALL, body.clone()).await.0, StatusCode::TOO_MANY_REQUESTS);
    let cancel = format!("{ALL}/{}/cancel", started[0]);
    let (status, cancelled) = call(&fixture, 0, "POST", &cancel, Value::Null).await;
    assert_eq!((status, &cancelled["status"]), (StatusCode::OK, &json!("cancelled")));
    assert_eq!(call(&fixture, 0, "POST", ALL, body).await.0, StatusCode::ACCEPTED);
}

#[tokio::test]
async fn sample_events_work() {
    let fixture = fixture().await;
    for (event, status) in [
        (include_str!("../../../../events/link-changes/start.json"), 202),
        (include_str!("../../../../events/link-changes/read.json"), 404),
        (include_str!("../../../../events/link-changes/results.json"), 404),
        (include_str!("../../../../events/link-changes/undo.json"), 404),
    ] {
        let (parts, body) = lambda_http::request::from_str(event).unwrap().into_parts();
        let request = http::Request::from_parts(parts, Body::from(body.to_vec()));
        let (given, json) = send(&fixture, 0, request).await;
        assert_eq!(given, status, "{json}");
    }
}

#[tokio::test]
async fn any_query_is_answered_or_refused() {
    let fixture = fixture().await;
    let operations = [
        ("GET", ALL, ALL),
        ("POST", ALL, ALL),
        ("GET", "/v1/link-changes/{id}", "/v1/link-changes/chg_1"),
        ("GET", "/v1/link-changes/{id}/results", "/v1/link-changes/chg_1/results"),
        ("POST", "/v1/link-changes/{id}/cancel", "/v1/link-changes/chg_1/cancel"),
        ("POST", "/v1/link-changes/{id}/undo", "/v1/link-changes/chg_1/undo"),
    ];
    send_any_queries(&fixture.router, &fixture.keys[0], parameters_of, &operations).await;
}
