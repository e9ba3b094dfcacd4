use super::*;
use axum::body::{Body, to_bytes};
use serde_json::json;
use tower::ServiceExt;
use waypost_domain::catalog::append::append_changes;
use waypost_domain::catalog::patch::LinkPatch;
use waypost_domain::catalog::ports::{CatalogLimits, CatalogPorts};
use waypost_domain::link_changes::run::{Ran, run_link_change};
use waypost_domain::link_changes::run_ports::RunLinkChangePorts;
use waypost_domain::links::ports::LinkWriter;
use waypost_domain::testing::catalog::{MemoryCatalogStore, MemoryTotals};
use waypost_domain::testing::files::MemoryFileStore;
use waypost_domain::testing::idempotency::MemoryIdempotency;
use waypost_domain::testing::jobs::MemoryTimer;
use waypost_domain::testing::keys::MemoryKeys;
use waypost_domain::testing::link_changes::{MemoryLinkChangeQueue, MemoryLinkChanges};
use waypost_domain::testing::links::MemoryLinks;
use waypost_domain::testing::samples::link_with_id;
use waypost_domain::testing::system::{FixedClock, SeededRandom};
use waypost_domain::testing::tags::MemoryTags;
use waypost_domain::{Link, Role};
use waypost_http::authentication::Authentication;
use waypost_http::router::api;
use waypost_http::testing::send_any_queries;

struct Fixture {
    router: Router,
    catalog: CatalogPorts,
    runner: RunLinkChangePorts,
    queue: Arc<MemoryLinkChangeQueue>,
    links: Arc<MemoryLinks>,
    keys: Vec<String>,
}

/// Makes links with these tags.
async fn fixture(tags: &[&[&str]]) -> Fixture {
    let (jobs, queue) = (Arc::<MemoryLinkChanges>::default(), Arc::<MemoryLinkChangeQueue>::default());
    let (links, files) = (Arc::<MemoryLinks>::default(), MemoryFileStore::default());
    let (clock, random) = (Arc::new(FixedClock::at("2026-01-02T03:04:05Z")), Arc::new(SeededRandom::new(9)));
    let domains = Domains::parse("go.example.com").unwrap();
    let definitions = Arc::<MemoryTags>::default();
    for (n, tags) in tags.iter().enumerate() {
        let mut new = link_with_id("acme", &format!("s{n}"), "https://example.com/", &n.to_string());
        new.tags = tags.iter().map(|tag| (*tag).to_owned()).collect();
        assert!(links.insert(&new).await.unwrap());
    }
    let catalog = CatalogPorts {
        store: Arc::<MemoryCatalogStore>::default(),
        objects: Arc::new(files.clone()),
        files: Arc::new(files.clone()),
        remover: Arc::new(files.clone()),
        links: links.clone(),
        totals: Arc::<MemoryTotals>::default(),
        clock: clock.clone(),
        random: random.clone(),
        limits: CatalogLimits::default(),
    };
    let runner = RunLinkChangePorts {
        jobs: jobs.clone(),
        queue: queue.clone(),
        files: Arc::new(files.clone()),
        shards: links.clone(),
        batch: links.clone(),
        reader: links.clone(),
        writer: links.clone(),
        restorer: links.clone(),
        targets: links.clone(),
        marker: links.clone(),
        tags: definitions.clone(),
        clock: clock.clone(),
        random: random.clone(),
        timer: Arc::new(MemoryTimer::default()),
        domain_settings: Arc::new(waypost_domain::testing::domains::MemoryDomains::default()),
        domains: domains.clone(),
        guard: None,
        concurrency: 4,
        chunk_entries: 10,
    };
    let store = MemoryKeys::default();
    let keys = [("acme", Role::Editor), ("acme", Role::Viewer), ("other", Role::Editor)].into_iter().zip(0..);
    let keys = keys.map(|((workspace, role), seed)| store.authorize(seed, workspace, role)).collect();
    let app = App {
        catalogs: Arc::new(Catalogs::new(catalog.clone(), 1 << 30)),
        tags: definitions,
        jobs,
        queue: queue.clone(),
        files: Arc::new(files),
        clock: clock.clone(),
        random,
        domains,
    };
    let idempotency = Idempotency {
        store: Arc::new(MemoryIdempotency::default()),
        clock: clock.clone(),
        random: Arc::new(SeededRandom::new(10)),
    };
    let router = api(routes(app, idempotency), Authentication::new(Arc::new(store), clock));
    Fixture { router, catalog, runner, queue, links, keys }
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

/// Works off the queue, and tells the catalogue.
async fn work(fixture: &Fixture) {
    for message in fixture.queue.take() {
        let deadline = fixture.runner.clock.now().plus_seconds(900);
        let delivery = waypost_domain::testing::jobs::delivery("r1", deadline);
        let ran = run_link_change(&fixture.runner, &message, &delivery).await.unwrap();
        assert!(matches!(ran, Ran::Finished(_)), "{ran:?}");
    }
    let changes = fixture.links.all().into_iter().map(|link| (link.workspace.clone(), LinkPatch::here(&link)));
    let deadline = fixture.runner.clock.now().plus_seconds(9);
    append_changes(&fixture.catalog, changes.collect(), deadline).await.unwrap();
}

/// Lists tags as `tag links archived_links color`.
async fn listed(fixture: &Fixture, query: &str) -> Vec<String> {
    let (mut all, mut cursor) = (Vec::new(), String::new());
    loop {
        let (status, page) = call(fixture, 1, "GET", &format!("/v1/tags?limit=2{query}{cursor}"), Value::Null).await;
        assert_eq!(status, StatusCode::OK, "{page}");
        all.extend(page["items"].as_array().unwrap().iter().map(|item| {
            let color = item["color"].as_str().unwrap_or("-");
            format!("{} {} {} {color}", item["tag"].as_str().unwrap(), item["links"], item["archived_links"])
        }));
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return all,
        }
    }
}

