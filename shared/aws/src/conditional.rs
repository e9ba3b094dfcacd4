//! Conditional requests (RFC 9110, section 13): entity tags out, `If-Match` and `If-None-Match` in.

use axum::response::{IntoResponse, Response};
use http::header::{CACHE_CONTROL, ETAG, IF_MATCH, IF_NONE_MATCH};
use http::{HeaderMap, StatusCode};
use waypost_domain::precondition::Precondition;

/// What a change asks of the link; several headers are one list.
pub fn precondition(headers: &HeaderMap) -> Precondition {
    Precondition::parse(joined(headers, IF_MATCH).as_deref())
}

/// `answer` with its entity tag, or 304 without a body if the client has that one already. Caches may keep it for their
/// own client, and use it for as long as `cache_control` says.
pub fn tagged(headers: &HeaderMap, etag: &str, cache_control: &'static str, answer: impl IntoResponse) -> Response {
    let tags = [(ETAG, etag.to_owned()), (CACHE_CONTROL, cache_control.to_owned())];
    if has_already(headers, etag) {
        return (StatusCode::NOT_MODIFIED, tags).into_response();
    }
    (tags, answer).into_response()
}

/// By weak comparison, as `If-None-Match` wants it.
fn has_already(headers: &HeaderMap, etag: &str) -> bool {
    let Some(list) = joined(headers, IF_NONE_MATCH) else { return false };
    list.trim() == "*" || list.split(',').any(|tag| tag.trim().trim_start_matches("W/") == etag)
}

fn joined(headers: &HeaderMap, name: http::HeaderName) -> Option<String> {
    headers.contains_key(&name).then(|| {
        let values: Vec<&str> = headers.get_all(name).iter().filter_map(|value| value.to_str().ok()).collect();
        values.join(",")
    })
}
