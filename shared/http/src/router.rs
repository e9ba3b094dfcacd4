//! Turns routes into an API: callers, request ids, and problems for unknown paths and methods.

use axum::Router;
use axum::extract::Request;
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::Response;
use http::header::{CACHE_CONTROL, STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS};
use http::{HeaderName, HeaderValue};
use lambda_http::RequestExt;

use crate::authentication::{Authentication, require_caller};
use crate::deadline::answer_in_time;
use crate::event::refuse_malformed;
use crate::problem::Problem;

const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Makes an API of `routes`: every request has a [`waypost_domain::Caller`] (an `Extension` for handlers) or gets 401, every
/// answer has `X-Request-Id` and comes before the invocation ends, and an unknown path or method gets a problem.
pub fn api(routes: Router, authentication: Authentication) -> Router {
    answering(with_problems(routes).layer(from_fn_with_state(authentication, require_caller)))
}

/// Like [`api`], with `open` routes too, to which anyone may send requests: those by which people sign in.
pub fn api_with_open_routes(routes: Router, open: Router, authentication: Authentication) -> Router {
    answering(with_problems(routes.route_layer(from_fn_with_state(authentication, require_caller)).merge(open)))
}

/// Like [`api`], but without callers: anyone may send requests.
pub fn public_api(routes: Router) -> Router {
    answering(with_problems(routes))
}

/// Adds what every answer has.
fn answering(routes: Router) -> Router {
    let routes = routes.layer(from_fn(answer_in_time)).layer(from_fn(refuse_malformed));
    routes.layer(from_fn(protect)).layer(from_fn(add_request_id))
}

/// Tells browsers and caches how to treat an answer: keep none that does not say otherwise, take no other type for the body
/// than the one that is named, and ask only by HTTPS from now on (RFC 6797; a browser ignores this if it came by HTTP).
async fn protect(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=63072000"));
    response
}

fn with_problems(routes: Router) -> Router {
    routes.fallback(async || Problem::no_such_path()).method_not_allowed_fallback(async || Problem::no_such_method())
}

/// Gives the answer the invocation's id, which its log lines have too.
async fn add_request_id(request: Request, next: Next) -> Response {
    let id = request.lambda_context_ref().and_then(|context| HeaderValue::from_str(&context.request_id).ok());
    let mut response = next.run(request).await;
    if let Some(id) = id {
        response.headers_mut().insert(X_REQUEST_ID, id);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::Body;
    use axum::routing::get;
    use tower::ServiceExt;

    #[tokio::test]
    async fn every_answer_is_protected() {
        let cached = async || ([(CACHE_CONTROL, "max-age=60")], "cached");
        let routes = Router::new().route("/plain", get(async || "plain")).route("/cached", get(cached));
        for (method, path, cache) in [
            ("GET", "/plain", "no-store"),
            ("GET", "/cached", "max-age=60"),
            ("GET", "/unknown", "no-store"),
            ("DELETE", "/plain", "no-store"),
        ] {
            let request = Request::builder().method(method).uri(path).body(Body::empty()).unwrap();
            let response = public_api(routes.clone()).oneshot(request).await.unwrap();
            let header = |name: HeaderName| response.headers()[name].to_str().unwrap().to_owned();
            assert_eq!(header(CACHE_CONTROL), cache, "{method} {path}");
            assert_eq!(header(X_CONTENT_TYPE_OPTIONS), "nosniff");
            assert_eq!(header(STRICT_TRANSPORT_SECURITY), "max-age=63072000");
        }
    }
}