#[tokio::test]
async fn list_has_used_and_defined_tags_once() {
    let fixture = fixture(&[&["b", "A"], &["b"], &["b", "c"], &[]]).await;
    let (seen, mut next) = (fixture.links.all()[2].clone(), fixture.links.all()[2].clone());
    (next.settings.archived, next.revision) = (true, 1);
    assert!(LinkWriter::replace(fixture.links.as_ref(), &seen, &next).await.unwrap());
    for (tag, color) in [("b", "teal"), ("unused", "#ABCDEF")] {
        let (status, defined) = call(&fixture, 0, "PUT", &format!("/v1/tags/{tag}"), json!({"color": color})).await;
        assert_eq!((status, &defined["tag"]), (StatusCode::OK, &json!(tag)), "{defined}");
    }
    let by_name = ["A 1 0 -", "b 2 1 teal", "c 0 1 -", "unused 0 0 #abcdef"];
    assert_eq!(listed(&fixture, "").await, by_name);
    assert_eq!(listed(&fixture, "&sort=name").await, by_name);
    let by_links = ["b 2 1 teal", "A 1 0 -", "c 0 1 -", "unused 0 0 #abcdef"];
    assert_eq!(listed(&fixture, "&sort=links").await, by_links);
}

#[tokio::test]
async fn any_tag_fits_into_a_path() {
    for (tag, encoded) in [
        ("a/b", "a%2Fb"),
        // As API Gateway passes it on.
        ("a/b", "a/b"),
        ("ü 🎉", "%C3%BC%20%F0%9F%8E%89"),
        ("50%", "50%25"),
        ("x/rename", "x%2Frename"),
        ("a#b?c", "a%23b%3Fc"),
    ] {
        let fixture = fixture(&[&[tag], &[tag, "new"], &["other"]]).await;
        let path = format!("/v1/tags/{encoded}");
        assert_eq!(call(&fixture, 0, "PATCH", &path, json!({"color": "red"})).await.1["tag"], tag);
        let (status, job) = call(&fixture, 0, "POST", &format!("{path}/rename"), json!({"to": "new"})).await;
        assert_eq!(status, StatusCode::ACCEPTED, "{job}");
        work(&fixture).await;
        assert_eq!(listed(&fixture, "").await, ["new 2 0 red", "other 1 0 -"], "{tag}");
        let (status, job) = call(&fixture, 0, "DELETE", "/v1/tags/new", Value::Null).await;
        assert_eq!((status, &job["change"]), (StatusCode::ACCEPTED, &json!({"remove_tags": ["new"]})));
        work(&fixture).await;
        assert_eq!(listed(&fixture, "").await, ["other 1 0 -"], "{tag}");
        assert!(fixture.links.all().iter().all(|link: &Link| !link.tags.contains(&"new".to_owned())));
    }
}

