//! Reads the body of a PATCH: a JSON Merge Patch (RFC 7396).

use axum::body::Body;
use axum::extract::{FromRequest, Request};
use axum::response::{IntoResponse, Response};
use http::{HeaderName, StatusCode, header};
use serde_json::Value;

use crate::extract::Json;
use crate::problem::Problem;

const ACCEPT_PATCH: HeaderName = HeaderName::from_static("accept-patch");
/// The media types of a PATCH, as `Accept-Patch` lists them (RFC 5789, section 3.1).
const TYPES: [&str; 2] = ["application/merge-patch+json", "application/json"];

/// Reads the patch. A body of another type gets 415: a patch of another kind (RFC 6902, for example) has another meaning.
#[derive(Debug)]
pub struct Patch(pub Value);

impl<S: Sync> FromRequest<S> for Patch {
    type Rejection = Response;

    async fn from_request(request: Request<Body>, state: &S) -> Result<Self, Response> {
        let content_type = request.headers().get(header::CONTENT_TYPE);
        let media_type =
            content_type.map(|value| value.to_str().unwrap_or_default().split(';').next().unwrap_or_default());
        if media_type.is_some_and(|given| !TYPES.iter().any(|known| known.eq_ignore_ascii_case(given.trim()))) {
            let types = TYPES.join(", ");
            let detail = format!("a patch is sent as one of: {types}");
            let status = StatusCode::UNSUPPORTED_MEDIA_TYPE;
            let problem = Problem::new(status, "unsupported-media-type", "Unsupported media type", detail);
            return Err(([(ACCEPT_PATCH, types)], problem).into_response());
        }
        Json::from_request(request, state).await.map(|Json(patch)| Self(patch)).map_err(IntoResponse::into_response)
    }
}
