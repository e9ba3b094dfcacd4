//! Answers `GET /v1/openapi.json`.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use bytes::Bytes;
use http::{HeaderMap, header};
use waypost_api::parameters::parameters_of;
use waypost_http::conditional_requests::{conditional_response, etag_of};
use waypost_http::query_parameters::only_known_parameters;

/// Lets caches keep the document: it is public, and changes only with the deployed version.
const KEEP_FOR_FIVE_MINUTES: &str = "public, max-age=300";

/// The document and its entity tag.
struct Document {
    json: Bytes,
    etag: String,
}

/// Makes the routes of this function.
pub(crate) fn routes(document: &str) -> Router {
    let json = Bytes::copy_from_slice(document.as_bytes());
    let document = Document { etag: etag_of(&json), json };
    let routes = Router::new().route("/v1/openapi.json", get(read)).with_state(Arc::new(document));
    only_known_parameters(routes, parameters_of)
}

async fn read(State(document): State<Arc<Document>>, headers: HeaderMap) -> Response {
    // Any page may read it: documentation and client generators also run in browsers.
    let fields = [(header::CONTENT_TYPE, "application/json"), (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*")];
    conditional_response(&headers, &document.etag, KEEP_FOR_FIVE_MINUTES, (fields, document.json.clone()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::{Body, to_bytes};
    use http::Request;
    use serde_json::Value;
    use tower::ServiceExt;
    use waypost_http::router::public_api;
    use waypost_http::testing::send_any_queries;

    async fn call(method: &str, path: &str, etag: Option<&str>) -> (u16, HeaderMap, Value) {
        let mut request = Request::builder().method(method).uri(path);
        if let Some(etag) = etag {
            request = request.header("if-none-match", etag);
        }
        send(request.body(Body::empty()).unwrap()).await
    }

    async fn send(request: Request<Body>) -> (u16, HeaderMap, Value) {
        let document = waypost_api::openapi::document().to_string();
        let (parts, body) = public_api(routes(&document)).oneshot(request).await.unwrap().into_parts();
        let bytes = to_bytes(body, usize::MAX).await.unwrap();
        (parts.status.as_u16(), parts.headers, serde_json::from_slice(&bytes).unwrap_or_default())
    }

    #[tokio::test]
    async fn document_is_public_and_cacheable() {
        let (status, headers, document) = call("GET", "/v1/openapi.json", None).await;
        assert_eq!((status, &document["openapi"]), (200, &Value::from("3.1.0")));
        assert_eq!(headers["content-type"], "application/json");
        assert_eq!(headers["cache-control"], "public, max-age=300");
        let etag = headers["etag"].to_str().unwrap();
        let (status, headers, body) = call("GET", "/v1/openapi.json", Some(etag)).await;
        assert_eq!((status, &headers["etag"], body), (304, &etag.parse().unwrap(), Value::Null));
        assert_eq!(call("POST", "/v1/openapi.json", None).await.0, 405);
        assert_eq!(call("GET", "/v1/openapi.yaml", None).await.0, 404);
        assert_eq!(call("GET", "/v1/openapi.json?pretty=1", None).await.0, 422);
    }

    #[tokio::test]
    async fn sample_event_works() {
        let event = lambda_http::request::from_str(include_str!("../../../events/openapi/get.json")).unwrap();
        assert_eq!(send(event.map(|_| Body::empty())).await.0, 200);
    }

    #[tokio::test]
    async fn any_query_is_answered_or_refused() {
        let document = waypost_api::openapi::document().to_string();
        let operations = [("GET", "/v1/openapi.json", "/v1/openapi.json")];
        send_any_queries(&public_api(routes(&document)), "", parameters_of, &operations).await;
    }
}
