use super::*;
use axum::body::{Body, to_bytes};
use axum::response::Response;
use http::Request;
use serde_json::{Value, json};
use tower::ServiceExt;
use waypost_domain::Role;
use waypost_domain::analytics::ingest::aggregate_clicks::{AggregateClicksPorts, aggregate_clicks};
use waypost_domain::analytics::ingest::user_agent::UserAgents;
use waypost_domain::target_safety::threat::Threat;
use waypost_domain::testing::analytics::{MemoryAggregates, MemoryQuarantine, click, received};
use waypost_domain::testing::domains::MemoryDomains;
use waypost_domain::testing::idempotency::MemoryIdempotency;
use waypost_domain::testing::keys::MemoryKeys;
use waypost_domain::testing::links::MemoryLinks;
use waypost_domain::testing::pages::MemoryTitleQueue;
use waypost_domain::testing::system::{FixedClock, SeededRandom};
use waypost_domain::testing::target_safety::MemoryChecker;
use waypost_domain::testing::workspaces::MemoryWorkspaces;
use waypost_http::authentication::Authentication;
use waypost_http::extract::MAX_BODY_BYTES;
use waypost_http::router::api;
use waypost_http::testing::send_any_queries;

struct Fixture {
    router: Router,
    links: Arc<MemoryLinks>,
    workspaces: Arc<MemoryWorkspaces>,
    settings: Arc<MemoryDomains>,
    titles: Arc<MemoryTitleQueue>,
    aggregates: Arc<MemoryAggregates>,
    checker: Arc<MemoryChecker>,
    editor: String,
    other: String,
    viewer: String,
    stranger: String,
}

fn fixture() -> Fixture {
    let links = Arc::new(MemoryLinks::default());
    let (workspaces, titles) = (Arc::new(MemoryWorkspaces::default()), Arc::new(MemoryTitleQueue::default()));
    let aggregates = Arc::new(MemoryAggregates::default());
    let settings = Arc::new(MemoryDomains::default());
    let domains = Domains::parse("go.example.com,s.example.org").unwrap();
    let clock: Arc<dyn Clock> = Arc::new(FixedClock::at("2026-01-02T03:04:05Z"));
    let keys = MemoryKeys::default();
    let editor = keys.authorize(1, "acme", Role::Editor);
    let viewer = keys.authorize(2, "acme", Role::Viewer);
    let stranger = keys.authorize(3, "other", Role::Admin);
    let other = keys.authorize(4, "acme", Role::Editor);
    let checker = Arc::<MemoryChecker>::default();
    let app = App {
        reader: links.clone(),
        writer: links.clone(),
        targets: links.clone(),
        workspaces: workspaces.clone(),
        titles: titles.clone(),
        aggregates: aggregates.clone(),
        clock: clock.clone(),
        random: Arc::new(SeededRandom::new(9)),
        short_urls: ShortUrls::new(&domains, None),
        domains,
        domain_settings: settings.clone(),
        guard: Some(checker.guard(Arc::new(FixedClock::at("2026-01-02T03:04:05Z")))),
    };
    let idempotency = Idempotency {
        store: Arc::new(MemoryIdempotency::default()),
        clock: clock.clone(),
        random: Arc::new(SeededRandom::new(10)),
    };
    let router = api(routes(app, idempotency), Authentication::new(Arc::new(keys), clock));
    Fixture { router, links, workspaces, settings, titles, aggregates, checker, editor, other, viewer, stranger }
}

async fn call(fixture: &Fixture, key: &str, method: &str, path: &str, body: &str) -> (Response, Value) {
    call_with(fixture, key, method, path, body, &[]).await
}

async fn call_with(
    fixture: &Fixture,
    key: &str,
    method: &str,
    path: &str,
    body: &str,
    headers: &[(&str, &str)],
) -> (Response, Value) {
    let mut request = Request::builder().method(method).uri(path).header("authorization", key);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let response = fixture.router.clone().oneshot(request.body(Body::from(body.to_owned())).unwrap()).await.unwrap();
    let (parts, body) = response.into_parts();
    let bytes = to_bytes(body, usize::MAX).await.unwrap();
    let json = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
    (Response::from_parts(parts, Body::empty()), json)
}

