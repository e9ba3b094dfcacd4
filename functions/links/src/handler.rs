//! From requests to use cases and back.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::IntoResponse;
use axum::routing::get;
use axum::{Extension, Router};
use http::{StatusCode, header};
use serde::Deserialize;
use waypost_aws::http::{Json, Query};
use waypost_aws::problem::Problem;
use waypost_domain::create_link::{NewLink, create_link};
use waypost_domain::delete_link::delete_link;
use waypost_domain::find_link::{find_link, link_id};
use waypost_domain::list_links::list_links;
use waypost_domain::ports::{Clock, LinkIndex, LinkReader, LinkWriter, Random};
use waypost_domain::{Caller, Domains};

use crate::view::{LinkView, PageView, ShortUrls};

/// What the routes need.
#[derive(Clone)]
pub(crate) struct App {
    pub(crate) reader: Arc<dyn LinkReader>,
    pub(crate) writer: Arc<dyn LinkWriter>,
    pub(crate) index: Arc<dyn LinkIndex>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) random: Arc<dyn Random>,
    pub(crate) domains: Domains,
    pub(crate) short_urls: ShortUrls,
}

/// The routes of this function.
pub(crate) fn routes(app: App) -> Router {
    Router::new()
        .route("/v1/links", get(list).post(create))
        .route("/v1/links/{slug}", get(read).delete(delete))
        .with_state(Arc::new(app))
}

async fn create(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Json(new): Json<NewLink>,
) -> Result<impl IntoResponse, Problem> {
    let (clock, random) = (app.clock.as_ref(), app.random.as_ref());
    let link = create_link(app.writer.as_ref(), clock, random, &app.domains, &caller, new).await?;
    let location = location(&link.id, &app.domains);
    let view = LinkView::of(link, &app.short_urls);
    Ok((StatusCode::CREATED, [(header::LOCATION, location)], axum::Json(view)))
}

/// Where the API has the link.
fn location(id: &waypost_domain::LinkId, domains: &Domains) -> String {
    if id.domain == *domains.default_domain() {
        format!("/v1/links/{}", id.slug)
    } else {
        format!("/v1/links/{}?domain={}", id.slug, id.domain)
    }
}

#[derive(Debug, Deserialize)]
struct OnDomain {
    domain: Option<String>,
}

async fn read(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Path(slug): Path<String>,
    Query(on): Query<OnDomain>,
) -> Result<impl IntoResponse, Problem> {
    let id = link_id(&app.domains, &slug, on.domain.as_deref())?;
    let link = find_link(app.reader.as_ref(), &caller, &id).await?;
    Ok(axum::Json(LinkView::of(link, &app.short_urls)))
}

async fn delete(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Path(slug): Path<String>,
    Query(on): Query<OnDomain>,
) -> Result<impl IntoResponse, Problem> {
    let id = link_id(&app.domains, &slug, on.domain.as_deref())?;
    delete_link(app.writer.as_ref(), &caller, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Debug, Deserialize)]
struct PageQuery {
    limit: Option<usize>,
    cursor: Option<String>,
}

