//! Turns requests into use cases, and their results into answers.

use std::sync::Arc;

use axum::extract::State;
use axum::response::IntoResponse;
use axum::routing::get;
use axum::{Extension, Router};
use http::StatusCode;
use waypost_api::blocked_targets::{BlockedListQuery, BlockedQuery, BlockedTargetsView};
use waypost_api::parameters::parameters_of;
use waypost_domain::blocking::add::{BlockTargetsPorts, NewBlockedTargets, block_targets};
use waypost_domain::blocking::list::{BlockedPageRequest, list_blocked};
use waypost_domain::blocking::ports::{BlockListReader, BlockListWriter};
use waypost_domain::blocking::remove::unblock_target;
use waypost_domain::ports::Clock;
use waypost_domain::{Caller, WorkspaceId};
use waypost_http::extract::{Json, Query};
use waypost_http::idempotency::{Idempotency, idempotent};
use waypost_http::problem::Problem;
use waypost_http::query_parameters::only_known_parameters;

/// The ports and settings of the routes.
#[derive(Clone)]
pub(crate) struct App {
    pub(crate) reader: Arc<dyn BlockListReader>,
    pub(crate) writer: Arc<dyn BlockListWriter>,
    pub(crate) clock: Arc<dyn Clock>,
    /// The workspace whose admins are operators of the stack.
    pub(crate) operators: WorkspaceId,
}

/// Makes the routes of this function.
pub(crate) fn routes(app: App, idempotency: Idempotency) -> Router {
    let routes = Router::new().route("/v1/blocked-targets", get(list).post(block).delete(unblock));
    let routes = idempotent(routes.with_state(Arc::new(app)), idempotency);
    only_known_parameters(routes, parameters_of)
}

async fn block(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Json(new): Json<NewBlockedTargets>,
) -> Result<impl IntoResponse, Problem> {
    let ports = BlockTargetsPorts {
        reader: app.reader.as_ref(),
        writer: app.writer.as_ref(),
        clock: app.clock.as_ref(),
        operators: &app.operators,
    };
    let items = block_targets(&ports, &caller, &new).await?;
    Ok(axum::Json(BlockedTargetsView { items }))
}

async fn list(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Query(query): Query<BlockedListQuery>,
) -> Result<impl IntoResponse, Problem> {
    let request = BlockedPageRequest::from(query);
    Ok(axum::Json(list_blocked(app.reader.as_ref(), &caller, &app.operators, &request).await?))
}

