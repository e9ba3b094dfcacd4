//! Turns requests into use cases, and their results into answers.

use std::sync::Arc;

use axum::extract::State;
use axum::response::IntoResponse;
use axum::routing::{delete, get};
use axum::{Extension, Router};
use http::{StatusCode, header};
use waypost_api::keys::{KeyView, NewKeyView};
use waypost_api::parameters::parameters_of;
use waypost_domain::access::create_key::{CreateKeyPorts, NewKey, create_key};
use waypost_domain::access::idempotency::RequestFingerprint;
use waypost_domain::access::list_keys::list_keys;
use waypost_domain::access::ports::{KeyIndex, KeyWriter};
use waypost_domain::access::revoke_key::revoke_key;
use waypost_domain::ports::{Clock, Random};
use waypost_domain::values::page::PageRequest;
use waypost_domain::{Caller, Domains};
use waypost_http::extract::{Json, Path, Query};
use waypost_http::idempotency::{Idempotency, Secret, idempotent};
use waypost_http::problem::Problem;
use waypost_http::query_parameters::only_known_parameters;

/// The ports and settings of the routes.
#[derive(Clone)]
pub(crate) struct App {
    pub(crate) writer: Arc<dyn KeyWriter>,
    pub(crate) index: Arc<dyn KeyIndex>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) random: Arc<dyn Random>,
    pub(crate) domains: Domains,
}

/// Makes the routes of this function.
pub(crate) fn routes(app: App, idempotency: Idempotency) -> Router {
    let routes = Router::new().route("/v1/keys", get(list).post(create)).route("/v1/keys/{key_id}", delete(revoke));
    let routes = idempotent(routes.with_state(Arc::new(app)), idempotency);
    only_known_parameters(routes, parameters_of)
}

async fn create(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    fingerprint: Option<Extension<RequestFingerprint>>,
    Json(new): Json<NewKey>,
) -> Result<impl IntoResponse, Problem> {
    let with = CreateKeyPorts {
        writer: app.writer.as_ref(),
        index: app.index.as_ref(),
        clock: app.clock.as_ref(),
        random: app.random.as_ref(),
        domains: &app.domains,
    };
    let (key, secret) = create_key(&with, &caller, new, fingerprint.as_deref()).await?;
    let view = axum::Json(NewKeyView::of(key, &secret));
    Ok((StatusCode::CREATED, [(header::CACHE_CONTROL, "no-store")], Extension(Secret), view))
}

async fn list(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Query(page): Query<PageRequest>,
) -> Result<impl IntoResponse, Problem> {
    let page = list_keys(app.index.as_ref(), &caller, &page).await?;
    Ok(axum::Json(page.map(KeyView::from)))
}