async fn list(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Query(query): Query<PageQuery>,
) -> Result<impl IntoResponse, Problem> {
    let page = list_links(app.index.as_ref(), &caller, query.limit, query.cursor.as_deref()).await?;
    let items = page.items.into_iter().map(|link| LinkView::of(link, &app.short_urls)).collect();
    Ok(axum::Json(PageView { items, next_cursor: page.next_cursor }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::{Body, to_bytes};
    use axum::response::Response;
    use http::Request;
    use serde_json::{Value, json};
    use tower::ServiceExt;
    use waypost_aws::http::{Authentication, MAX_BODY_BYTES, api};
    use waypost_domain::Role;
    use waypost_domain::memory::{FixedClock, MemoryKeys, MemoryLinks, SeededRandom};

    struct Fixture {
        router: Router,
        links: Arc<MemoryLinks>,
        editor: String,
        viewer: String,
        stranger: String,
    }

    fn fixture() -> Fixture {
        let links = Arc::new(MemoryLinks::default());
        let domains = Domains::parse("go.example.com,s.example.org").unwrap();
        let clock: Arc<dyn Clock> = Arc::new(FixedClock::at("2026-01-02T03:04:05Z"));
        let keys = MemoryKeys::default();
        let editor = keys.authorize(1, "acme", Role::Editor);
        let viewer = keys.authorize(2, "acme", Role::Viewer);
        let stranger = keys.authorize(3, "other", Role::Admin);
        let app = App {
            reader: links.clone(),
            writer: links.clone(),
            index: links.clone(),
            clock: clock.clone(),
            random: Arc::new(SeededRandom::new(9)),
            short_urls: ShortUrls::new(&domains, None),
            domains,
        };
        let router = api(routes(app), Authentication::new(Arc::new(keys), clock));
        Fixture { router, links, editor, viewer, stranger }
    }

    async fn call(fixture: &Fixture, key: &str, method: &str, path: &str, body: &str) -> (Response, Value) {
        let request = Request::builder().method(method).uri(path).header("authorization", key);
        let response =
            fixture.router.clone().oneshot(request.body(Body::from(body.to_owned())).unwrap()).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = to_bytes(body, usize::MAX).await.unwrap();
        let json = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
        (Response::from_parts(parts, Body::empty()), json)
    }

    #[tokio::test]
    async fn a_link_is_created_read_listed_and_deleted() {
        let fixture = fixture();
        let key = &fixture.editor;
        let body = json!({"url": "https://example.com/", "slug": "docs", "domain": "s.example.org", "tags": ["a"]});
        let (response, link) = call(&fixture, key, "POST", "/v1/links", &body.to_string()).await;
        assert_eq!(response.status(), 201);
        assert_eq!(response.headers()["location"], "/v1/links/docs?domain=s.example.org");
        assert_eq!(link["short_url"], "https://s.example.org/docs");
        let (response, read) = call(&fixture, key, "GET", "/v1/links/docs?domain=s.example.org", "").await;
        assert_eq!((response.status(), &read), (StatusCode::OK, &link));
        let (_, page) = call(&fixture, &fixture.viewer, "GET", "/v1/links?limit=10", "").await;
        assert_eq!(page, json!({"items": [link], "next_cursor": null}));
        let (response, _) = call(&fixture, key, "DELETE", "/v1/links/docs?domain=s.example.org", "").await;
        assert_eq!(response.status(), 204);
        assert!(fixture.links.all().is_empty());
    }

    #[tokio::test]
    async fn bad_requests_get_the_status_and_pointer_they_deserve() {
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
            (key, "GET", "/v1/links?limit=x", "", 422, Some("limit")),
            (key, "GET", "/v1/links?cursor=%25", "", 422, Some("cursor")),
            (key, "GET", "/v1/links/none", "", 404, None),
            (key, "GET", "/v1/links/none?domain=evil.example", "", 422, Some("domain")),
            (key, "GET", "/v1/nothing", "", 404, None),
            (key, "PUT", "/v1/links", "", 405, None),
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

    #[tokio::test]
    async fn somebody_elses_link_looks_like_none() {
        let fixture = fixture();
        let body = json!({"url": "https://example.com/", "slug": "docs"}).to_string();
        call(&fixture, &fixture.editor, "POST", "/v1/links", &body).await;
        for (method, path) in [("GET", "/v1/links/docs"), ("DELETE", "/v1/links/docs")] {
            let (response, _) = call(&fixture, &fixture.stranger, method, path, "").await;
            assert_eq!(response.status(), 404, "{method}");
        }
        let (_, page) = call(&fixture, &fixture.stranger, "GET", "/v1/links", "").await;
        assert_eq!(page["items"], json!([]));
        let (response, _) = call(&fixture, &fixture.stranger, "POST", "/v1/links", &body).await;
        assert_eq!(response.status(), 409);
        assert_eq!(fixture.links.all().len(), 1);
    }

    #[tokio::test]
    async fn a_store_that_is_away_is_503_and_says_nothing_of_it() {
        let fixture = fixture();
        fixture.links.fail(true);
        let (response, problem) = call(&fixture, &fixture.viewer, "GET", "/v1/links", "").await;
        assert_eq!(response.status(), 503);
        assert_eq!(response.headers()["retry-after"], "2");
        assert!(!problem.to_string().contains("injected"), "{problem}");
    }
}