#[tokio::test]
async fn merged_tag_keeps_what_was_said_of_the_other() {
    let fixture = fixture(&[&["a"], &["b"]]).await;
    for (tag, color) in [("a", "red"), ("b", "blue")] {
        call(&fixture, 0, "PUT", &format!("/v1/tags/{tag}"), json!({"color": color})).await;
    }
    call(&fixture, 0, "POST", "/v1/tags/a/rename", json!({"to": "b"})).await;
    assert_eq!(listed(&fixture, "").await, ["a 1 0 red", "b 1 0 blue"], "until the job is done");
    work(&fixture).await;
    assert_eq!(listed(&fixture, "").await, ["b 2 0 blue"]);
}

#[tokio::test]
async fn bad_requests_get_their_status() {
    let fixture = fixture(&[&["a"]]).await;
    for (key, method, path, body, status) in [
        (0, "PUT", "/v1/tags/a", json!({"color": "mauve"}), 422),
        (0, "PUT", "/v1/tags/%20", json!({}), 422),
        (0, "PATCH", "/v1/tags/a", json!([]), 422),
        (1, "PUT", "/v1/tags/a", json!({}), 403),
        (1, "PATCH", "/v1/tags/a", json!({}), 403),
        (1, "DELETE", "/v1/tags/a", Value::Null, 403),
        (1, "POST", "/v1/tags/a/rename", json!({"to": "b"}), 403),
        (0, "POST", "/v1/tags/a/rename", json!({"to": " a "}), 422),
        (0, "POST", "/v1/tags/a/rename", json!({"to": ""}), 422),
        (0, "POST", "/v1/tags/a", json!({"to": "b"}), 404),
        (0, "POST", "/v1/tags/rename", json!({"to": "b"}), 404),
        (0, "GET", "/v1/tags/a", Value::Null, 405),
        (0, "GET", "/v1/tags?sort=color", Value::Null, 422),
        (0, "GET", "/v1/tags?cursor=x", Value::Null, 422),
        (0, "GET", "/v1/tags?limit=0", Value::Null, 422),
        (0, "PUT", "/v1/tags/a?x=1", json!({}), 422),
    ] {
        let (given, problem) = call(&fixture, key, method, path, body).await;
        assert_eq!(given, status, "{method} {path}: {problem}");
    }
    assert!(fixture.queue.take().is_empty());
    assert_eq!(call(&fixture, 2, "GET", "/v1/tags", Value::Null).await.1["items"], json!([]), "of another workspace");
}

#[tokio::test]
async fn sample_events_work() {
    let fixture = fixture(&[&["a"]]).await;
    for (event, status) in [
        (include_str!("../../../../events/tags/list.json"), 200),
        (include_str!("../../../../events/tags/define.json"), 200),
        (include_str!("../../../../events/tags/rename.json"), 202),
    ] {
        let (parts, body) = lambda_http::request::from_str(event).unwrap().into_parts();
        let request = http::Request::from_parts(parts, Body::from(body.to_vec()));
        let (given, json) = send(&fixture, 0, request).await;
        assert_eq!(given, status, "{json}");
    }
}

#[tokio::test]
async fn any_query_is_answered_or_refused() {
    let fixture = fixture(&[]).await;
    let operations = [
        ("GET", "/v1/tags", "/v1/tags"),
        ("PUT", BELOW, "/v1/tags/a"),
        ("PATCH", BELOW, "/v1/tags/a"),
        ("DELETE", BELOW, "/v1/tags/a"),
        ("POST", BELOW, "/v1/tags/a/rename"),
    ];
    send_any_queries(&fixture.router, &fixture.keys[0], parameters_of, &operations).await;
}
