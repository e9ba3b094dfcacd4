//! Turns routes into an API: callers, request ids, and problems for unknown paths and methods.

use axum::Router;
use axum::extract::Request;
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::Response;
use http::{HeaderName, HeaderValue};
use lambda_http::RequestExt;

use crate::authentication::{Authentication, require_caller};
use crate::deadline::answer_in_time;
use crate::problem::Problem;

const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Makes an API of `routes`: every request has a [`waypost_domain::Caller`] (an `Extension` for handlers) or gets 401, every
/// answer has `X-Request-Id` and comes before the invocation ends, and an unknown path or method gets a problem.
pub fn api(routes: Router, authentication: Authentication) -> Router {
    answering(with_problems(routes).layer(from_fn_with_state(authentication, require_caller)))
}

/// Like [`api`], but without callers: anyone may send requests.
pub fn public_api(routes: Router) -> Router {
    answering(with_problems(routes))
}

/// Adds what every answer has.
fn answering(routes: Router) -> Router {
    routes.layer(from_fn(answer_in_time)).layer(from_fn(add_request_id))
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