async fn unblock(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    query: Result<Query<BlockedQuery>, Problem>,
) -> Result<impl IntoResponse, Problem> {
    // Whether the caller may do this at all comes before what is wrong with the request.
    let target = query.map(|Query(query)| query.target).unwrap_or_default();
    unblock_target(app.writer.as_ref(), &caller, &app.operators, &target).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::{Body, to_bytes};
    use http::Request;
    use serde_json::{Value, json};
    use tower::ServiceExt;
    use waypost_domain::Role;
    use waypost_domain::testing::blocking::MemoryBlockList;
    use waypost_domain::testing::idempotency::MemoryIdempotency;
    use waypost_domain::testing::keys::MemoryKeys;
    use waypost_domain::testing::system::{FixedClock, SeededRandom};
    use waypost_http::authentication::Authentication;
    use waypost_http::router::api;
    use waypost_http::testing::send_any_queries;

    struct Fixture {
        router: Router,
        operator: String,
        stranger: String,
    }

    fn fixture() -> Fixture {
        let (keys, list) = (Arc::new(MemoryKeys::default()), Arc::new(MemoryBlockList::default()));
        let clock: Arc<dyn Clock> = Arc::new(FixedClock::at("2026-01-02T03:04:05Z"));
        let operators = WorkspaceId::parse("default").unwrap();
        let app = App { reader: list.clone(), writer: list, clock: clock.clone(), operators };
        let idempotency = Idempotency {
            store: Arc::new(MemoryIdempotency::default()),
            clock: clock.clone(),
            random: Arc::new(SeededRandom::new(1)),
        };
        Fixture {
            operator: keys.authorize(1, "default", Role::Admin),
            stranger: keys.authorize(2, "acme", Role::Admin),
            router: api(routes(app, idempotency), Authentication::new(keys, clock)),
        }
    }

    async fn send(fixture: &Fixture, request: Request<Body>) -> (u16, Value) {
        let response = fixture.router.clone().oneshot(request).await.unwrap();
        let status = response.status().as_u16();
        let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
        (status, serde_json::from_slice(&body).unwrap_or_default())
    }

    async fn call(fixture: &Fixture, key: &str, method: &str, path: &str, body: &str) -> (u16, Value) {
        let request = Request::builder().method(method).uri(path).header("authorization", key);
        send(fixture, request.body(Body::from(body.to_owned())).unwrap()).await
    }

    #[tokio::test]
    async fn targets_are_blocked_listed_and_released() {
        let fixture = fixture();
        let body = json!({"items": [
            {"target": "https://Evil.example/", "reason": "phishing", "note": "reported"},
            {"target": "example.com/evil", "reason": "malware"},
        ]});
        let (status, added) = call(&fixture, &fixture.operator, "POST", "/v1/blocked-targets", &body.to_string()).await;
        assert_eq!((status, &added["items"][0]["target"]), (200, &json!("evil.example")), "{added}");
        let (status, page) = call(&fixture, &fixture.operator, "GET", "/v1/blocked-targets?limit=1", "").await;
        assert_eq!((status, &page["items"][0]["target"]), (200, &json!("evil.example")), "{page}");
        let next = format!("/v1/blocked-targets?cursor={}", page["next_cursor"].as_str().unwrap());
        let (_, page) = call(&fixture, &fixture.operator, "GET", &next, "").await;
        assert_eq!((&page["items"][0]["target"], &page["next_cursor"]), (&json!("example.com/evil"), &Value::Null));
        let (_, page) = call(&fixture, &fixture.operator, "GET", "/v1/blocked-targets?prefix=evil", "").await;
        assert_eq!(page["items"].as_array().unwrap().len(), 1);
        let path = "/v1/blocked-targets?target=http%3A%2F%2Fexample.com%2Fevil";
        for status in [204, 404] {
            assert_eq!(call(&fixture, &fixture.operator, "DELETE", path, "").await.0, status);
        }
    }

    #[tokio::test]
    async fn others_than_operators_are_refused_and_bad_requests_named() {
        let fixture = fixture();
        let (operator, stranger) = (fixture.operator.as_str(), fixture.stranger.as_str());
        let good = json!({"items": [{"target": "evil.example", "reason": "spam"}]}).to_string();
        for (key, method, path, body, status, pointer) in [
            (stranger, "GET", "/v1/blocked-targets", "", 403, None),
            (stranger, "POST", "/v1/blocked-targets", good.as_str(), 403, None),
            (stranger, "DELETE", "/v1/blocked-targets?target=evil.example", "", 403, None),
            (operator, "DELETE", "/v1/blocked-targets?target=com", "", 422, Some("target")),
            (operator, "GET", "/v1/blocked-targets?cursor=%25", "", 422, Some("cursor")),
            (operator, "POST", "/v1/blocked-targets", "{\"items\": []}", 422, Some("/items")),
            (
                operator,
                "POST",
                "/v1/blocked-targets",
                "{\"items\": [{\"target\": \"a.example\", \"reason\": \"x\"}]}",
                422,
                Some("/items/0/reason"),
            ),
        ] {
            let (found, problem) = call(&fixture, key, method, path, body).await;
            assert_eq!(found, status, "{method} {path} {problem}");
            if let Some(pointer) = pointer {
                assert_eq!(problem["errors"][0]["pointer"], pointer, "{problem}");
            }
        }
    }

    #[tokio::test]
    async fn sample_events_work() {
        let fixture = fixture();
        for (event, status) in [
            (include_str!("../../../events/blocked-targets/block.json"), 200),
            (include_str!("../../../events/blocked-targets/list.json"), 200),
            (include_str!("../../../events/blocked-targets/unblock.json"), 204),
        ] {
            let (mut parts, body) = lambda_http::request::from_str(event).unwrap().into_parts();
            parts.headers.insert("authorization", fixture.operator.parse().unwrap());
            let (found, json) = send(&fixture, Request::from_parts(parts, Body::from(body.to_vec()))).await;
            assert_eq!(found, status, "{json}");
        }
    }

    #[tokio::test]
    async fn any_query_is_answered_or_refused() {
        let fixture = fixture();
        let path = "/v1/blocked-targets";
        let operations = [("GET", path, path), ("POST", path, path)];
        send_any_queries(&fixture.router, &fixture.operator, parameters_of, &operations).await;
    }
}