async fn revoke(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Path(key_id): Path<String>,
) -> Result<impl IntoResponse, Problem> {
    revoke_key(app.writer.as_ref(), &caller, &key_id).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::{Body, to_bytes};
    use axum::response::Response;
    use http::Request;
    use serde_json::{Value, json};
    use tower::ServiceExt;
    use waypost_domain::Role;
    use waypost_domain::access::key_limits::KeyLimits;
    use waypost_domain::testing::idempotency::MemoryIdempotency;
    use waypost_domain::testing::keys::MemoryKeys;
    use waypost_domain::testing::system::{FixedClock, SeededRandom};
    use waypost_domain::values::address_range::AddressRange;
    use waypost_http::authentication::Authentication;
    use waypost_http::router::api;
    use waypost_http::testing::send_any_queries;

    struct Fixture {
        router: Router,
        keys: Arc<MemoryKeys>,
        admin: String,
        editor: String,
        stranger: String,
    }

    fn fixture() -> Fixture {
        let keys = Arc::new(MemoryKeys::default());
        let clock: Arc<dyn Clock> = Arc::new(FixedClock::at("2026-01-02T03:04:05Z"));
        let admin = keys.authorize(1, "acme", Role::Admin);
        let editor = keys.authorize(2, "acme", Role::Editor);
        let stranger = keys.authorize(3, "other", Role::Admin);
        let random = Arc::new(SeededRandom::new(9));
        let domains = Domains::parse("go.example.com,s.example.org").unwrap();
        let app = App { writer: keys.clone(), index: keys.clone(), clock: clock.clone(), random, domains };
        let idempotency = Idempotency {
            store: Arc::new(MemoryIdempotency::default()),
            clock: clock.clone(),
            random: Arc::new(SeededRandom::new(10)),
        };
        let router = api(routes(app, idempotency), Authentication::new(keys.clone(), clock));
        Fixture { router, keys, admin, editor, stranger }
    }

    async fn send(fixture: &Fixture, request: Request<Body>) -> (Response, Value) {
        let response = fixture.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = to_bytes(body, usize::MAX).await.unwrap();
        let json = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
        (Response::from_parts(parts, Body::empty()), json)
    }

    async fn call(fixture: &Fixture, key: &str, method: &str, path: &str, body: &str) -> (Response, Value) {
        let request = Request::builder().method(method).uri(path).header("authorization", key);
        send(fixture, request.body(Body::from(body.to_owned())).unwrap()).await
    }

    #[tokio::test]
    async fn key_is_created_used_listed_and_revoked() {
        let fixture = fixture();
        let body = json!({"name": "ci", "role": "admin", "expires_at": "2026-02-01T00:00:00+01:00"}).to_string();
        let (response, created) = call(&fixture, &fixture.admin, "POST", "/v1/keys", &body).await;
        assert_eq!(
            (response.status(), &response.headers()["cache-control"]),
            (StatusCode::CREATED, &"no-store".parse().unwrap())
        );
        assert_eq!((&created["name"], &created["role"]), (&json!("ci"), &json!("admin")));
        assert_eq!(created["expires_at"], "2026-01-31T23:00:00.000Z");
        let mut shown = created.clone();
        let secret = shown.as_object_mut().unwrap().remove("secret").unwrap();
        let own = format!("Bearer {}", secret.as_str().unwrap());

        let (response, page) = call(&fixture, &own, "GET", "/v1/keys?limit=1", "").await;
        assert_eq!(response.status(), 200);
        let listed = page["items"].as_array().unwrap().len();
        assert_eq!((listed, page["next_cursor"].is_string()), (1, true));
        let (_, page) = call(&fixture, &own, "GET", "/v1/keys", "").await;
        assert!(page["items"].as_array().unwrap().contains(&shown), "{page}");
        assert!(!page.to_string().contains("wp_") && !page.to_string().contains("hash"), "{page}");

        let path = format!("/v1/keys/{}", created["key_id"].as_str().unwrap());
        assert_eq!(call(&fixture, &own, "DELETE", &path, "").await.0.status(), 204);
        assert_eq!(call(&fixture, &own, "GET", "/v1/keys", "").await.0.status(), 401);
        assert_eq!(call(&fixture, &fixture.admin, "DELETE", &path, "").await.0.status(), 404);
    }

    #[tokio::test]
    async fn repeated_creation_returns_the_same_key() {
        let fixture = fixture();
        let second_admin = fixture.keys.authorize(4, "acme", Role::Admin);
        let create = async |key: &str| {
            let body = Body::from(json!({"name": "ci", "role": "viewer"}).to_string());
            let request = Request::post("/v1/keys").header("authorization", key).header("idempotency-key", "8e03978e");
            send(&fixture, request.body(body).unwrap()).await
        };
        let (first, created) = create(&fixture.admin).await;
        let (again, same) = create(&fixture.admin).await;
        assert_eq!((first.status().as_u16(), again.status().as_u16(), &created), (201, 201, &same));
        assert_eq!(again.headers()["idempotency-replayed"], "true");
        assert_eq!(again.headers()["cache-control"], "no-store");
        let own = format!("Bearer {}", created["secret"].as_str().unwrap());
        assert_eq!(call(&fixture, &own, "GET", "/v1/keys", "").await.0.status(), 403, "the key has the role viewer");
        let (other, problem) = create(&second_admin).await;
        assert_eq!(other.status(), 422, "another key does not get the secret: {problem}");
        assert_eq!(fixture.keys.all().len(), 5);
    }

    #[tokio::test]
    async fn limits_are_shown_and_hold() {
        let fixture = fixture();
        let limits = json!({"domains": ["s.example.org"], "tags": ["a"], "addresses": ["203.0.113.9/24"]});
        let body = json!({"name": "ci", "role": "editor", "limits": limits}).to_string();
        let (response, created) = call(&fixture, &fixture.admin, "POST", "/v1/keys", &body).await;
        let shown =
            json!({"domains": ["s.example.org"], "tags": ["a"], "own_links": false, "addresses": ["203.0.113.0/24"]});
        assert_eq!((response.status().as_u16(), &created["limits"]), (201, &shown));
        let (_, page) = call(&fixture, &fixture.admin, "GET", "/v1/keys", "").await;
        let listed = page["items"].as_array().unwrap().iter().find(|key| key["key_id"] == created["key_id"]).unwrap();
        assert_eq!(listed["limits"], shown);
        let own = format!("Bearer {}", created["secret"].as_str().unwrap());
        let (outside, unknown) = (call(&fixture, &own, "GET", "/v1/keys", "").await, "Bearer wp_nonsense");
        let unknown = call(&fixture, unknown, "GET", "/v1/keys", "").await;
        assert_eq!((outside.0.status().as_u16(), outside.1), (401, unknown.1), "no hint that the key works elsewhere");

        let addresses = vec![AddressRange::parse("203.0.113.0/24").unwrap()];
        let office = KeyLimits { addresses, ..KeyLimits::default() };
        let office = fixture.keys.authorize_limited(7, "acme", Role::Admin, office);
        for (event, status) in [
            (include_str!("../../../events/keys/list.json"), 200),
            (include_str!("../../../events/keys/create.json"), 403),
        ] {
            let (mut parts, body) = lambda_http::request::from_str(event).unwrap().into_parts();
            parts.headers.insert("authorization", office.parse().unwrap());
            let (response, json) = send(&fixture, Request::from_parts(parts, Body::from(body.to_vec()))).await;
            assert_eq!(response.status(), status, "{json}");
        }
    }

    #[tokio::test]
    async fn another_workspaces_keys_look_absent() {
        let fixture = fixture();
        assert_eq!(call(&fixture, &fixture.stranger, "DELETE", "/v1/keys/key_1", "").await.0.status(), 404);
        let (_, page) = call(&fixture, &fixture.stranger, "GET", "/v1/keys", "").await;
        let ids: Vec<_> = page["items"].as_array().unwrap().iter().map(|key| key["key_id"].clone()).collect();
        assert_eq!(ids, ["key_3"]);
        assert_eq!(fixture.keys.all().len(), 3);
    }

    #[tokio::test]
    async fn bad_requests_get_their_status_and_pointer() {
        let fixture = fixture();
        let (admin, editor) = (fixture.admin.as_str(), fixture.editor.as_str());
        for (key, method, path, body, status, pointer) in [
            (admin, "POST", "/v1/keys", "{", 400, None),
            (admin, "POST", "/v1/keys", "{\"name\": \"a\"}", 422, Some("")),
            (admin, "POST", "/v1/keys", "{\"name\": \" \", \"role\": \"viewer\"}", 422, Some("/name")),
            (admin, "POST", "/v1/keys", "{\"name\": \"a\", \"role\": \"owner\"}", 422, Some("/role")),
            (
                admin,
                "POST",
                "/v1/keys",
                "{\"name\": \"a\", \"role\": \"viewer\", \"secret\": \"x\"}",
                422,
                Some("/secret"),
            ),
            (
                admin,
                "POST",
                "/v1/keys",
                "{\"name\": \"a\", \"role\": \"viewer\", \"expires_at\": \"2026-01-02T03:04:05Z\"}",
                422,
                Some("/expires_at"),
            ),
            (
                admin,
                "POST",
                "/v1/keys",
                "{\"name\": \"a\", \"role\": \"viewer\", \"expires_at\": \"soon\"}",
                422,
                Some("/expires_at"),
            ),
            (admin, "GET", "/v1/keys?limit=0", "", 422, Some("limit")),
            (admin, "GET", "/v1/keys?cursor=%25", "", 422, Some("cursor")),
            (admin, "DELETE", "/v1/keys/key_none", "", 404, None),
            (admin, "GET", "/v1/keys/key_1", "", 405, None),
            (admin, "PUT", "/v1/keys", "", 405, None),
            (editor, "POST", "/v1/keys", "{\"name\": \"a\", \"role\": \"viewer\"}", 403, None),
            (editor, "GET", "/v1/keys", "", 403, None),
            (editor, "DELETE", "/v1/keys/key_2", "", 403, None),
            ("Bearer nonsense", "GET", "/v1/keys", "", 401, None),
        ] {
            let (response, problem) = call(&fixture, key, method, path, body).await;
            assert_eq!(response.status(), status, "{method} {path} {body}: {problem}");
            assert_eq!(response.headers()["content-type"], "application/problem+json");
            assert_eq!(problem["errors"][0]["pointer"].as_str(), pointer, "{body}: {problem}");
        }
        assert_eq!(fixture.keys.all().len(), 3);
    }

    #[tokio::test]
    async fn sample_events_work() {
        let fixture = fixture();
        for (event, status) in [
            (include_str!("../../../events/keys/create.json"), 201),
            (include_str!("../../../events/keys/list.json"), 200),
            (include_str!("../../../events/keys/revoke.json"), 404),
        ] {
            let (mut parts, body) = lambda_http::request::from_str(event).unwrap().into_parts();
            parts.headers.insert("authorization", fixture.admin.parse().unwrap());
            let (response, json) = send(&fixture, Request::from_parts(parts, Body::from(body.to_vec()))).await;
            assert_eq!(response.status(), status, "{json}");
        }
    }

    #[tokio::test]
    async fn any_query_is_answered_or_refused() {
        let fixture = fixture();
        let operations = [
            ("GET", "/v1/keys", "/v1/keys"),
            ("POST", "/v1/keys", "/v1/keys"),
            ("DELETE", "/v1/keys/{key_id}", "/v1/keys/key_none"),
        ];
        send_any_queries(&fixture.router, &fixture.admin, parameters_of, &operations).await;
    }
}
