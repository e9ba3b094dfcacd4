//! Turns requests into use cases, and their results into answers.

use std::sync::Arc;

use axum::extract::State;
use axum::response::IntoResponse;
use axum::routing::{get, post};
use axum::{Extension, Router};
use http::{StatusCode, header};
use waypost_api::imports::{ImportView, ReportQuery, StartedView};
use waypost_api::parameters::parameters_of;
use waypost_domain::files::ports::{DownloadSigner, FileStore, ObjectProbe, UploadSigner};
use waypost_domain::files::retention::Retention;
use waypost_domain::imports::cancel::cancel_import;
use waypost_domain::imports::find::{FindReportPorts, find_import, find_report, with_progress, with_upload};
use waypost_domain::imports::job::import::Import;
use waypost_domain::imports::job::ports::{ImportIndex, ImportStore, PartStore};
use waypost_domain::imports::list::list_imports;
use waypost_domain::imports::start::{NewImport, StartImportPorts, start_import};
use waypost_domain::ports::{Clock, Random};
use waypost_domain::values::page::{Page, PageRequest};
use waypost_domain::{Caller, Domains, StoreError};
use waypost_http::extract::{Json, Path, Query};
use waypost_http::idempotency::{Idempotency, idempotent};
use waypost_http::problem::Problem;
use waypost_http::query_parameters::only_known_parameters;

/// The ports and settings of the routes.
#[derive(Clone)]
pub(crate) struct App {
    pub(crate) imports: Arc<dyn ImportStore>,
    pub(crate) parts: Arc<dyn PartStore>,
    pub(crate) index: Arc<dyn ImportIndex>,
    pub(crate) uploads: Arc<dyn UploadSigner>,
    pub(crate) reports: Arc<dyn DownloadSigner>,
    pub(crate) files: Arc<dyn FileStore>,
    pub(crate) objects: Arc<dyn ObjectProbe>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) random: Arc<dyn Random>,
    pub(crate) domains: Domains,
    pub(crate) retention: Retention,
    pub(crate) max_bytes: u64,
}

/// Makes the routes of this function.
pub(crate) fn routes(app: App, idempotency: Idempotency) -> Router {
    let routes = Router::new()
        .route("/v1/imports", get(list).post(start))
        .route("/v1/imports/{id}", get(read))
        .route("/v1/imports/{id}/cancel", post(cancel))
        .route("/v1/imports/{id}/report", get(report));
    let routes = idempotent(routes.with_state(Arc::new(app)), idempotency);
    only_known_parameters(routes, parameters_of)
}

async fn start(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Json(new): Json<NewImport>,
) -> Result<impl IntoResponse, Problem> {
    let with = StartImportPorts {
        imports: app.imports.as_ref(),
        uploads: app.uploads.as_ref(),
        clock: app.clock.as_ref(),
        random: app.random.as_ref(),
        domains: &app.domains,
        max_bytes: app.max_bytes,
    };
    let started = start_import(&with, &caller, new).await?;
    let location = format!("/v1/imports/{}", started.import.id);
    // Caches must not keep the answer: its URL gives the right to upload.
    let headers = [(header::LOCATION, location), (header::CACHE_CONTROL, "no-store".to_owned())];
    Ok((StatusCode::CREATED, headers, axum::Json(StartedView::new(started, app.clock.now()))))
}

