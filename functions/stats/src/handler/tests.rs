//! Tests the routes over clicks that the real use case counted.

use super::*;
use axum::body::{Body, to_bytes};
use http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, VARY};
use http::{HeaderValue, Request};
use lambda_http::request::from_str;
use serde_json::{Value, json};
use tower::ServiceExt;
use waypost_domain::analytics::ingest::aggregate_clicks::{AggregateClicksPorts, aggregate_clicks};
use waypost_domain::analytics::ingest::user_agent::UserAgents;
use waypost_domain::links::ports::LinkWriter;
use waypost_domain::testing::analytics::{MemoryAggregates, MemoryQuarantine, click, miss, received, received_miss};
use waypost_domain::testing::keys::MemoryKeys;
use waypost_domain::testing::links::MemoryLinks;
use waypost_domain::testing::samples::link;
use waypost_domain::testing::system::FixedClock;
use waypost_domain::{Domain, Role};
use waypost_http::authentication::Authentication;
use waypost_http::router::api;
use waypost_http::testing::send_any_queries;

const MONTH: &str = include_str!("../../../../events/stats/month.json");
const WORKSPACE: &str = include_str!("../../../../events/stats/workspace.json");
const TAG_AS_CSV: &str = include_str!("../../../../events/stats/tag-as-csv.json");
const MISSES: &str = include_str!("../../../../events/stats/misses.json");
const HOURS: &str = include_str!("../../../../events/stats/hours.json");

struct Fixture {
    router: Router,
    aggregates: Arc<MemoryAggregates>,
    viewer: String,
    stranger: String,
}

async fn fixture() -> Fixture {
    let (links, aggregates) = (MemoryLinks::default(), Arc::new(MemoryAggregates::default()));
    let mut docs = link("acme", "docs", "https://example.com/");
    docs.tags = vec!["guides".to_owned()];
    links.insert(&docs).await.unwrap();
    let links = Arc::new(links);
    let firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
    let mut missed = miss("/none", "2026-01-02T03:04:05Z");
    (missed.domain, missed.workspace) = (Domain::parse("acme.example").unwrap(), WorkspaceId::parse("acme").ok());
    missed.user_agent = Some(firefox.to_owned());
    let batch: Vec<_> = [(2, "v1", firefox), (2, "v2", firefox), (3, "v1", firefox), (3, "", "curl/8.5.0")]
        .into_iter()
        .zip(1..)
        .map(|((day, visitor, agent), sequence)| {
            let mut click = click("docs", &format!("2026-01-{day:02}T03:04:05Z"));
            (click.visitor, click.user_agent) = (Some(visitor.to_owned()), Some(agent.to_owned()));
            received(0, sequence, &click)
        })
        .chain([received_miss(1, 1, &missed)])
        .collect();
    let agents = UserAgents::new().unwrap();
    let quarantine = MemoryQuarantine::default();
    let ports =
        AggregateClicksPorts { agents: &agents, store: aggregates.as_ref(), quarantine: &quarantine, archive: None };
    aggregate_clicks(&ports, &batch).await;

    let (keys, clock) = (MemoryKeys::default(), Arc::new(FixedClock::at("2026-01-31T03:04:05Z")));
    let (viewer, stranger) = (keys.authorize(1, "acme", Role::Viewer), keys.authorize(2, "other", Role::Viewer));
    let app = App {
        links: links.clone(),
        index: links.clone(),
        moves: links,
        aggregates: aggregates.clone(),
        clock: clock.clone(),
        domains: Domains::parse("go.example.com,s.example.org,acme.example=acme").unwrap(),
        operator: WorkspaceId::parse("ops").unwrap(),
    };
    let router = api(routes(app), Authentication::new(Arc::new(keys), clock));
    Fixture { router, aggregates, viewer, stranger }
}

async fn send(fixture: &Fixture, request: Request<Body>) -> (u16, HeaderMap, String) {
    let response = fixture.router.clone().oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    let bytes = to_bytes(body, usize::MAX).await.unwrap();
    (parts.status.as_u16(), parts.headers, String::from_utf8(bytes.to_vec()).unwrap())
}

async fn get(fixture: &Fixture, path: &str, headers: &[(&str, &str)]) -> (u16, HeaderMap, String) {
    let mut request = Request::builder().uri(path).header("authorization", &fixture.viewer);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    send(fixture, request.body(Body::empty()).unwrap()).await
}

async fn call(fixture: &Fixture, key: &str, method: &str, path: &str) -> (u16, Value) {
    let request = Request::builder().method(method).uri(path).header("authorization", key);
    json_of(send(fixture, request.body(Body::empty()).unwrap()).await)
}

/// Sends a sample event with a valid key.
async fn invoke(fixture: &Fixture, event: &str) -> (u16, HeaderMap, String) {
    let mut event: Value = serde_json::from_str(event).unwrap();
    event["headers"]["authorization"] = json!(fixture.viewer);
    let request = from_str(&event.to_string()).unwrap();
    send(fixture, request.map(|_| Body::empty())).await
}

