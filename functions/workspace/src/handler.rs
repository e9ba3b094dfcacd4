//! Turns requests into use cases, and their results into answers.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use axum::{Extension, Router};
use http::HeaderMap;
use waypost_api::parameters::parameters_of;
use waypost_api::workspace::WorkspaceView;
use waypost_domain::ports::Clock;
use waypost_domain::workspaces::change::{ChangeSettingsPorts, change_settings};
use waypost_domain::workspaces::ports::{SettingsReader, SettingsWriter};
use waypost_domain::workspaces::read::read_settings;
use waypost_domain::workspaces::settings::WorkspaceSettings;
use waypost_domain::{Caller, Domains};
use waypost_http::conditional_requests::{conditional_response, precondition};
use waypost_http::patch::Patch;
use waypost_http::problem::Problem;
use waypost_http::query_parameters::only_known_parameters;

/// Lets a client keep the settings, but revalidate them each time.
const REVALIDATE: &str = "private, no-cache";

/// The ports and settings of the routes.
#[derive(Clone)]
pub(crate) struct App {
    pub(crate) reader: Arc<dyn SettingsReader>,
    pub(crate) writer: Arc<dyn SettingsWriter>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) domains: Domains,
}

/// Makes the routes of this function.
pub(crate) fn routes(app: App) -> Router {
    let routes = Router::new().route("/v1/workspace", get(read).patch(change)).with_state(Arc::new(app));
    only_known_parameters(routes, parameters_of)
}

async fn read(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let settings = read_settings(app.reader.as_ref(), &caller).await?;
    Ok(show(&caller, settings, &headers))
}

async fn change(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
    Patch(patch): Patch,
) -> Result<Response, Problem> {
    let ports = ChangeSettingsPorts {
        reader: app.reader.as_ref(),
        writer: app.writer.as_ref(),
        clock: app.clock.as_ref(),
        domains: &app.domains,
    };
    let settings = change_settings(&ports, &caller, &precondition(&headers), &patch).await?;
    tracing::info!(event = "workspace.changed", workspace = %caller.workspace, revision = settings.revision);
    Ok(show(&caller, settings, &HeaderMap::new()))
}

