//! Turns requests into use cases, and their results into answers.

use std::sync::Arc;

use axum::extract::State;
use axum::response::IntoResponse;
use axum::routing::get;
use axum::{Extension, Router};
use http::{StatusCode, header};
use waypost_api::exports::ExportView;
use waypost_api::parameters::parameters_of;
use waypost_domain::Caller;
use waypost_domain::exports::find::{FindExportPorts, find_export};
use waypost_domain::exports::list::list_exports;
use waypost_domain::exports::ports::{ExportQueue, ExportStore};
use waypost_domain::exports::start::{NewExport, StartExportPorts, start_export};
use waypost_domain::files::ports::DownloadSigner;
use waypost_domain::files::retention::Retention;
use waypost_domain::ports::{Clock, Random};
use waypost_domain::values::page::PageRequest;
use waypost_http::extract::{Json, Path, Query};
use waypost_http::idempotency::{Idempotency, idempotent};
use waypost_http::problem::Problem;
use waypost_http::query_parameters::only_known_parameters;

/// The ports and settings of the routes.
#[derive(Clone)]
pub(crate) struct App {
    pub(crate) exports: Arc<dyn ExportStore>,
    pub(crate) queue: Arc<dyn ExportQueue>,
    pub(crate) files: Arc<dyn DownloadSigner>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) random: Arc<dyn Random>,
    pub(crate) retention: Retention,
}

/// Makes the routes of this function.
pub(crate) fn routes(app: App, idempotency: Idempotency) -> Router {
    let routes = Router::new().route("/v1/exports", get(list).post(start)).route("/v1/exports/{id}", get(read));
    let routes = idempotent(routes.with_state(Arc::new(app)), idempotency);
    only_known_parameters(routes, parameters_of)
}

async fn start(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Json(new): Json<NewExport>,
) -> Result<impl IntoResponse, Problem> {
    let ports = StartExportPorts {
        exports: app.exports.as_ref(),
        queue: app.queue.as_ref(),
        clock: app.clock.as_ref(),
        random: app.random.as_ref(),
    };
    let export = start_export(&ports, &caller, new).await?;
    let location = format!("/v1/exports/{}", export.id);
    Ok((StatusCode::CREATED, [(header::LOCATION, location)], axum::Json(ExportView::new(export, None))))
}

