//! Answers `GET /healthz`.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::response::IntoResponse;
use axum::routing::get;
use http::{StatusCode, header};
use waypost_api::health::{HealthView, Status};
use waypost_api::parameters::parameters_of;
use waypost_http::query_parameters::only_known_parameters;

use crate::checks::Checks;

/// Makes the routes of this function.
pub(crate) fn routes(checks: Checks) -> Router {
    let routes = Router::new().route("/healthz", get(health)).with_state(Arc::new(checks));
    only_known_parameters(routes, parameters_of)
}

/// Answers 200 if all parts are healthy, else 503: load balancers and monitors only read the status.
async fn health(State(checks): State<Arc<Checks>>) -> impl IntoResponse {
    let checks = checks.run().await;
    let healthy = checks.values().all(|status| *status == Status::Ok);
    let (code, status) =
        if healthy { (StatusCode::OK, Status::Ok) } else { (StatusCode::SERVICE_UNAVAILABLE, Status::Failed) };
    let view = HealthView { status, version: env!("CARGO_PKG_VERSION"), checks };
    (code, [(header::CACHE_CONTROL, "no-store")], axum::Json(view))
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::{Body, to_bytes};
    use http::Request;
    use serde_json::{Value, json};
    use std::time::Duration;
    use tokio::time::Instant;
    use tower::ServiceExt;
    use waypost_domain::testing::system::MemoryProbe;
    use waypost_http::router::public_api;
    use waypost_http::testing::send_any_queries;

    fn router(links: MemoryProbe, stream: MemoryProbe) -> Router {
        public_api(routes(Checks::new(vec![("links_table", Arc::new(links)), ("click_stream", Arc::new(stream))])))
    }

    async fn call(router: &Router, request: Request<Body>) -> (u16, Value) {
        let response = router.clone().oneshot(request).await.unwrap();
        let status = response.status().as_u16();
        let bytes = to_bytes(response.into_body(), usize::MAX).await.unwrap();
        (status, serde_json::from_slice(&bytes).unwrap_or(Value::Null))
    }

    fn request(method: &str, path: &str) -> Request<Body> {
        Request::builder().method(method).uri(path).body(Body::empty()).unwrap()
    }

    #[tokio::test]
    async fn answering_stack_is_healthy() {
        let router = router(MemoryProbe::Healthy, MemoryProbe::Healthy);
        let expected = json!({
            "status": "ok",
            "version": env!("CARGO_PKG_VERSION"),
            "checks": {"links_table": "ok", "click_stream": "ok"},
        });
        assert_eq!(call(&router, request("GET", "/healthz")).await, (200, expected));
        assert_eq!(call(&router, request("HEAD", "/healthz")).await.0, 200);
        assert_eq!(call(&router, request("POST", "/healthz")).await.0, 405);
        assert_eq!(call(&router, request("GET", "/healthz/x")).await.0, 404);
        assert_eq!(call(&router, request("GET", "/healthz?verbose=1")).await.0, 422);
    }

    #[tokio::test]
    async fn failing_part_is_named_without_its_reason() {
        let (status, health) =
            call(&router(MemoryProbe::Healthy, MemoryProbe::Broken), request("GET", "/healthz")).await;
        assert_eq!((status, &health["status"]), (503, &json!("failed")));
        assert_eq!(health["checks"], json!({"links_table": "ok", "click_stream": "failed"}));
        assert!(!health.to_string().contains("injected"), "{health}");
    }

    #[tokio::test(start_paused = true)]
    async fn silent_parts_time_out_concurrently() {
        let router = router(MemoryProbe::Silent, MemoryProbe::Silent);
        let start = Instant::now();
        let (status, health) = call(&router, request("GET", "/healthz")).await;
        assert_eq!((status, &health["checks"]["links_table"]), (503, &json!("timeout")));
        assert!(start.elapsed() < Duration::from_millis(2100), "{:?}", start.elapsed());
        let start = Instant::now();
        call(&router, request("GET", "/healthz")).await;
        assert_eq!(start.elapsed(), Duration::ZERO, "the result is cached for some seconds");
    }

    #[tokio::test]
    async fn sample_event_works() {
        let event = lambda_http::request::from_str(include_str!("../../../events/health/get.json")).unwrap();
        let router = router(MemoryProbe::Healthy, MemoryProbe::Healthy);
        assert_eq!(call(&router, event.map(|_| Body::empty())).await.0, 200);
    }

    #[tokio::test]
    async fn any_query_is_answered_or_refused() {
        let router = router(MemoryProbe::Healthy, MemoryProbe::Healthy);
        let operations = [("GET", "/healthz", "/healthz")];
        send_any_queries(&router, "", parameters_of, &operations).await;
    }
}
