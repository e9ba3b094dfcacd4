//! Writes every error of the API in one format: RFC 9457, `application/problem+json`.

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use http::header::{CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderValue, StatusCode};
use waypost_domain::Error;
use waypost_domain::values::problem::ProblemDetails;

/// How long a client should wait when a store is throttled or unavailable, in seconds.
const RETRY_AFTER_OUTAGE: u64 = 2;

/// An error as a response.
#[derive(Debug)]
pub struct Problem {
    details: ProblemDetails,
    status: StatusCode,
    /// The value of the header `Retry-After`, in seconds.
    retry_after: Option<u64>,
}

impl Problem {
    /// Makes a problem of the kind `name`, such as `not-found`.
    pub fn new(status: StatusCode, name: &str, title: &'static str, detail: impl Into<String>) -> Self {
        let kind = format!("urn:problem-type:waypost:{name}");
        let retry_after = (status == StatusCode::SERVICE_UNAVAILABLE).then_some(RETRY_AFTER_OUTAGE);
        let details =
            ProblemDetails { kind, title, status: status.as_u16(), detail: detail.into(), errors: Vec::new() };
        Self { details, status, retry_after }
    }

    /// Says that there is nothing at this path.
    pub fn no_such_path() -> Self {
        Self::new(StatusCode::NOT_FOUND, "not-found", "Not found", "there is nothing at this path")
    }

    /// Says that the path exists, but not with this method.
    pub fn no_such_method() -> Self {
        let detail = "this method does not exist here; see the header Allow";
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "method-not-allowed", "Method not allowed", detail)
    }

    /// Adds `Retry-After`.
    pub fn with_retry_after(self, seconds: u64) -> Self {
        Self { retry_after: Some(seconds), ..self }
    }

    /// Gives what the body says.
    pub fn into_details(self) -> ProblemDetails {
        self.details
    }
}

impl From<Error> for Problem {
    /// Turns a domain error into a response. No other place does. A store's own words go to the log, not to the caller.
    fn from(error: Error) -> Self {
        let detail = error.to_string();
        match error {
            Error::Malformed(_) => Self::new(StatusCode::BAD_REQUEST, "malformed", "Malformed request", detail),
            Error::Invalid(errors) => {
                let mut problem = Self::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid", "Invalid fields", detail);
                problem.details.errors = errors;
                problem
            }
            Error::Unauthenticated(_) => {
                Self::new(StatusCode::UNAUTHORIZED, "unauthenticated", "Unauthenticated", detail)
            }
            Error::Forbidden(_) => Self::new(StatusCode::FORBIDDEN, "forbidden", "Forbidden", detail),
            Error::NotFound(_) => Self::new(StatusCode::NOT_FOUND, "not-found", "Not found", detail),
            Error::Gone { .. } => Self::new(StatusCode::GONE, "gone", "Gone", detail),
            Error::Conflict(_) => Self::new(StatusCode::CONFLICT, "conflict", "Conflict", detail),
            Error::RateLimited { retry_after_seconds } => {
                let problem = Self::new(StatusCode::TOO_MANY_REQUESTS, "rate-limited", "Too many requests", detail);
                Self { retry_after: Some(retry_after_seconds), ..problem }
            }
            Error::Changed(_) => Self::new(StatusCode::PRECONDITION_FAILED, "changed", "Precondition failed", detail),
            Error::NotReady { retry_after_seconds, .. } => {
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "not-ready", "Not ready", detail)
                    .with_retry_after(retry_after_seconds)
            }
            Error::Store(error) if error.is_retryable() => {
                tracing::warn!(event = "store.unavailable", operation = error.operation, %error);
                let detail = "a store is busy or does not answer; try again";
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", "Unavailable", detail)
            }
            Error::Store(error) => {
                tracing::error!(event = "store.broken", operation = error.operation, %error);
                let detail = "something is wrong on our side; the log has more under this request's id";
                Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "Internal error", detail)
            }
        }
    }
}

impl From<waypost_domain::StoreError> for Problem {
    fn from(error: waypost_domain::StoreError) -> Self {
        Error::from(error).into()
    }
}

impl Problem {
    /// Makes the response, its body as bytes.
    pub fn into_http(self) -> http::Response<Vec<u8>> {
        let mut response = http::Response::new(serde_json::to_vec(&self.details).unwrap_or_default());
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Some(seconds) = self.retry_after {
            headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        self.into_http().map(Body::from)
    }
}