fn json_of((status, headers, text): (u16, HeaderMap, String)) -> (u16, Value) {
    let content_type = if status == 200 { "application/json" } else { "application/problem+json" };
    assert_eq!(headers["content-type"], content_type);
    (status, serde_json::from_str(&text).unwrap())
}

#[tokio::test]
async fn sample_month_has_totals_days_and_top_values() {
    let (status, stats) = json_of(invoke(&fixture().await, MONTH).await);
    assert_eq!(status, 200);
    assert_eq!((&stats["domain"], &stats["slug"]), (&json!("go.example.com"), &json!("docs")));
    assert_eq!((&stats["from"], &stats["to"]), (&json!("2026-01-01T00:00:00Z"), &json!("2026-02-01T00:00:00Z")));
    assert_eq!((&stats["tz"], &stats["exact"]), (&json!("UTC"), &json!(true)));
    assert_eq!(stats["totals"], json!({"clicks": 3, "bots": 1, "visitors": 2}));
    let all_time = json!({
        "clicks": 3, "bots": 1,
        "first_click_at": "2026-01-02T03:04:05.000Z", "last_click_at": "2026-01-03T03:04:05.000Z",
    });
    assert_eq!(stats["all_time"], all_time);
    assert_eq!(stats["series"]["interval"], "day");
    assert_eq!(stats["series"]["items"].as_array().unwrap().len(), 31);
    assert_eq!(stats["series"]["items"][1], json!({"start": "2026-01-02", "clicks": 2, "bots": 0, "visitors": 2}));
    let firefox = json!({"value": "Firefox", "clicks": 3, "error": 0});
    let none = json!({"items": [], "other": 0, "unknown": 3, "error": 0});
    let top = json!({"browser": {"items": [firefox], "other": 0, "unknown": 0, "error": 0}, "country": none});
    assert_eq!(stats["top"], top);
    assert_eq!(stats["null_because"], json!({}));
    assert!(stats.get("tags").is_none() && stats.get("change").is_none());
}

#[tokio::test]
async fn sample_day_has_hours() {
    let (status, stats) = json_of(invoke(&fixture().await, HOURS).await);
    assert_eq!((status, &stats["series"]["interval"]), (200, &json!("hour")));
    assert_eq!(stats["series"]["items"].as_array().unwrap().len(), 24);
    let hour = json!({"start": "2026-01-02T03:00:00Z", "clicks": 2, "bots": 0, "visitors": null});
    assert_eq!(stats["series"]["items"][3], hour);
}

#[tokio::test]
async fn sample_of_misses_has_top_paths() {
    let fixture = fixture().await;
    let (status, stats) = json_of(invoke(&fixture, MISSES).await);
    assert_eq!((status, &stats["domain"], &stats["totals"]["clicks"]), (200, &json!("acme.example"), &json!(1)));
    assert_eq!(stats["top"]["path"]["items"], json!([{"value": "/none", "clicks": 1, "error": 0}]));
    assert!(stats.get("slug").is_none() && stats.get("link_id").is_none());
    let path = "/v1/domains/acme.example/misses";
    assert_eq!(call(&fixture, &fixture.stranger, "GET", path).await.0, 404);
    assert_eq!(call(&fixture, &fixture.viewer, "GET", "/v1/domains/go.example.com/misses").await.0, 403);
    assert_eq!(call(&fixture, &fixture.viewer, "POST", path).await.0, 405);
    let (status, problem) = call(&fixture, &fixture.viewer, "GET", &format!("{path}?tag=a")).await;
    assert_eq!((status, &problem["errors"][0]["pointer"]), (422, &json!("tag")));
    let (status, headers, text) = get(&fixture, &format!("{path}?group_by=path"), &[("accept", "text/csv")]).await;
    assert!(status == 200 && headers[CONTENT_TYPE].as_bytes().starts_with(b"text/csv"));
    assert!(text.contains("path,value,\"/none\",1,0"), "{text}");
}

#[tokio::test]
async fn sample_of_a_workspace_has_top_links() {
    let (status, stats) = json_of(invoke(&fixture().await, WORKSPACE).await);
    assert_eq!((status, &stats["totals"]), (200, &json!({"clicks": 3, "bots": 1, "visitors": 2})));
    let id = link("acme", "docs", "https://example.com/").id();
    let link = json!({"value": "go.example.com/docs", "link_id": id, "clicks": 3, "error": 0});
    assert_eq!(stats["top"]["link"]["items"], json!([link]));
    let before = json!({"clicks": 0, "bots": 0, "visitors": 0});
    let change =
        json!({"from": "2025-12-01T00:00:00Z", "before": before, "clicks": null, "bots": null, "visitors": null});
    assert_eq!(stats["change"], change);
    assert!(stats.get("slug").is_none() && stats.get("all_time").is_none());
}

