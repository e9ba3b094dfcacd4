//! What all HTTP functions have in common: callers, JSON bodies, queries, request ids, and what is said when there
//! is nothing to call.

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::Response;
use bytes::Bytes;
use http::request::Parts;
use http::{HeaderName, HeaderValue, StatusCode};
use lambda_http::RequestExt;
use serde::de::DeserializeOwned;
use waypost_domain::Error;
use waypost_domain::json::field_error;

pub use crate::authentication::Authentication;
use crate::authentication::require_caller;
use crate::problem::Problem;

/// The greatest size of a JSON body, in bytes.
pub const MAX_BODY_BYTES: usize = 256 * 1024;
const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// `routes` as an API: every request has a [`waypost_domain::Caller`] (an `Extension` for handlers) or gets 401, every answer
/// has `X-Request-Id`, and an unknown path or method gets a problem.
pub fn api(routes: Router, authentication: Authentication) -> Router {
    with_problems(routes).layer(from_fn_with_state(authentication, require_caller)).layer(from_fn(add_request_id))
}

/// `routes` for anybody: like [`api`], but without callers.
pub fn open(routes: Router) -> Router {
    with_problems(routes).layer(from_fn(add_request_id))
}

fn with_problems(routes: Router) -> Router {
    routes.fallback(async || Problem::no_such_path()).method_not_allowed_fallback(async || Problem::no_such_method())
}

/// Gives the answer the invocation's id, under which its log lines are found.
pub async fn add_request_id(request: Request, next: Next) -> Response {
    let id = request.lambda_context_ref().and_then(|context| HeaderValue::from_str(&context.request_id).ok());
    let mut response = next.run(request).await;
    if let Some(id) = id {
        response.headers_mut().insert(X_REQUEST_ID, id);
    }
    response
}

/// All of a body.
///
/// # Errors
/// 413 if it is larger than [`MAX_BODY_BYTES`].
pub(crate) async fn read_body(body: Body) -> Result<Bytes, Problem> {
    to_bytes(body, MAX_BODY_BYTES).await.map_err(|_| {
        let detail = format!("the body is larger than {MAX_BODY_BYTES} bytes");
        Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too-large", "Too large", detail)
    })
}

/// A JSON body. What is no JSON is 400; JSON that is not as it should be is 422 with a pointer to the field.
#[derive(Debug)]
pub struct Json<T>(pub T);

impl<T: DeserializeOwned, S: Sync> FromRequest<S> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request<Body>, _state: &S) -> Result<Self, Problem> {
        let bytes = read_body(request.into_body()).await?;
        let mut deserializer = serde_json::Deserializer::from_slice(&bytes);
        let value = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
            if error.inner().is_data() {
                return Error::Invalid(vec![field_error(&error)]);
            }
            Error::Malformed(format!("the body is not valid JSON: {}", error.inner()))
        })?;
        deserializer.end().map_err(|error| Error::Malformed(format!("the body is not valid JSON: {error}")))?;
        Ok(Self(value))
    }
}

/// The parts of the path that the route names. What cannot be read is 404: there is nothing at such a path.
#[derive(Debug)]
pub struct Path<T>(pub T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Path<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let path = axum::extract::Path::from_request_parts(parts, state).await;
        path.map(|axum::extract::Path(value)| Self(value)).map_err(|_| Problem::no_such_path())
    }
}

/// The query string. What is not as it should be is 422 with the parameter's name.
#[derive(Debug)]
pub struct Query<T>(pub T);

impl<T: DeserializeOwned, S: Sync> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        let query = parts.uri.query().unwrap_or_default();
        let deserializer = serde_urlencoded::Deserializer::new(url::form_urlencoded::parse(query.as_bytes()));
        let value = serde_path_to_error::deserialize(deserializer)
            .map_err(|error| Error::invalid(error.path().to_string(), error.inner()))?;
        Ok(Self(value))
    }
}
