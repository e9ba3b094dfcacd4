//! Answers with statistics as JSON or as a table, with an entity tag.

use axum::response::{IntoResponse, Response};
use http::header::{ACCEPT, CONTENT_TYPE, VARY};
use http::{HeaderMap, HeaderValue};
use waypost_domain::analytics::stats::answer::Stats;
use waypost_domain::analytics::stats::csv::to_csv;
use waypost_domain::{Error, StoreError, StoreErrorKind};
use waypost_http::conditional_requests::{conditional_response, etag_of, list_header};
use waypost_http::problem::Problem;

/// Lets a client keep the answer for a few seconds: about the delay of a new click.
const KEEP_FOR_SECONDS: &str = "private, max-age=5";

/// Writes the answer in the form that the client accepts.
pub(crate) fn respond(headers: &HeaderMap, stats: &Stats) -> Result<Response, Problem> {
    let (content_type, body) = if wants_csv(headers) {
        ("text/csv; charset=utf-8; header=present", to_csv(stats).into_bytes())
    } else {
        let json = serde_json::to_vec(stats);
        let broken = |error| Error::from(StoreError::new("stats.respond", StoreErrorKind::Broken, error));
        ("application/json", json.map_err(broken)?)
    };
    let etag = etag_of(&body);
    let mut response =
        conditional_response(headers, &etag, KEEP_FOR_SECONDS, ([(CONTENT_TYPE, content_type)], body).into_response());
    response.headers_mut().insert(VARY, HeaderValue::from_static("accept, authorization"));
    Ok(response)
}

/// Tells whether `Accept` (RFC 9110, section 12.5.1) prefers `text/csv` to JSON. A client without a preference gets JSON.
fn wants_csv(headers: &HeaderMap) -> bool {
    let accept = list_header(headers, ACCEPT).unwrap_or_default().to_ascii_lowercase();
    let quality = |ranges: [&str; 3]| ranges.iter().find_map(|range| quality_of(&accept, range)).unwrap_or(0.0);
    quality(["text/csv", "text/*", "*/*"]) > quality(["application/json", "application/*", "*/*"])
}

/// Reads the weight that `accept` gives to a media range, if it names it.
fn quality_of(accept: &str, range: &str) -> Option<f32> {
    accept.split(',').find_map(|one| {
        let mut parts = one.split(';').map(str::trim);
        (parts.next() == Some(range)).then(|| {
            let weight = parts.find_map(|parameter| parameter.strip_prefix("q="));
            weight.map_or(1.0, |weight| weight.parse().unwrap_or(1.0))
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn csv_is_sent_if_preferred() {
        for (accept, csv) in [
            ("text/csv", true),
            ("text/*", true),
            ("text/csv, application/json;q=0.5", true),
            ("TEXT/CSV;q=0.9, */*;q=0.1", true),
            ("text/csv, */*", false),
            ("application/json", false),
            ("*/*", false),
            ("text/csv;q=0.2, application/json", false),
            ("text/html, application/xhtml+xml, */*;q=0.8", false),
            ("", false),
        ] {
            let headers = HeaderMap::from_iter([(ACCEPT, HeaderValue::from_static(accept))]);
            assert_eq!(wants_csv(&headers), csv, "{accept}");
        }
        assert!(!wants_csv(&HeaderMap::new()));
    }
}
