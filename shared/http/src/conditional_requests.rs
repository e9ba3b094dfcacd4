//! Handles conditional requests (RFC 9110, section 13): writes entity tags, reads `If-Match` and `If-None-Match`.

use axum::response::{IntoResponse, Response};
use http::header::{CACHE_CONTROL, ETAG, IF_MATCH, IF_NONE_MATCH};
use http::{HeaderMap, StatusCode};
use sha2::{Digest, Sha256};
use waypost_domain::links::precondition::Precondition;
use waypost_domain::values::hex::hex;

/// Reads the state that a change requires of its link.
pub fn precondition(headers: &HeaderMap) -> Precondition {
    Precondition::parse(list_header(headers, IF_MATCH).as_deref())
}

/// Adds the entity tag and `cache_control` to `answer`, or answers 304 without a body if the client has that version
/// already.
pub fn conditional_response(
    headers: &HeaderMap,
    etag: &str,
    cache_control: &'static str,
    answer: impl IntoResponse,
) -> Response {
    let tags = [(ETAG, etag.to_owned()), (CACHE_CONTROL, cache_control.to_owned())];
    if client_has(headers, etag) {
        return (StatusCode::NOT_MODIFIED, tags).into_response();
    }
    (tags, answer).into_response()
}

/// Makes a strong entity tag for a body that has no version of its own: 128 bits of its SHA-256.
pub fn etag_of(body: &[u8]) -> String {
    format!("\"{}\"", hex(&Sha256::digest(body)[..16]))
}

/// Compares weakly, as `If-None-Match` requires.
fn client_has(headers: &HeaderMap, etag: &str) -> bool {
    let Some(list) = list_header(headers, IF_NONE_MATCH) else { return false };
    list.trim() == "*" || list.split(',').any(|tag| tag.trim().trim_start_matches("W/") == etag)
}

/// Reads a header that holds a list. Several headers of this name are one list.
pub fn list_header(headers: &HeaderMap, name: http::HeaderName) -> Option<String> {
    headers.contains_key(&name).then(|| {
        let values: Vec<&str> = headers.get_all(name).iter().filter_map(|value| value.to_str().ok()).collect();
        values.join(",")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unchanged_answer_has_no_body() {
        let etag = etag_of(b"answer");
        assert_eq!((etag.len(), etag_of(b"answer") == etag, etag_of(b"another") == etag), (34, true, false));
        for (sent, status) in
            [("", 200), ("\"x\"", 200), (etag.as_str(), 304), (&format!("\"x\", W/{etag}"), 304), ("*", 304)]
        {
            let headers = HeaderMap::from_iter([(IF_NONE_MATCH, sent.parse().unwrap())]);
            let answer = conditional_response(&headers, &etag, "no-cache", "answer");
            assert_eq!((answer.status().as_u16(), answer.headers()[ETAG].to_str().unwrap()), (status, etag.as_str()));
        }
    }
}