#[tokio::test]
async fn sample_of_a_tag_is_a_weekly_table() {
    let (status, headers, table) = invoke(&fixture().await, TAG_AS_CSV).await;
    assert_eq!(
        (status, &headers[CONTENT_TYPE]),
        (200, &HeaderValue::from_static("text/csv; charset=utf-8; header=present"))
    );
    // Visitors are not known for weeks of Berlin.
    let expected = "start,clicks,bots,visitors\r\n2026-01-01,3,1,\r\n2026-01-05,0,0,\r\n2026-01-12,0,0,\r\n\
                    2026-01-19,0,0,\r\n2026-01-26,0,0,\r\n";
    assert_eq!(table, expected);
}

#[tokio::test]
async fn unchanged_answer_is_304() {
    let fixture = fixture().await;
    let path = "/v1/stats?tag=guides&tag=other&from=2026-01-01";
    let (status, headers, _) = get(&fixture, path, &[]).await;
    let etag = headers[ETAG].to_str().unwrap();
    assert_eq!((status, headers[CACHE_CONTROL].to_str().unwrap()), (200, "private, max-age=5"));
    assert_eq!(headers[VARY], "accept, authorization");
    let (status, again, body) = get(&fixture, path, &[("if-none-match", etag)]).await;
    assert_eq!((status, again[ETAG].to_str().unwrap(), body.as_str()), (304, etag, ""));
    let (status, table, _) = get(&fixture, path, &[("if-none-match", etag), ("accept", "text/csv")]).await;
    assert_eq!((status, table[ETAG].to_str().unwrap() == etag), (200, false), "the table has a tag of its own");
}

#[tokio::test]
async fn bad_requests_get_their_status_and_pointer() {
    let fixture = fixture().await;
    let (viewer, stranger) = (fixture.viewer.as_str(), fixture.stranger.as_str());
    for (key, method, path, status, pointer) in [
        (viewer, "GET", "/v1/links/docs/stats?from=x", 422, Some("from")),
        (viewer, "GET", "/v1/links/docs/stats?from=2024-01-01&to=2025-12-31", 422, Some("from")),
        (viewer, "GET", "/v1/links/docs/stats?interval=year", 422, Some("interval")),
        (viewer, "GET", "/v1/links/docs/stats?limit=x", 422, Some("limit")),
        (viewer, "GET", "/v1/links/docs/stats?domain=evil.example", 422, Some("domain")),
        (viewer, "GET", "/v1/links/docs/stats?tz=UTC&tz=UTC", 422, Some("tz")),
        (viewer, "GET", "/v1/links/docs/stats?filter=country:DE&filter=os:iOS", 422, Some("filter")),
        (viewer, "GET", "/v1/stats?interval=minute&from=2026-01-31", 422, Some("interval")),
        (viewer, "GET", "/v1/stats?tag=", 422, Some("tag")),
        (viewer, "GET", "/v1/stats?tags=guides", 422, Some("tags")),
        (viewer, "GET", "/v1/links/docs/stats?tag=guides", 422, Some("tag")),
        (viewer, "GET", "/v1/links/docs/stats?from=1969-12-31&to=9999-12-31&interval=hour", 422, Some("to")),
        (viewer, "GET", "/v1/stats?group_by=planet", 422, Some("group_by")),
        (viewer, "GET", "/v1/links/none/stats", 404, None),
        (viewer, "GET", "/v1/links/docs/stats?domain=s.example.org", 404, None),
        (viewer, "GET", "/v1/links/docs/stats/else", 404, None),
        (viewer, "POST", "/v1/links/docs/stats", 405, None),
        (viewer, "POST", "/v1/stats", 405, None),
        (stranger, "GET", "/v1/links/docs/stats", 404, None),
        ("Bearer nonsense", "GET", "/v1/links/docs/stats", 401, None),
        ("Bearer nonsense", "GET", "/v1/stats", 401, None),
    ] {
        let (got, problem) = call(&fixture, key, method, path).await;
        assert_eq!((got, problem["errors"][0]["pointer"].as_str()), (status, pointer), "{method} {path} {problem}");
    }
}

#[tokio::test]
async fn stranger_sees_no_clicks() {
    let fixture = fixture().await;
    for path in ["/v1/stats", "/v1/stats?tag=guides"] {
        let (status, stats) = call(&fixture, &fixture.stranger, "GET", path).await;
        assert_eq!((status, &stats["totals"]), (200, &json!({"clicks": 0, "bots": 0, "visitors": 0})), "{path}");
    }
}

#[tokio::test]
async fn unavailable_store_is_503() {
    let fixture = fixture().await;
    fixture.aggregates.fail(true);
    for path in ["/v1/links/docs/stats", "/v1/stats", "/v1/stats?tag=guides"] {
        let (status, _) = call(&fixture, &fixture.viewer, "GET", path).await;
        assert_eq!(status, 503, "{path}");
    }
}

#[tokio::test]
async fn any_query_is_answered_or_refused() {
    let fixture = fixture().await;
    let operations = [("GET", "/v1/links/{slug}/stats", "/v1/links/docs/stats"), ("GET", "/v1/stats", "/v1/stats")];
    send_any_queries(&fixture.router, &fixture.viewer, parameters_of, &operations).await;
}