async fn read(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Result<impl IntoResponse, Problem> {
    let import = find_import(app.imports.as_ref(), &caller, &id).await?;
    Ok(axum::Json(app.view(import).await?))
}

async fn cancel(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Result<impl IntoResponse, Problem> {
    let import = cancel_import(app.imports.as_ref(), app.clock.as_ref(), &caller, &id).await?;
    Ok(axum::Json(app.view(import).await?))
}

impl App {
    /// Makes the view of the import as it is now.
    async fn view(&self, import: Import) -> Result<ImportView, StoreError> {
        let import = with_upload(self.objects.as_ref(), import).await;
        let import = with_progress(self.parts.as_ref(), import).await?;
        Ok(ImportView::new(import, self.clock.now()))
    }
}

async fn report(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    Query(query): Query<ReportQuery>,
) -> Result<impl IntoResponse, Problem> {
    let ports = FindReportPorts {
        imports: app.imports.as_ref(),
        parts: app.parts.as_ref(),
        files: app.files.as_ref(),
        reports: app.reports.as_ref(),
        clock: app.clock.as_ref(),
        retention: app.retention,
    };
    let location = find_report(&ports, &caller, &id, query.format).await?;
    Ok((StatusCode::SEE_OTHER, [(header::LOCATION, location), (header::CACHE_CONTROL, "no-store".to_owned())]))
}

async fn list(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Query(page): Query<PageRequest>,
) -> Result<impl IntoResponse, Problem> {
    let page = list_imports(app.index.as_ref(), &caller, &page).await?;
    let views = page.items.into_iter().map(|import| app.view(import));
    let items = futures::future::try_join_all(views).await?;
    Ok(axum::Json(Page { items, next_cursor: page.next_cursor }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::{Body, to_bytes};
    use axum::response::Response;
    use serde_json::{Value, json};
    use tower::ServiceExt;
    use waypost_domain::Role;
    use waypost_domain::imports::job::counts::Counts;
    use waypost_domain::imports::job::import::ImportStatus;
    use waypost_domain::testing::files::{MemoryFileStore, MemorySigner, MemoryUploads};
    use waypost_domain::testing::idempotency::MemoryIdempotency;
    use waypost_domain::testing::imports::{MemoryImports, MemoryParts};
    use waypost_domain::testing::keys::MemoryKeys;
    use waypost_domain::testing::system::{FixedClock, SeededRandom};
    use waypost_http::authentication::Authentication;
    use waypost_http::router::api;
    use waypost_http::testing::send_any_queries;

    struct Fixture {
        router: Router,
        imports: Arc<MemoryImports>,
        keys: Vec<String>,
    }

    const EDITOR: usize = 0;
    const VIEWER: usize = 1;
    const STRANGER: usize = 2;

    fn fixture() -> Fixture {
        let imports = Arc::new(MemoryImports::default());
        let clock: Arc<dyn Clock> = Arc::new(FixedClock::at("2026-01-02T03:04:05Z"));
        let store = MemoryKeys::default();
        let all = [("acme", Role::Editor), ("acme", Role::Viewer), ("other", Role::Admin)];
        let keys = all.into_iter().zip(0..);
        let keys = keys.map(|((workspace, role), seed)| store.authorize(seed, workspace, role)).collect();
        let app = App {
            imports: imports.clone(),
            parts: Arc::new(MemoryParts::default()),
            index: imports.clone(),
            uploads: Arc::new(MemorySigner),
            reports: Arc::new(MemorySigner),
            files: Arc::new(MemoryFileStore::default()),
            objects: Arc::new(MemoryUploads::default()),
            clock: clock.clone(),
            random: Arc::new(SeededRandom::new(9)),
            domains: Domains::parse("go.example.com").unwrap(),
            retention: Retention::days(30),
            max_bytes: 1000,
        };
        let idempotency = Idempotency {
            store: Arc::new(MemoryIdempotency::default()),
            clock: clock.clone(),
            random: Arc::new(SeededRandom::new(10)),
        };
        Fixture { router: api(routes(app, idempotency), Authentication::new(Arc::new(store), clock)), imports, keys }
    }

    async fn send(fixture: &Fixture, request: http::Request<Body>) -> (Response, Value) {
        let response = fixture.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = to_bytes(body, usize::MAX).await.unwrap();
        let json = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
        (Response::from_parts(parts, Body::empty()), json)
    }

    async fn call(fixture: &Fixture, key: usize, method: &str, path: &str, body: &str) -> (Response, Value) {
        let request = http::Request::builder().method(method).uri(path).header("authorization", &fixture.keys[key]);
        send(fixture, request.body(Body::from(body.to_owned())).unwrap()).await
    }

    #[tokio::test]
    async fn import_is_started_read_and_listed() {
        let fixture = fixture();
        let body = json!({"content_length": 1000, "filename": "links.csv"}).to_string();
        let (response, started) = call(&fixture, EDITOR, "POST", "/v1/imports", &body).await;
        assert_eq!(response.status(), 201, "{started}");
        let path = response.headers()["location"].to_str().unwrap().to_owned();
        assert_eq!(path, format!("/v1/imports/{}", started["id"].as_str().unwrap()));
        assert_eq!(started["status"], "awaiting_upload");
        assert_eq!(started["upload"]["method"], "PUT");
        assert_eq!(started["upload"]["headers"], json!({"content-length": "1000"}));
        assert_eq!(started["upload"]["expires_at"], "2026-01-02T03:19:05.000Z");
        let (_, read) = call(&fixture, VIEWER, "GET", &path, "").await;
        assert_eq!((&read["id"], &read["bytes"]), (&started["id"], &json!({"done": 0, "total": 1000})));
        assert_eq!(read["upload"], Value::Null, "the right to upload is shown once");
        let (_, page) = call(&fixture, VIEWER, "GET", "/v1/imports?limit=1", "").await;
        assert_eq!(page, json!({"items": [read], "next_cursor": null}));
        let (_, page) = call(&fixture, STRANGER, "GET", "/v1/imports", "").await;
        assert_eq!(page["items"], json!([]));
    }

    #[tokio::test]
    async fn import_is_cancelled_once() {
        let fixture = fixture();
        let body = json!({"content_length": 10, "tags": ["moved"], "on_conflict": "overwrite", "dry_run": true});
        let (_, started) = call(&fixture, EDITOR, "POST", "/v1/imports", &body.to_string()).await;
        let options = [&started["tags"], &started["on_conflict"], &started["dry_run"], &started["domain"]];
        assert_eq!(json!(options), json!([["moved"], "overwrite", true, null]));
        let path = format!("/v1/imports/{}/cancel", started["id"].as_str().unwrap());
        assert_eq!(call(&fixture, VIEWER, "POST", &path, "").await.0.status(), 403);
        assert_eq!(call(&fixture, STRANGER, "POST", &path, "").await.0.status(), 404);
        for _ in 0..2 {
            let (response, cancelled) = call(&fixture, EDITOR, "POST", &path, "").await;
            assert_eq!((response.status().as_u16(), cancelled["status"].as_str()), (200, Some("cancelled")));
        }
    }

    #[tokio::test]
    async fn report_redirects_to_its_file() {
        let fixture = fixture();
        call(&fixture, EDITOR, "POST", "/v1/imports", "{\"content_length\": 10}").await;
        let import = fixture.imports.all().remove(0);
        let path = format!("/v1/imports/{}/report", import.id);
        assert_eq!(call(&fixture, VIEWER, "GET", &path, "").await.0.status(), 409);
        let counts = Counts { read: 1, invalid: 1, ..Counts::default() };
        let mut done = import.closed(&[], import.created_at);
        (done.status, done.counts) = (ImportStatus::SucceededWithErrors, counts);
        fixture.imports.replace(&done).await.unwrap();
        let (response, _) = call(&fixture, VIEWER, "GET", &path, "").await;
        assert_eq!(response.status(), 303);
        assert!(
            response.headers()["location"].to_str().unwrap().contains(&format!("/reports/acme/{}.jsonl", import.id))
        );
        let (response, _) = call(&fixture, VIEWER, "GET", &format!("{path}?format=csv"), "").await;
        assert!(response.headers()["location"].to_str().unwrap().contains(&format!("/reports/acme/{}.csv", import.id)));
        assert_eq!(call(&fixture, VIEWER, "GET", &format!("{path}?format=xml"), "").await.0.status(), 422);
        assert_eq!(call(&fixture, STRANGER, "GET", &path, "").await.0.status(), 404);
        let (_, read) = call(&fixture, VIEWER, "GET", &format!("/v1/imports/{}", import.id), "").await;
        assert_eq!(read["report"], path);
    }

    #[tokio::test]
    async fn bad_requests_get_their_status_and_pointer() {
        let fixture = fixture();
        for (key, method, path, body, status, pointer) in [
            (EDITOR, "POST", "/v1/imports", "{", 400, None),
            (EDITOR, "POST", "/v1/imports", "{}", 422, Some("")),
            (EDITOR, "POST", "/v1/imports", "{\"content_length\": 0}", 422, Some("/content_length")),
            (EDITOR, "POST", "/v1/imports", "{\"content_length\": 1001}", 422, Some("/content_length")),
            (EDITOR, "POST", "/v1/imports", "{\"content_length\": -1}", 422, Some("/content_length")),
            (EDITOR, "POST", "/v1/imports", "{\"content_length\": 1, \"filename\": \" \"}", 422, Some("/filename")),
            (VIEWER, "POST", "/v1/imports", "{\"content_length\": 1}", 403, None),
            (EDITOR, "DELETE", "/v1/imports", "", 405, None),
            (EDITOR, "POST", "/v1/imports/imp_1", "", 405, None),
            (EDITOR, "GET", "/v1/imports/imp_1", "", 404, None),
            (EDITOR, "GET", "/v1/imports/imp_1/report", "", 404, None),
            (EDITOR, "GET", "/v1/imports?limit=1000", "", 422, Some("limit")),
        ] {
            let (response, problem) = call(&fixture, key, method, path, body).await;
            assert_eq!(response.status(), status, "{method} {path} {body}: {problem}");
            assert_eq!(problem["errors"][0]["pointer"].as_str(), pointer, "{body}: {problem}");
        }
        assert!(fixture.imports.all().is_empty());
    }

    #[tokio::test]
    async fn sample_events_work() {
        let fixture = fixture();
        for (event, status) in [
            (include_str!("../../../events/imports/start.json"), 201),
            (include_str!("../../../events/imports/list.json"), 200),
            (include_str!("../../../events/imports/read.json"), 404),
            (include_str!("../../../events/imports/report.json"), 404),
            (include_str!("../../../events/imports/cancel.json"), 404),
        ] {
            let request = lambda_http::request::from_str(event).unwrap();
            let (mut parts, body) = request.into_parts();
            parts.headers.insert("authorization", fixture.keys[EDITOR].parse().unwrap());
            let body = Body::from(body.to_vec());
            let (response, json) = send(&fixture, http::Request::from_parts(parts, body)).await;
            assert_eq!(response.status(), status, "{json}");
        }
    }

    #[tokio::test]
    async fn any_query_is_answered_or_refused() {
        let fixture = fixture();
        let operations = [
            ("GET", "/v1/imports", "/v1/imports"),
            ("POST", "/v1/imports", "/v1/imports"),
            ("GET", "/v1/imports/{id}", "/v1/imports/imp_1"),
            ("POST", "/v1/imports/{id}/cancel", "/v1/imports/imp_1/cancel"),
            ("GET", "/v1/imports/{id}/report", "/v1/imports/imp_1/report"),
        ];
        send_any_queries(&fixture.router, &fixture.keys[EDITOR], parameters_of, &operations).await;
    }
}