fn show(caller: &Caller, settings: WorkspaceSettings, headers: &HeaderMap) -> Response {
    let etag = settings.etag();
    conditional_response(headers, &etag, REVALIDATE, axum::Json(WorkspaceView::of(&caller.workspace, settings)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::{Body, to_bytes};
    use http::{Request, StatusCode};
    use serde_json::{Value, json};
    use tower::ServiceExt;
    use waypost_domain::Role;
    use waypost_domain::testing::keys::MemoryKeys;
    use waypost_domain::testing::system::FixedClock;
    use waypost_domain::testing::workspaces::MemoryWorkspaces;
    use waypost_http::authentication::Authentication;
    use waypost_http::router::api;
    use waypost_http::testing::send_any_queries;

    const PATH: &str = "/v1/workspace";

    struct Fixture {
        router: Router,
        workspaces: Arc<MemoryWorkspaces>,
        admin: String,
        editor: String,
        viewer: String,
        stranger: String,
    }

    fn fixture() -> Fixture {
        let workspaces = Arc::new(MemoryWorkspaces::default());
        let clock: Arc<dyn Clock> = Arc::new(FixedClock::at("2026-01-02T03:04:05Z"));
        let keys = MemoryKeys::default();
        let admin = keys.authorize(1, "acme", Role::Admin);
        let editor = keys.authorize(2, "acme", Role::Editor);
        let viewer = keys.authorize(3, "acme", Role::Viewer);
        let stranger = keys.authorize(4, "other", Role::Admin);
        let app = App {
            reader: workspaces.clone(),
            writer: workspaces.clone(),
            clock: clock.clone(),
            domains: Domains::parse("go.example.com").unwrap(),
        };
        let router = api(routes(app), Authentication::new(Arc::new(keys), clock));
        Fixture { router, workspaces, admin, editor, viewer, stranger }
    }

    async fn send(fixture: &Fixture, request: Request<Body>) -> (Response, Value) {
        let (parts, body) = fixture.router.clone().oneshot(request).await.unwrap().into_parts();
        let bytes = to_bytes(body, usize::MAX).await.unwrap();
        (Response::from_parts(parts, Body::empty()), serde_json::from_slice(&bytes).unwrap_or(Value::Null))
    }

    async fn call(
        fixture: &Fixture,
        key: &str,
        method: &str,
        body: &str,
        header: (&'static str, &str),
    ) -> (Response, Value) {
        let request = Request::builder().method(method).uri(PATH).header("authorization", key);
        send(fixture, request.header(header.0, header.1).body(Body::from(body.to_owned())).unwrap()).await
    }

    const NONE: (&str, &str) = ("x-none", "");

    #[tokio::test]
    async fn settings_are_read_changed_and_revalidated() {
        let fixture = fixture();
        let (response, settings) = call(&fixture, &fixture.viewer, "GET", "", NONE).await;
        assert_eq!((response.status(), response.headers()["etag"].to_str().unwrap()), (StatusCode::OK, "\"0\""));
        let empty = json!({
            "workspace": "acme", "defaults": {}, "domains": {}, "utm_templates": [], "titles": false, "on_broken": "nothing",
            "updated_at": null, "changed_by": null,
        });
        assert_eq!(settings, empty);
        let patch = json!({"defaults": {"tags": ["a"]}}).to_string();
        let (response, changed) = call(&fixture, &fixture.admin, "PATCH", &patch, ("if-match", "\"0\"")).await;
        assert_eq!((response.status(), &changed["defaults"]), (StatusCode::OK, &json!({"tags": ["a"]})));
        assert_eq!(
            (&changed["changed_by"], &changed["updated_at"]),
            (&json!("key_1"), &json!("2026-01-02T03:04:05.000Z"))
        );
        let etag = response.headers()["etag"].to_str().unwrap().to_owned();
        let (again, _) = call(&fixture, &fixture.viewer, "GET", "", ("if-none-match", &etag)).await;
        assert_eq!(again.status(), StatusCode::NOT_MODIFIED);
        let (_, read) = call(&fixture, &fixture.viewer, "GET", "", ("if-none-match", "\"0\"")).await;
        assert_eq!(read, changed);
        let (same, _) = call(&fixture, &fixture.admin, "PATCH", &read.to_string(), ("if-match", &etag)).await;
        assert_eq!((same.status(), same.headers()["etag"].to_str().unwrap()), (StatusCode::OK, etag.as_str()));
        let (_, theirs) = call(&fixture, &fixture.stranger, "GET", "", NONE).await;
        assert_eq!((&theirs["workspace"], &theirs["defaults"]), (&json!("other"), &json!({})));
    }

    #[tokio::test]
    async fn bad_requests_get_their_status_and_pointer() {
        let fixture = fixture();
        let (admin, editor) = (fixture.admin.as_str(), fixture.editor.as_str());
        for (key, method, body, header, status, pointer) in [
            (admin, "PATCH", "{", NONE, 400, None),
            (admin, "PATCH", "[]", NONE, 422, Some("")),
            (admin, "PATCH", r#"{"defaults": {"slug_length": 3}}"#, NONE, 422, Some("/defaults/slug_length")),
            (admin, "PATCH", r#"{"domains": {"x.example": {}}}"#, NONE, 422, Some("/domains/x.example")),
            (admin, "PATCH", r#"{"clicks": 1}"#, NONE, 422, Some("/clicks")),
            (admin, "PATCH", "{}", ("if-match", "\"7\""), 412, None),
            (admin, "PATCH", "{}", ("content-type", "application/json-patch+json"), 415, None),
            (editor, "PATCH", "{}", NONE, 403, None),
            (admin, "PUT", "{}", NONE, 405, None),
            ("Bearer nonsense", "GET", "", NONE, 401, None),
        ] {
            let (response, problem) = call(&fixture, key, method, body, header).await;
            assert_eq!(response.status(), status, "{method} {body}: {problem}");
            assert_eq!(problem["errors"][0]["pointer"].as_str(), pointer, "{body}: {problem}");
        }
        assert_eq!(fixture.workspaces.writes(), 0);
        fixture.workspaces.fail(true);
        assert_eq!(call(&fixture, &fixture.viewer, "GET", "", NONE).await.0.status(), 503);
    }

    #[tokio::test]
    async fn sample_events_work() {
        let fixture = fixture();
        for event in
            [include_str!("../../../events/workspace/read.json"), include_str!("../../../events/workspace/change.json")]
        {
            let (mut parts, body) = lambda_http::request::from_str(event).unwrap().into_parts();
            parts.headers.insert("authorization", fixture.admin.parse().unwrap());
            let (response, json) = send(&fixture, Request::from_parts(parts, Body::from(body.to_vec()))).await;
            assert_eq!(response.status(), 200, "{json}");
        }
    }

    #[tokio::test]
    async fn any_query_is_answered_or_refused() {
        let fixture = fixture();
        let operations = [("GET", PATH, PATH), ("PATCH", PATH, PATH)];
        send_any_queries(&fixture.router, &fixture.admin, parameters_of, &operations).await;
    }
}