#[tokio::test]
async fn link_is_shown_while_statistics_fail() {
    let fixture = fixture();
    let body = json!({"url": "https://example.com/", "slug": "docs"}).to_string();
    let (created, link) = call(&fixture, &fixture.editor, "POST", "/v1/links", &body).await;
    assert_eq!(link.get("clicks"), None);
    let etag = created.headers()["etag"].to_str().unwrap();
    let mut clicked = click("docs", "2026-01-02T03:04:05Z");
    clicked.link_id = serde_json::from_value(link["id"].clone()).unwrap();
    clicked.user_agent = Some("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0".to_owned());
    let (agents, quarantine) = (UserAgents::new().unwrap(), MemoryQuarantine::default());
    let ports = AggregateClicksPorts {
        agents: &agents,
        store: fixture.aggregates.as_ref(),
        quarantine: &quarantine,
        archive: None,
    };
    aggregate_clicks(&ports, &[received(0, 1, &clicked)]).await;
    let read = async |path: &str, tag: &str| {
        call_with(&fixture, &fixture.viewer, "GET", path, "", &[("if-none-match", tag)]).await
    };
    let with_clicks = "/v1/links/docs?include=clicks";
    let (response, link) = read(with_clicks, etag).await;
    assert_eq!((response.status(), &link["clicks"]), (StatusCode::OK, &json!(1)));
    assert_eq!(link["last_click_at"], "2026-01-02T03:04:05.000Z");
    let clicked = response.headers()["etag"].to_str().unwrap().to_owned();
    assert_eq!(read(with_clicks, &clicked).await.0.status(), StatusCode::NOT_MODIFIED);
    fixture.aggregates.fail(true);
    let (response, link) = read(with_clicks, &clicked).await;
    assert_eq!(
        (response.status(), &link["clicks"], &link["last_click_at"]),
        (StatusCode::OK, &Value::Null, &Value::Null)
    );
    assert_eq!(response.headers().get("etag"), None, "nothing identifies an answer that lacks something");
    let (response, _) = read("/v1/links/docs", etag).await;
    assert_eq!(response.status(), StatusCode::NOT_MODIFIED, "neither clicks nor statistics that fail change the link");
    let patch = [("if-match", clicked.as_str()), ("content-type", "application/merge-patch+json")];
    let (response, _) =
        call_with(&fixture, &fixture.editor, "PATCH", "/v1/links/docs", r#"{"title": "Docs"}"#, &patch).await;
    assert_eq!(response.status(), StatusCode::OK, "clicks do not change the link");
}

#[tokio::test]
async fn link_is_created_read_and_deleted() {
    let fixture = fixture();
    let key = &fixture.editor;
    let body = json!({"url": "https://example.com/", "slug": "docs", "domain": "s.example.org", "tags": ["a"]});
    let (response, link) = call(&fixture, key, "POST", "/v1/links", &body.to_string()).await;
    assert_eq!(response.status(), 201);
    assert_eq!(response.headers()["location"], "/v1/links/docs?domain=s.example.org");
    assert_eq!(link["short_url"], "https://s.example.org/docs");
    let (response, read) = call(&fixture, key, "GET", "/v1/links/docs?domain=s.example.org", "").await;
    assert_eq!((response.status(), &read), (StatusCode::OK, &link));
    let (response, _) = call(&fixture, key, "DELETE", "/v1/links/docs?domain=s.example.org", "").await;
    assert_eq!(response.status(), 204);
    assert!(fixture.links.all().is_empty());
}

#[tokio::test]
async fn bad_requests_get_their_status_and_pointer() {
    let fixture = fixture();
    let key = fixture.editor.as_str();
    let too_large = format!("{{\"url\": \"{}\"}}", "x".repeat(MAX_BODY_BYTES));
    for (key, method, path, body, status, pointer) in [
        (key, "POST", "/v1/links", "{\"url\": ", 400, None),
        (key, "POST", "/v1/links", "", 400, None),
        (key, "POST", "/v1/links", "{\"url\": \"https://a.example/\"} x", 400, None),
        (key, "POST", "/v1/links", "{\"url\": 1}", 422, Some("/url")),
        (key, "POST", "/v1/links", "{\"url\": \"x\"}", 422, Some("/url")),
        (key, "POST", "/v1/links", "{\"url\": \"https://a.example/\", \"tags\": [1]}", 422, Some("/tags/0")),
        (key, "POST", "/v1/links", "{\"url\": \"https://a.example/\", \"colour\": 1}", 422, Some("/colour")),
        (key, "POST", "/v1/links", &too_large, 413, None),
        (key, "GET", "/v1/links/%ff", "", 404, None),
        (key, "GET", "/v1/links/none?include=clicks&include=clicks", "", 422, Some("include")),
        (key, "GET", "/v1/links/none/qr", "", 404, None),
        (key, "GET", "/v1/links/none/qr?size=1", "", 422, Some("size")),
        (key, "GET", "/v1/links/none/qr?size=big", "", 422, Some("size")),
        (key, "PUT", "/v1/links/none/qr", "", 405, None),
        (key, "GET", "/v1/link-batches", "", 405, None),
        (key, "POST", "/v1/link-batches", "[]", 422, Some("")),
        (key, "POST", "/v1/link-batches", "{\"items\": []}", 422, Some("/items")),
        (&fixture.viewer, "POST", "/v1/link-batches", "{\"items\": [1]}", 403, None),
        (key, "GET", "/v1/links/none", "", 404, None),
        (key, "GET", "/v1/links/none?domain=evil.example", "", 422, Some("domain")),
        (key, "GET", "/v1/nothing", "", 404, None),
        (key, "PUT", "/v1/links", "", 405, None),
        (key, "PUT", "/v1/links/none", "", 405, None),
        (key, "PATCH", "/v1/links/none", "{}", 404, None),
        (key, "PATCH", "/v1/links/none", "{", 400, None),
        (key, "PATCH", "/v1/links/none", "[]", 422, Some("")),
        (key, "POST", "/v1/links", "{}", 422, Some("/url")),
        ("Bearer nonsense", "GET", "/v1/links", "", 401, None),
        (&fixture.viewer, "POST", "/v1/links", "{\"url\": \"https://a.example/\"}", 403, None),
    ] {
        let (response, problem) = call(&fixture, key, method, path, body).await;
        assert_eq!(response.status(), status, "{method} {path} {problem}");
        assert_eq!(response.headers()["content-type"], "application/problem+json");
        assert_eq!(problem["status"], status);
        assert_eq!(problem["errors"][0]["pointer"].as_str(), pointer, "{problem}");
    }
}

/// Makes a body with every field that can be set, as the API returns it.
fn full() -> Value {
    json!({
        "url": "https://example.com/", "slug": "docs", "domain": "go.example.com", "title": "Docs", "tags": ["a", "b"],
        "starts_at": "2026-01-01T00:00:00.000Z", "expires_at": "2027-01-01T00:00:00.000Z",
        "expired_url": "https://example.com/late", "max_clicks": 10, "redirect_status": 308, "forward_query": true,
        "query_conflict": "visitor_wins", "forward_path": true, "landing": true, "preview": {"title": "T", "image": "https://example.com/a.png"},
        "rules": [{"if": {"country": ["CH"], "query": [{"name": "a", "value": "b"}]}, "url": "https://example.com/ch"}],
        "variants": [{"name": "a", "url": "https://example.com/a", "weight": 2}], "archived": true,
    })
}

#[tokio::test]
async fn all_fields_but_the_password_are_returned() {
    let fixture = fixture();
    let mut body = full();
    body["password"] = json!("secret");
    let (response, link) = call(&fixture, &fixture.editor, "POST", "/v1/links", &body.to_string()).await;
    assert_eq!(response.status(), 201, "{link}");
    for (name, value) in full().as_object().unwrap() {
        assert_eq!(link[name], *value, "{name}");
    }
    assert_eq!(
        (&link["has_password"], &link["used_clicks"], &link["updated_at"]),
        (&json!(true), &json!(0), &json!(null))
    );
    assert!(link.get("password").is_none() && !link.to_string().contains("argon2"), "{link}");
    assert!(fixture.links.all()[0].settings.password_hash.as_deref().unwrap().starts_with("$argon2id$"));
}

#[tokio::test]
async fn domain_of_other_workspaces_takes_no_new_links() {
    let fixture = fixture();
    let (acme, other) = (fixture.editor.as_str(), fixture.stranger.as_str());
    let body = json!({"url": "https://example.com/", "slug": "kept"}).to_string();
    assert_eq!(call(&fixture, other, "POST", "/v1/links", &body).await.0.status(), 201);
    fixture.settings.set("go.example.com", json!({"workspaces": ["acme"]}));
    fixture.settings.set("s.example.org", json!({"workspaces": []}));
    for (key, method, path, body, status, pointer) in [
        (acme, "POST", "/v1/links", json!({"url": "https://example.com/", "slug": "mine"}), 201, None),
        (
            acme,
            "POST",
            "/v1/links",
            json!({"url": "https://example.com/", "domain": "s.example.org"}),
            422,
            Some("/domain"),
        ),
        (other, "POST", "/v1/links", json!({"url": "https://example.com/"}), 422, Some("/domain")),
        (
            other,
            "POST",
            "/v1/links",
            json!({"url": "https://example.com/", "if_exists": "return"}),
            422,
            Some("/domain"),
        ),
        (
            other,
            "POST",
            "/v1/links",
            json!({"url": "https://example.com/", "domain": "GO.example.com."}),
            422,
            Some("/domain"),
        ),
        (other, "PATCH", "/v1/links/kept", json!({"title": "It stays"}), 200, None),
        (other, "PATCH", "/v1/links/kept", json!({"slug": "kept", "domain": "go.example.com"}), 200, None),
        (other, "PATCH", "/v1/links/kept", json!({"slug": "renamed"}), 422, Some("/slug")),
        (other, "PATCH", "/v1/links/kept", json!({"domain": "s.example.org"}), 422, Some("/domain")),
        (acme, "PATCH", "/v1/links/mine", json!({"slug": "renamed"}), 200, None),
    ] {
        let (response, answer) = call(&fixture, key, method, path, &body.to_string()).await;
        let found = answer["errors"][0]["pointer"].as_str();
        assert_eq!((response.status().as_u16(), found), (status, pointer), "{method} {path} {body}: {answer}");
    }
    let batch = json!({"items": [{"url": "https://example.com/"}]}).to_string();
    let (_, answer) = call(&fixture, other, "POST", "/v1/link-batches", &batch).await;
    assert_eq!(answer["items"][0]["status"], 422, "{answer}");
    fixture.settings.fail(true);
    let body = json!({"url": "https://example.com/"}).to_string();
    assert_eq!(call(&fixture, acme, "POST", "/v1/links", &body).await.0.status(), 503);
}

#[tokio::test]
async fn new_slugs_have_small_letters_where_capitals_do_not_count() {
    let fixture = fixture();
    let create = async |body: Value| call(&fixture, &fixture.editor, "POST", "/v1/links", &body.to_string()).await;
    let patch = async |path: &str, body: Value| call(&fixture, &fixture.editor, "PATCH", path, &body.to_string()).await;
    let url = "https://example.com/";
    assert_eq!(create(json!({"url": url, "slug": "Before"})).await.0.status(), 201);
    fixture.settings.set("go.example.com", json!({"slugs": {"case": "insensitive"}}));
    let (response, created) = create(json!({"url": url, "slug": "Spring-SALE"})).await;
    assert_eq!((response.status().as_u16(), &created["slug"]), (201, &json!("spring-sale")));
    assert_eq!(response.headers()["location"], "/v1/links/spring-sale");
    assert_eq!(create(json!({"url": url, "slug": "SPRING-sale"})).await.0.status(), 409);
    let (_, kept) = create(json!({"url": url, "slug": "spring-Sale", "if_exists": "return"})).await;
    assert_eq!(kept["id"], created["id"]);
    for n in 0..20 {
        let body = json!({"url": format!("{url}{n}"), "if_exists": if n % 2 == 0 { "create" } else { "return" }});
        let slug = create(body).await.1["slug"].as_str().unwrap().to_owned();
        assert_eq!(slug, slug.to_lowercase());
    }
    // Links from before keep their slugs until they move, and nothing else gets a slug that visitors could write like theirs.
    assert_eq!(create(json!({"url": url, "slug": "Before"})).await.0.status(), 409);
    assert_eq!(create(json!({"url": url, "slug": "Before", "if_exists": "return"})).await.1["slug"], "Before");
    assert_eq!(patch("/v1/links/spring-sale", json!({"slug": "Before"})).await.0.status(), 409);
    let (_, same) = patch("/v1/links/Before", json!({"slug": "Before", "title": "T"})).await;
    assert_eq!((&same["slug"], &same["title"]), (&json!("Before"), &json!("T")));
    assert_eq!(patch("/v1/links/Before", json!({"slug": "BEFORE"})).await.1["slug"], "before");
    assert_eq!(patch("/v1/links/before", json!({"slug": "Spring-Sale"})).await.0.status(), 409);
    let (_, elsewhere) = patch("/v1/links/before", json!({"slug": "Before", "domain": "s.example.org"})).await;
    assert_eq!(elsewhere["slug"], "Before", "capitals count there");
}

#[tokio::test]
async fn own_domain_is_refused_as_target() {
    let fixture = fixture();
    for (pointer, own) in [
        ("/url", "https://go.example.com/x"),
        ("/expired_url", "http://s.example.org:8080/"),
        ("/rules/0/url", "https://GO.example.com./x"),
        ("/variants/0/url", "https://s.example.org"),
    ] {
        let mut body = full();
        *body.pointer_mut(pointer).unwrap() = json!(own);
        let (response, problem) = call(&fixture, &fixture.editor, "POST", "/v1/links", &body.to_string()).await;
        assert_eq!((response.status().as_u16(), problem["errors"][0]["pointer"].as_str()), (422, Some(pointer)));
        assert_eq!(problem["errors"].as_array().unwrap().len(), 1);
    }
}

#[tokio::test]
async fn unchanged_link_is_304() {
    let fixture = fixture();
    let key = &fixture.editor;
    let (created, _) = call(&fixture, key, "POST", "/v1/links", &full().to_string()).await;
    let etag = created.headers()["etag"].to_str().unwrap();
    let (read, _) = call(&fixture, key, "GET", "/v1/links/docs", "").await;
    assert_eq!(
        (read.headers()["etag"].to_str().unwrap(), &read.headers()["cache-control"]),
        (etag, &http::HeaderValue::from_static("private, no-cache"))
    );
    for (header, status) in [(etag, 304), ("*", 304), (&format!("\"x\", W/{etag}"), 304), ("\"x\"", 200)] {
        let (response, body) =
            call_with(&fixture, key, "GET", "/v1/links/docs", "", &[("if-none-match", header)]).await;
        assert_eq!((response.status().as_u16(), body.is_null()), (status, status == 304), "{header}");
        assert_eq!(response.headers()["etag"], etag);
    }
    let (changed, link) = call(&fixture, key, "PATCH", "/v1/links/docs", r#"{"title": null}"#).await;
    assert_eq!((changed.status().as_u16(), &link["title"], &link["url"]), (200, &Value::Null, &full()["url"]));
    assert_eq!(link["updated_at"], "2026-01-02T03:04:05.000Z");
    assert_ne!(changed.headers()["etag"], etag);
    let (read, again) = call_with(&fixture, key, "GET", "/v1/links/docs", "", &[("if-none-match", etag)]).await;
    assert_eq!((read.status(), &read.headers()["etag"], again), (StatusCode::OK, &changed.headers()["etag"], link));
}

#[tokio::test]
async fn lost_update_is_412() {
    let fixture = fixture();
    let key = &fixture.editor;
    let (created, _) = call(&fixture, key, "POST", "/v1/links", &full().to_string()).await;
    let first = created.headers()["etag"].to_str().unwrap().to_owned();
    let send = async |method, tag: &str| {
        let headers = [("if-match", tag), ("content-type", "application/merge-patch+json; charset=utf-8")];
        let body = format!(r#"{{"title": "for {}"}}"#, tag.replace('"', ""));
        call_with(&fixture, key, method, "/v1/links/docs", &body, &headers).await
    };
    let (second, _) = send("PATCH", &first).await;
    assert_eq!(second.status(), 200);
    for method in ["PATCH", "DELETE"] {
        let (response, problem) = send(method, &first).await;
        assert_eq!((response.status().as_u16(), &problem["status"]), (412, &json!(412)), "{method}");
    }
    assert_eq!(send("PATCH", "*").await.0.status(), 200);
    assert_eq!(send("DELETE", second.headers()["etag"].to_str().unwrap()).await.0.status(), 412);
    assert_eq!(send("DELETE", "*").await.0.status(), 204);
}

#[tokio::test]
async fn patch_of_another_type_is_415() {
    let fixture = fixture();
    let headers = [("content-type", "application/json-patch+json")];
    let (response, problem) = call_with(&fixture, &fixture.editor, "PATCH", "/v1/links/docs", "[]", &headers).await;
    assert_eq!((response.status().as_u16(), &problem["status"]), (415, &json!(415)));
    assert_eq!(response.headers()["accept-patch"], "application/merge-patch+json, application/json");
}

#[tokio::test]
async fn creation_with_idempotency_key_is_done_once() {
    let fixture = fixture();
    let key = &fixture.editor;
    let headers = [("idempotency-key", "8e03978e-40d5-43e8-bc93-6894a57f9324")];
    let body = json!({"url": "https://example.com/"}).to_string();
    let (first, link) = call_with(&fixture, key, "POST", "/v1/links", &body, &headers).await;
    let (again, same) = call_with(&fixture, key, "POST", "/v1/links", &body, &headers).await;
    assert_eq!((first.status().as_u16(), again.status().as_u16(), &link), (201, 201, &same));
    for name in ["location", "etag", "content-type"] {
        assert_eq!(first.headers()[name], again.headers()[name], "{name}");
    }
    assert_eq!(
        (first.headers().get("idempotency-replayed"), &again.headers()["idempotency-replayed"]),
        (None, &http::HeaderValue::from_static("true"))
    );
    let other = json!({"url": "https://example.com/2"}).to_string();
    let (response, problem) = call_with(&fixture, key, "POST", "/v1/links", &other, &headers).await;
    assert_eq!((response.status().as_u16(), &problem["status"]), (422, &json!(422)));
    assert_eq!(fixture.links.all().len(), 1);
}

#[tokio::test]
async fn viewer_changes_nothing() {
    let fixture = fixture();
    call(&fixture, &fixture.editor, "POST", "/v1/links", &full().to_string()).await;
    for method in ["PATCH", "DELETE"] {
        let (response, _) = call(&fixture, &fixture.viewer, method, "/v1/links/docs", "{}").await;
        assert_eq!(response.status(), 403, "{method}");
    }
}

#[tokio::test]
async fn foreign_link_looks_absent() {
    let fixture = fixture();
    let body = json!({"url": "https://example.com/", "slug": "docs"}).to_string();
    call(&fixture, &fixture.editor, "POST", "/v1/links", &body).await;
    for (method, path) in [
        ("GET", "/v1/links/docs"),
        ("GET", "/v1/links/docs/qr"),
        ("PATCH", "/v1/links/docs"),
        ("DELETE", "/v1/links/docs"),
    ] {
        let (response, _) = call(&fixture, &fixture.stranger, method, path, "{}").await;
        assert_eq!(response.status(), 404, "{method}");
    }
    let (response, _) = call(&fixture, &fixture.stranger, "POST", "/v1/links", &body).await;
    assert_eq!(response.status(), 409);
    assert_eq!(fixture.links.all().len(), 1);
}

#[tokio::test]
async fn unavailable_store_is_503_without_its_reason() {
    let fixture = fixture();
    fixture.links.fail(true);
    let (response, problem) = call(&fixture, &fixture.viewer, "GET", "/v1/links/docs", "").await;
    assert_eq!(response.status(), 503);
    assert_eq!(response.headers()["retry-after"], "2");
    assert!(!problem.to_string().contains("injected"), "{problem}");
}

#[tokio::test]
async fn existing_link_is_returned_on_request() {
    let fixture = fixture();
    let key = &fixture.editor;
    let (_, first) = call(&fixture, key, "POST", "/v1/links", r#"{"url": "https://example.com/a"}"#).await;
    let body = r#"{"url": "https://EXAMPLE.com/a", "if_exists": "return"}"#;
    let (response, second) = call(&fixture, key, "POST", "/v1/links", body).await;
    assert_eq!((response.status().as_u16(), &second), (200, &first));
    assert!(response.headers().contains_key("location") && response.headers().contains_key("etag"));
    let path = format!("/v1/links/{}", first["slug"].as_str().unwrap());
    call(&fixture, key, "PATCH", &path, r#"{"url": "https://example.com/b"}"#).await;
    let (response, third) = call(&fixture, key, "POST", "/v1/links", body).await;
    assert_eq!(response.status(), 201);
    assert_ne!(third["slug"], first["slug"]);
    let (response, fourth) =
        call(&fixture, key, "POST", "/v1/links", r#"{"url": "https://example.com/b", "if_exists": "return"}"#).await;
    assert_eq!((response.status().as_u16(), &fourth["slug"]), (200, &first["slug"]));
}

#[tokio::test]
async fn batch_has_a_result_for_each_item() {
    let fixture = fixture();
    let items = json!([
        {"url": "https://example.com/1", "slug": "one"},
        {"url": "javascript:alert(1)", "max_clicks": 0},
        {"url": "https://example.com/3", "slug": "one"},
        {"url": 4},
        {"url": "https://example.com/1", "if_exists": "return", "slug": "one"},
        "nonsense",
        {"url": "https://example.com/7", "password": "secret"},
    ]);
    let body = json!({"items": &items.as_array().unwrap()[..1]}).to_string();
    call(&fixture, &fixture.editor, "POST", "/v1/link-batches", &body).await;
    let body = json!({"items": items}).to_string();
    let (response, batch) = call(&fixture, &fixture.editor, "POST", "/v1/link-batches", &body).await;
    assert_eq!(response.status(), 200);
    let results = batch["items"].as_array().unwrap();
    let statuses: Vec<&Value> = results.iter().map(|result| &result["status"]).collect();
    assert_eq!(statuses, [409, 422, 409, 422, 200, 422, 201]);
    assert_eq!(results[1]["problem"]["errors"][1]["pointer"], "/max_clicks");
    assert_eq!(results[3]["problem"]["errors"][0]["pointer"], "/url");
    assert_eq!((&results[4]["link"]["slug"], &results[6]["link"]["has_password"]), (&json!("one"), &json!(true)));
    assert!(results[0].get("link").is_none() && results[4].get("problem").is_none());
    assert_eq!(fixture.links.all().len(), 2);
}

#[tokio::test]
async fn batch_is_bounded() {
    let fixture = fixture();
    let item = json!({"url": "https://example.com/"});
    let secret = json!({"url": "https://example.com/", "password": "secret"});
    for (items, status) in [(vec![item.clone(); 100], 200), (vec![item; 101], 422), (vec![secret; 11], 422)] {
        let body = json!({"items": items}).to_string();
        let (response, _) = call(&fixture, &fixture.editor, "POST", "/v1/link-batches", &body).await;
        assert_eq!(response.status(), status);
    }
    assert_eq!(fixture.links.all().len(), 100);
}

#[tokio::test]
async fn failed_batch_is_not_kept_under_its_key() {
    let fixture = fixture();
    let headers = [("idempotency-key", "batch")];
    let body = json!({"items": [{"url": "https://example.com/1"}, {"url": "https://example.com/1"}]}).to_string();
    let send = async || call_with(&fixture, &fixture.editor, "POST", "/v1/link-batches", &body, &headers).await;
    fixture.links.fail(true);
    let (response, failed) = send().await;
    assert_eq!((response.status().as_u16(), &failed["items"][1]["status"]), (200, &json!(503)));
    fixture.links.fail(false);
    let (response, first) = send().await;
    assert!(!response.headers().contains_key("idempotency-replayed"));
    let (response, again) = send().await;
    assert_eq!((response.headers()["idempotency-replayed"].as_bytes(), again), (&b"true"[..], first));
    assert_eq!(fixture.links.all().len(), 2);
}

#[tokio::test]
async fn link_has_a_qr_code() {
    let fixture = fixture();
    call(&fixture, &fixture.editor, "POST", "/v1/links", r#"{"url": "https://example.com/", "slug": "docs"}"#).await;
    for (query, media_type) in [("", "image/svg+xml"), ("?format=png&ecc=H&size=512&color=%23003366", "image/png")] {
        let path = format!("/v1/links/docs/qr{query}");
        let (response, _) = call(&fixture, &fixture.viewer, "GET", &path, "").await;
        assert_eq!(
            (response.status().as_u16(), response.headers()["content-type"].as_bytes()),
            (200, media_type.as_bytes())
        );
        assert_eq!(response.headers()["cache-control"], "private, max-age=86400");
        let etag = response.headers()["etag"].to_str().unwrap();
        let (response, _) = call_with(&fixture, &fixture.viewer, "GET", &path, "", &[("if-none-match", etag)]).await;
        assert_eq!(response.status(), 304);
    }
}

/// A red square as PNG.
const LOGO: &str = "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAgAAAAIAQMAAAD+wSzIAAAAA1BMVEXMMzN0dFbYAAAAC0lEQVR42mNgQAUAABAAAaoZ+IIAAAAASUVORK5CYII=";

#[tokio::test]
async fn qr_code_is_drawn_with_a_logo() {
    let fixture = fixture();
    let link = r#"{"url": "https://example.com/", "slug": "docs", "domain": "s.example.org"}"#;
    call(&fixture, &fixture.editor, "POST", "/v1/links", link).await;
    let path = "/v1/links/docs/qr?domain=s.example.org";
    for (body, media_type) in [
        (json!({"logo": LOGO}), "image/svg+xml"),
        (json!({"logo": LOGO, "format": "png", "logo_size": 30, "ecc": null}), "image/png"),
        (json!({}), "image/svg+xml"),
    ] {
        for replayed in [None, Some("true")] {
            let headers = [("idempotency-key", media_type), ("if-none-match", "*")];
            let body = body.to_string();
            let headers = if body == "{}" { &headers[1..] } else { &headers };
            let (response, problem) = call_with(&fixture, &fixture.viewer, "POST", path, &body, headers).await;
            assert_eq!(response.status(), 200, "{problem}");
            let header = |name: &str| response.headers().get(name).map(|value| value.to_str().unwrap());
            assert_eq!((header("content-type"), header("cache-control")), (Some(media_type), Some("no-store")));
            assert_eq!(header("content-security-policy"), Some("default-src 'none'"));
            assert_eq!(header("idempotency-replayed"), replayed.filter(|_| body != "{}"));
        }
    }
    let (response, _) = call(&fixture, &fixture.stranger, "POST", path, "{}").await;
    assert_eq!(response.status(), 404);
    for (body, pointer) in [
        (json!({"size": 1}), "/size"),
        (json!({"size": 64, "margin": 16}), "/size"),
        (json!({"logo": LOGO, "ecc": "L"}), "/ecc"),
        (json!({"logo": "https://example.com/logo.png"}), "/logo"),
        (json!({"logo": LOGO, "logo_size": 99}), "/logo_size"),
        (json!({"Logo": LOGO}), "/Logo"),
    ] {
        let (response, problem) = call(&fixture, &fixture.viewer, "POST", path, &body.to_string()).await;
        assert_eq!((response.status().as_u16(), &problem["errors"][0]["pointer"]), (422, &json!(pointer)), "{problem}");
    }
    let large = json!({"logo": "x".repeat(MAX_BODY_BYTES)}).to_string();
    assert_eq!(call(&fixture, &fixture.viewer, "POST", path, &large).await.0.status(), 413);
    let (response, problem) = call(&fixture, &fixture.viewer, "GET", &format!("{path}&logo=x"), "").await;
    assert_eq!((response.status().as_u16(), &problem["errors"][0]["pointer"]), (422, &json!("logo")));
}

#[tokio::test]
async fn large_code_is_drawn_again() {
    let fixture = fixture();
    call(&fixture, &fixture.editor, "POST", "/v1/links", r#"{"url": "https://example.com/", "slug": "docs"}"#).await;
    let noise =
        |x: u32, y: u32| [1, 2, 3].map(|it| (x * 7 + y * 191 + it).wrapping_mul(2_654_435_761).to_le_bytes()[3]);
    let noise = image::RgbImage::from_fn(190, 190, |x, y| image::Rgb(noise(x, y)));
    let mut file = std::io::Cursor::new(Vec::new());
    noise.write_to(&mut file, image::ImageFormat::Png).unwrap();
    let logo = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, file.into_inner());
    let logo = format!("data:image/png;base64,{logo}");
    let body = json!({"format": "png", "size": 2048, "margin": 0, "logo_size": 30, "logo": logo}).to_string();
    for _ in 0..2 {
        let headers = [("idempotency-key", "large")];
        let (response, _) = call_with(&fixture, &fixture.viewer, "POST", "/v1/links/docs/qr", &body, &headers).await;
        assert_eq!(
            (response.status().as_u16(), &response.headers()["content-type"]),
            (200, &"image/png".parse().unwrap())
        );
        assert_eq!(response.headers().get("idempotency-replayed"), None);
    }
}

#[tokio::test]
async fn sample_events_work() {
    let fixture = fixture();
    for (event, status) in [
        (include_str!("../../../../events/links/create.json"), 201),
        (include_str!("../../../../events/links/change.json"), 200),
        (include_str!("../../../../events/links/qr.json"), 200),
        (include_str!("../../../../events/links/draw-qr.json"), 200),
        (include_str!("../../../../events/links/batch.json"), 200),
    ] {
        let (mut parts, body) = lambda_http::request::from_str(event).unwrap().into_parts();
        parts.headers.insert("authorization", fixture.editor.parse().unwrap());
        let request = Request::from_parts(parts, Body::from(body.to_vec()));
        assert_eq!(fixture.router.clone().oneshot(request).await.unwrap().status(), status, "{event}");
    }
}

#[tokio::test]
async fn what_get_gives_patch_takes() {
    let fixture = fixture();
    let full = json!({
        "url": " https://example.com/1\n", "slug": "full", "title": "T", "tags": ["a"], "starts_at": "2026-01-01T00:00:00Z",
        "expires_at": "9999-12-31T23:59:59Z", "expired_url": "https://example.com/late", "max_clicks": 5, "password": "password",
        "redirect_status": 308, "forward_query": true, "query_conflict": "visitor_wins", "forward_path": true,
        "landing": true, "preview": {"description": "D"}, "variants": [{"name": "a", "url": "https://a.example/", "weight": 1}],
        "rules": [{"if": {"country": ["ch"], "language": ["de-ch"], "device": null}, "url": "https://a.example/"}],
    });
    for body in [full, json!({"url": "https://example.com/", "slug": "plain"})] {
        let (response, created) = call(&fixture, &fixture.editor, "POST", "/v1/links", &body.to_string()).await;
        assert_eq!(response.status(), 201, "{created}");
        let path = format!("/v1/links/{}", created["slug"].as_str().unwrap());
        let (_, mut read) = call(&fixture, &fixture.editor, "GET", &path, "").await;
        for title in [read["title"].clone(), json!("Changed")] {
            read["title"] = title.clone();
            let (response, changed) = call(&fixture, &fixture.editor, "PATCH", &path, &read.to_string()).await;
            assert_eq!((response.status().as_u16(), &changed["title"]), (200, &title), "{changed}");
        }
        for name in ["short_url", "created_at", "has_password"] {
            let patch = json!({ name: "other" }).to_string();
            let (response, problem) = call(&fixture, &fixture.editor, "PATCH", &path, &patch).await;
            let pointer = format!("/{name}");
            assert_eq!(
                (response.status().as_u16(), &problem["errors"][0]["pointer"]),
                (422, &json!(pointer)),
                "{problem}"
            );
        }
    }
}

#[tokio::test]
async fn link_says_who_created_and_who_last_changed_it() {
    let fixture = fixture();
    let (editor, other) = (&fixture.editor, &fixture.other);
    let makers = |link: &Value| (link["created_by"].clone(), link["changed_by"].clone());
    let batch = json!({"items": [{"url": "https://example.com/", "slug": "batch"}]}).to_string();
    let (_, answer) = call(&fixture, other, "POST", "/v1/link-batches", &batch).await;
    assert_eq!(makers(&answer["items"][0]["link"]), (json!("key_4"), Value::Null));
    let body = r#"{"url": "https://example.com/1", "slug": "docs"}"#;
    let (_, created) = call(&fixture, editor, "POST", "/v1/links", body).await;
    assert_eq!(makers(&created), (json!("key_1"), Value::Null));
    let again = r#"{"url": "https://example.com/1", "if_exists": "return"}"#;
    let (_, returned) = call(&fixture, other, "POST", "/v1/links", again).await;
    assert_eq!(returned, created, "to return a link is not to change it");
    let patch = async |key: &str, at: &str, patch: Value| {
        let (response, link) = call(&fixture, key, "PATCH", at, &patch.to_string()).await;
        (response.status().as_u16(), link)
    };
    let same = patch(other, "/v1/links/docs", json!({"title": null})).await;
    assert_eq!(makers(&same.1), (json!("key_1"), Value::Null), "nothing has changed");
    for (key, at, change, by) in [
        (other, "/v1/links/docs", json!({"title": "Docs"}), "key_4"),
        (editor, "/v1/links/docs", json!({"slug": "moved", "keep_alias": true}), "key_1"),
        (other, "/v1/links/moved", json!({"archived": true}), "key_4"),
    ] {
        let (status, link) = patch(key, at, change).await;
        assert_eq!((status, makers(&link)), (200, (json!("key_1"), json!(by))));
        let at = format!("/v1/links/{}", link["slug"].as_str().unwrap());
        let (_, read) = call(&fixture, &fixture.viewer, "GET", &at, "").await;
        assert_eq!(read, link);
        for name in ["created_by", "changed_by"] {
            let (status, problem) = patch(editor, &at, json!({ name: "key_9" })).await;
            assert_eq!((status, &problem["errors"][0]["pointer"]), (422, &json!(format!("/{name}"))), "{problem}");
            let (status, problem) = patch(editor, &at, json!({ name: null })).await;
            assert_eq!((status, &problem["errors"][0]["pointer"]), (422, &json!(format!("/{name}"))), "{problem}");
        }
        let (status, same) = patch(editor, &at, read.clone()).await;
        assert_eq!((status, same), (200, read), "what GET gives, PATCH takes");
    }
    assert_eq!(call(&fixture, editor, "DELETE", "/v1/links/docs", "").await.0.status(), 204);
    let (_, now) = call(&fixture, editor, "GET", "/v1/links/moved", "").await;
    assert_eq!(makers(&now), (json!("key_1"), json!("key_1")), "an alias is a part of the link");
    let body = r#"{"url": "https://example.com/", "created_by": "key_9"}"#;
    let (response, problem) = call(&fixture, editor, "POST", "/v1/links", body).await;
    assert_eq!((response.status().as_u16(), &problem["errors"][0]["pointer"]), (422, &json!("/created_by")));
}

#[tokio::test]
async fn null_is_the_same_in_post_and_patch() {
    let fixture = fixture();
    let names = [
        "title",
        "tags",
        "starts_at",
        "expires_at",
        "expired_url",
        "max_clicks",
        "password",
        "redirect_status",
        "forward_query",
        "query_conflict",
        "forward_path",
        "landing",
        "preview",
        "rules",
        "variants",
        "archived",
    ];
    let nulls: serde_json::Map<String, Value> = names.iter().map(|name| ((*name).to_owned(), Value::Null)).collect();
    let mut body = nulls.clone();
    body.insert("url".to_owned(), json!("https://example.com/"));
    for (name, value) in [("slug", Value::Null), ("domain", Value::Null), ("if_exists", Value::Null)] {
        body.insert(name.to_owned(), value);
    }
    let (response, nulled) =
        call(&fixture, &fixture.editor, "POST", "/v1/links", &Value::Object(body).to_string()).await;
    assert_eq!(response.status(), 201, "{nulled}");
    let plain = json!({"url": "https://example.com/"}).to_string();
    let (_, plain) = call(&fixture, &fixture.editor, "POST", "/v1/links", &plain).await;
    let path = format!("/v1/links/{}", nulled["slug"].as_str().unwrap());
    let (response, patched) = call(&fixture, &fixture.editor, "PATCH", &path, &Value::Object(nulls).to_string()).await;
    assert_eq!(response.status(), 200, "{patched}");
    for name in names.into_iter().filter(|name| *name != "password") {
        assert_eq!((&nulled[name], &patched[name]), (&plain[name], &plain[name]), "{name}");
    }
    for method in ["POST", "PATCH"] {
        let at = if method == "POST" { "/v1/links" } else { path.as_str() };
        let (response, problem) = call(&fixture, &fixture.editor, method, at, "{\"url\": null}").await;
        assert_eq!((response.status().as_u16(), &problem["errors"][0]["pointer"]), (422, &json!("/url")), "{problem}");
    }
}

#[tokio::test]
async fn link_with_a_slash_or_letters_of_other_scripts_is_named_in_the_path() {
    let fixture = fixture();
    fixture.settings.set("go.example.com", json!({"slugs": {"slashes": true, "characters": "unicode"}}));
    for (slug, readable, short_url, location, paths) in [
        (
            "docs/start",
            "docs/start",
            "https://go.example.com/docs/start",
            "/v1/links/docs%252Fstart",
            // The gateway on AWS decodes a path once, the local one does not.
            &["/v1/links/docs%252Fstart", "/v1/links/docs%2Fstart"][..],
        ),
        (
            "de/gro\u{308}ße",
            "de/größe",
            "https://go.example.com/de/gr%C3%B6%C3%9Fe",
            "/v1/links/de%252Fgr%C3%B6%C3%9Fe",
            &[
                "/v1/links/de%252Fgr%C3%B6%C3%9Fe",
                "/v1/links/de%252Fgro%CC%88%C3%9Fe",
                "/v1/links/de%2Fgr%25C3%25B6%25C3%259Fe",
            ],
        ),
        (
            "❤\u{fe0f}",
            "❤",
            "https://go.example.com/%E2%9D%A4",
            "/v1/links/%E2%9D%A4",
            &["/v1/links/%E2%9D%A4%EF%B8%8F"],
        ),
    ] {
        let body = json!({"url": "https://example.com/", "slug": slug}).to_string();
        let (response, link) = call(&fixture, &fixture.editor, "POST", "/v1/links", &body).await;
        assert_eq!(
            (response.status().as_u16(), &link["slug"], &link["short_url"]),
            (201, &json!(readable), &json!(short_url))
        );
        assert_eq!(response.headers()["location"], location);
        for path in paths.iter().chain([&location]) {
            let (response, read) = call(&fixture, &fixture.editor, "GET", path, "").await;
            assert_eq!((response.status().as_u16(), &read["id"]), (200, &link["id"]), "{path}");
        }
        let (response, _) = call(&fixture, &fixture.editor, "GET", &format!("{location}/qr"), "").await;
        assert_eq!(response.status(), 200, "{location}");
        let (response, _) = call(&fixture, &fixture.editor, "PATCH", location, "{\"title\": \"T\"}").await;
        assert_eq!(response.status(), 200, "{location}");
        let (response, _) = call(&fixture, &fixture.editor, "DELETE", location, "").await;
        assert_eq!(response.status(), 204, "{location}");
    }
    for (slug, domain) in [
        ("docs/start", "s.example.org"),
        ("größe", "s.example.org"),
        ("v1/a", "go.example.com"),
        ("сосо", "go.example.com"),
    ] {
        let body = json!({"url": "https://example.com/", "slug": slug, "domain": domain}).to_string();
        let (response, problem) = call(&fixture, &fixture.editor, "POST", "/v1/links", &body).await;
        assert_eq!(
            (response.status().as_u16(), &problem["errors"][0]["pointer"]),
            (422, &json!("/slug")),
            "{slug}: {problem}"
        );
    }
}

#[tokio::test]
async fn link_from_before_the_rules_of_its_domain_keeps_its_slug() {
    let fixture = fixture();
    let rules = json!({"slugs": {"slashes": true, "characters": "unicode"}});
    fixture.settings.set("go.example.com", rules);
    let body = json!({"url": "https://example.com/", "slug": "docs/größe"}).to_string();
    assert_eq!(call(&fixture, &fixture.editor, "POST", "/v1/links", &body).await.0.status(), 201);
    fixture.settings.set("go.example.com", json!({}));
    let path = "/v1/links/docs%252Fgr%C3%B6%C3%9Fe";
    for (patch, status) in [
        (json!({"title": "T"}), 200),
        (json!({"slug": "docs/größe", "title": "U"}), 200),
        (json!({"slug": "docs/gro\u{308}ße", "title": "V"}), 200),
        (json!({"slug": "docs/other"}), 422),
        (json!({"domain": "s.example.org"}), 422),
        (json!({"slug": "plain", "keep_alias": true}), 200),
    ] {
        let (response, answer) = call(&fixture, &fixture.editor, "PATCH", path, &patch.to_string()).await;
        assert_eq!(response.status().as_u16(), status, "{patch}: {answer}");
    }
    let back = json!({"slug": "docs/größe"}).to_string();
    let (response, link) = call(&fixture, &fixture.editor, "PATCH", "/v1/links/plain", &back).await;
    assert_eq!((response.status().as_u16(), &link["slug"]), (200, &json!("docs/größe")), "{link}");
}

#[tokio::test]
async fn any_query_is_answered_or_refused() {
    let fixture = fixture();
    let operations = [
        ("POST", "/v1/links", "/v1/links"),
        ("GET", "/v1/links/{slug}", "/v1/links/docs"),
        ("PATCH", "/v1/links/{slug}", "/v1/links/docs"),
        ("GET", "/v1/links/{slug}/qr", "/v1/links/docs/qr"),
        ("POST", "/v1/links/{slug}/qr", "/v1/links/docs/qr"),
        ("POST", "/v1/link-batches", "/v1/link-batches"),
        ("DELETE", "/v1/links/{slug}", "/v1/links/docs"),
    ];
    send_any_queries(&fixture.router, &fixture.editor, parameters_of, &operations).await;
}

#[tokio::test]
async fn new_links_have_the_defaults_of_the_workspace() {
    let fixture = fixture();
    let settings = json!({
        "defaults": {"tags": ["team"], "redirect_status": 301, "utm_template": "mail"},
        "utm_templates": [{"name": "mail", "source": "news"}],
    });
    let acme = waypost_domain::WorkspaceId::parse("acme").unwrap();
    fixture.workspaces.set(&acme, serde_json::from_value(settings).unwrap());
    let body = json!({"url": "https://example.com/"}).to_string();
    let (response, link) = call(&fixture, &fixture.editor, "POST", "/v1/links", &body).await;
    assert_eq!((response.status(), &link["tags"]), (StatusCode::CREATED, &json!(["team"])));
    assert_eq!((&link["url"], &link["redirect_status"]), (&json!("https://example.com/?utm_source=news"), &json!(301)));
    let again = json!({"url": "https://example.com/", "if_exists": "return"}).to_string();
    let (response, same) = call(&fixture, &fixture.editor, "POST", "/v1/links", &again).await;
    assert_eq!((response.status(), &same["slug"]), (StatusCode::OK, &link["slug"]));
    let items = json!({"items": [
        {"url": "https://example.com/1"}, {"url": "https://example.com/2", "tags": null, "utm_template": null},
        {"url": "https://example.com/3", "utm_template": "none"},
    ]});
    let (_, batch) = call(&fixture, &fixture.editor, "POST", "/v1/link-batches", &items.to_string()).await;
    assert_eq!(batch["items"][0]["link"]["url"], "https://example.com/1?utm_source=news");
    assert_eq!(
        (&batch["items"][1]["link"]["url"], &batch["items"][1]["link"]["tags"]),
        (&json!("https://example.com/2"), &json!([]))
    );
    assert_eq!(batch["items"][2]["problem"]["errors"][0]["pointer"], "/utm_template");
    let patch = json!({"utm_template": "mail"}).to_string();
    let path = format!("/v1/links/{}", link["slug"].as_str().unwrap());
    let (response, problem) = call(&fixture, &fixture.editor, "PATCH", &path, &patch).await;
    assert_eq!((response.status().as_u16(), &problem["errors"][0]["pointer"]), (422, &json!("/utm_template")));
    let (_, theirs) = call(&fixture, &fixture.stranger, "POST", "/v1/links", &body).await;
    assert_eq!((&theirs["tags"], &theirs["url"]), (&json!([]), &json!("https://example.com/")));
    fixture.workspaces.fail(true);
    assert_eq!(call(&fixture, &fixture.editor, "POST", "/v1/links", &body).await.0.status(), 503);
}

#[tokio::test]
async fn titles_are_asked_for_if_the_workspace_wants_them() {
    let fixture = fixture();
    let acme = waypost_domain::WorkspaceId::parse("acme").unwrap();
    let create = async |slug: &str, title: Value| {
        let body = json!({"url": "https://example.com/", "slug": slug, "title": title}).to_string();
        call(&fixture, &fixture.editor, "POST", "/v1/links", &body).await.0.status().as_u16()
    };
    let change = async |slug: &str, patch: Value| {
        let path = format!("/v1/links/{slug}");
        call(&fixture, &fixture.editor, "PATCH", &path, &patch.to_string()).await.0.status().as_u16()
    };
    let asked = || -> Vec<String> {
        fixture.titles.take().into_iter().map(|request| request.address.slug.to_string()).collect()
    };
    assert_eq!((create("before", Value::Null).await, asked()), (201, vec![]));
    fixture.workspaces.set(&acme, serde_json::from_value(json!({"titles": true})).unwrap());
    assert_eq!((create("plain", Value::Null).await, asked()), (201, vec!["plain".to_owned()]));
    assert_eq!((create("plain", Value::Null).await, asked()), (409, vec![]));
    assert_eq!((create("titled", json!("Own")).await, asked()), (201, vec![]));
    let items = json!({"items": [{"url": "https://example.com/1", "slug": "b1"}, {"url": "x"}, {"url": "https://example.com/2", "slug": "b2"}]});
    call(&fixture, &fixture.editor, "POST", "/v1/link-batches", &items.to_string()).await;
    assert_eq!(asked(), ["b1", "b2"]);
    for (slug, patch, expected) in [
        ("plain", json!({"tags": ["a"]}), vec![]),
        ("plain", json!({"url": "https://example.com/other"}), vec!["plain"]),
        ("titled", json!({"url": "https://example.com/other"}), vec![]),
    ] {
        assert_eq!(
            (change(slug, patch.clone()).await, asked()),
            (200, expected.into_iter().map(str::to_owned).collect()),
            "{patch}"
        );
    }
    // Neither the queue nor the settings can fail a request that has done its work.
    fixture.titles.fail(true);
    assert_eq!(create("unasked", Value::Null).await, 201);
    fixture.workspaces.fail(true);
    assert_eq!(change("plain", json!({"url": "https://example.com/third"})).await, 200);
}

#[tokio::test]
async fn links_to_unsafe_targets_are_refused_one_by_one_and_in_batches() {
    let fixture = fixture();
    let evil = "https://evil.example/";
    fixture.checker.put(evil, Some(Threat::Malware));
    let expected = json!([{"pointer": "/url", "detail": "is suspected of malware by Google Web Risk"}]);
    let body = json!({"url": evil}).to_string();
    let (response, problem) = call(&fixture, &fixture.editor, "POST", "/v1/links", &body).await;
    assert_eq!((response.status().as_u16(), &problem["errors"]), (422, &expected));
    let body = json!({"items": [{"slug": "a", "url": "https://a.example/"}, {"slug": "b", "url": evil}]}).to_string();
    let (response, batch) = call(&fixture, &fixture.editor, "POST", "/v1/link-batches", &body).await;
    assert_eq!((response.status().as_u16(), &batch["items"][0]["status"]), (200, &json!(201)));
    assert_eq!(batch["items"][1]["problem"]["errors"], expected);
    let patch = json!({"url": evil}).to_string();
    let (response, problem) = call(&fixture, &fixture.editor, "PATCH", "/v1/links/a", &patch).await;
    assert_eq!((response.status().as_u16(), &problem["errors"]), (422, &expected));
}