async fn read(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Result<impl IntoResponse, Problem> {
    let ports = FindExportPorts {
        exports: app.exports.as_ref(),
        files: app.files.as_ref(),
        clock: app.clock.as_ref(),
        retention: app.retention,
    };
    let (export, url) = find_export(&ports, &caller, &id).await?;
    // Caches must not keep the answer: its URL gives access to the file.
    Ok(([(header::CACHE_CONTROL, "no-store")], axum::Json(ExportView::new(export, url))))
}

async fn list(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Query(page): Query<PageRequest>,
) -> Result<impl IntoResponse, Problem> {
    let page = list_exports(app.exports.as_ref(), &caller, &page).await?;
    Ok(axum::Json(page.map(|export| ExportView::new(export, None))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::{Body, to_bytes};
    use serde_json::{Value, json};
    use tower::ServiceExt;
    use waypost_domain::Role;
    use waypost_domain::exports::export::ExportId;
    use waypost_domain::testing::exports::{MemoryExportQueue, MemoryExports};
    use waypost_domain::testing::files::MemorySigner;
    use waypost_domain::testing::idempotency::MemoryIdempotency;
    use waypost_domain::testing::keys::MemoryKeys;
    use waypost_domain::testing::samples::caller;
    use waypost_domain::testing::system::{FixedClock, SeededRandom};
    use waypost_http::authentication::Authentication;
    use waypost_http::router::api;
    use waypost_http::testing::send_any_queries;

    struct Fixture {
        router: Router,
        exports: Arc<MemoryExports>,
        queue: Arc<MemoryExportQueue>,
        clock: Arc<FixedClock>,
        keys: Vec<String>,
    }

    fn fixture() -> Fixture {
        let (exports, queue) = (Arc::<MemoryExports>::default(), Arc::<MemoryExportQueue>::default());
        let clock = Arc::new(FixedClock::at("2026-01-02T03:04:05Z"));
        let store = MemoryKeys::default();
        let keys = [("acme", Role::Viewer), ("other", Role::Admin)].into_iter().zip(0..);
        let keys = keys.map(|((workspace, role), seed)| store.authorize(seed, workspace, role)).collect();
        let app = App {
            exports: exports.clone(),
            queue: queue.clone(),
            files: Arc::new(MemorySigner),
            clock: clock.clone(),
            random: Arc::new(SeededRandom::new(9)),
            retention: Retention::days(40),
        };
        let idempotency = Idempotency {
            store: Arc::new(MemoryIdempotency::default()),
            clock: clock.clone(),
            random: Arc::new(SeededRandom::new(10)),
        };
        let router = api(routes(app, idempotency), Authentication::new(Arc::new(store), clock.clone()));
        Fixture { router, exports, queue, clock, keys }
    }

    async fn send(fixture: &Fixture, key: usize, mut request: http::Request<Body>) -> (StatusCode, Value) {
        request.headers_mut().insert("authorization", fixture.keys[key].parse().unwrap());
        let response = fixture.router.clone().oneshot(request).await.unwrap();
        let status = response.status();
        let bytes = to_bytes(response.into_body(), usize::MAX).await.unwrap();
        (status, serde_json::from_slice(&bytes).unwrap_or(Value::Null))
    }

    async fn call(fixture: &Fixture, key: usize, method: &str, path: &str, body: &str) -> (StatusCode, Value) {
        let request = http::Request::builder().method(method).uri(path).body(Body::from(body.to_owned()));
        send(fixture, key, request.unwrap()).await
    }

    #[tokio::test]
    async fn finished_export_has_a_signed_url() {
        let fixture = fixture();
        let (status, export) = call(&fixture, 0, "POST", "/v1/exports", "{\"format\": \"jsonl\"}").await;
        assert_eq!((status, &export["status"], &export["url"]), (StatusCode::CREATED, &json!("waiting"), &Value::Null));
        let request = fixture.queue.take().remove(0);
        assert_eq!(request.export.to_string(), export["id"].as_str().unwrap());
        let path = format!("/v1/exports/{}", request.export);
        assert_eq!(call(&fixture, 1, "GET", &path, "").await.0, 404);
        let workspace = caller("acme", Role::Viewer).workspace;
        let id = ExportId::parse(request.export.to_string()).unwrap();
        let stored = fixture.exports.get(&workspace, &id).await.unwrap().unwrap();
        fixture.exports.replace(&stored.succeeded(2, 100, fixture.clock.now())).await.unwrap();
        let (_, read) = call(&fixture, 0, "GET", &path, "").await;
        assert_eq!((&read["status"], &read["links"], &read["bytes"]), (&json!("succeeded"), &json!(2), &json!(100)));
        assert!(read["url"].as_str().unwrap().contains("/exports/acme/"), "{read}");
        // The bucket deletes the file after 40 days.
        fixture.clock.advance(40 * 86_400);
        let (status, gone) = call(&fixture, 0, "GET", &path, "").await;
        assert_eq!((status, &gone["type"]), (StatusCode::GONE, &json!("urn:problem-type:waypost:gone")), "{gone}");
    }

    #[tokio::test]
    async fn list_has_the_newest_first_without_urls() {
        let fixture = fixture();
        for format in ["csv", "jsonl"] {
            fixture.clock.advance(1);
            let body = format!("{{\"format\": \"{format}\"}}");
            assert_eq!(call(&fixture, 0, "POST", "/v1/exports", &body).await.0, StatusCode::CREATED);
        }
        let (status, page) = call(&fixture, 0, "GET", "/v1/exports?limit=1", "").await;
        assert_eq!((status, &page["items"][0]["format"]), (StatusCode::OK, &json!("jsonl")), "{page}");
        assert_eq!(page["items"][0]["url"], Value::Null);
        let path = format!("/v1/exports?limit=1&cursor={}", page["next_cursor"].as_str().unwrap());
        let (_, page) = call(&fixture, 0, "GET", &path, "").await;
        assert_eq!((&page["items"][0]["format"], &page["next_cursor"]), (&json!("csv"), &Value::Null), "{page}");
        assert_eq!(call(&fixture, 1, "GET", "/v1/exports", "").await.1["items"], json!([]));
    }

    #[tokio::test]
    async fn bad_requests_get_their_status() {
        let fixture = fixture();
        for (method, path, body, status) in [
            ("POST", "/v1/exports", "{", 400),
            ("POST", "/v1/exports", "{\"format\": \"xml\"}", 422),
            ("POST", "/v1/exports", "{\"other\": 1}", 422),
            ("POST", "/v1/exports", "{\"passwords\": true}", 403),
            ("DELETE", "/v1/exports", "", 405),
            ("GET", "/v1/exports?limit=0", "", 422),
            ("GET", "/v1/exports?cursor=x", "", 422),
            ("GET", "/v1/exports/exp_1", "", 404),
        ] {
            let (given, problem) = call(&fixture, 0, method, path, body).await;
            assert_eq!(given, status, "{method} {path} {body}: {problem}");
        }
        assert!(fixture.queue.take().is_empty());
    }

    #[tokio::test]
    async fn sample_events_work() {
        let fixture = fixture();
        for (event, status) in [
            (include_str!("../../../events/exports/start.json"), 201),
            (include_str!("../../../events/exports/read.json"), 404),
            (include_str!("../../../events/exports/list.json"), 200),
        ] {
            let (parts, body) = lambda_http::request::from_str(event).unwrap().into_parts();
            let request = http::Request::from_parts(parts, Body::from(body.to_vec()));
            let (given, json) = send(&fixture, 0, request).await;
            assert_eq!(given, status, "{json}");
        }
    }

    #[tokio::test]
    async fn any_query_is_answered_or_refused() {
        let fixture = fixture();
        let operations = [
            ("GET", "/v1/exports", "/v1/exports"),
            ("POST", "/v1/exports", "/v1/exports"),
            ("GET", "/v1/exports/{id}", "/v1/exports/exp_1"),
        ];
        send_any_queries(&fixture.router, &fixture.keys[0], parameters_of, &operations).await;
    }
}
