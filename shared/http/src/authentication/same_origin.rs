//! Refuses requests that another site makes a browser send. A browser adds the cookie of a session by itself, so a request with the
//! cookie alone does not show that the console sent it. What shows it is `Sec-Fetch-Site` (W3C Fetch Metadata), which no page can set, or
//! for older browsers `Origin` (RFC 6454). The cookie is `SameSite=Strict` besides; this check does not rely on it, because a page on
//! another host of the same domain is the same site.

use axum::body::HttpBody;
use axum::extract::Request;
use http::header::{CONTENT_TYPE, HOST, ORIGIN};
use http::{HeaderMap, HeaderName, Method, StatusCode};

use crate::problem::Problem;

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
const SEC_FETCH_MODE: HeaderName = HeaderName::from_static("sec-fetch-mode");
/// The media types of bodies. A form of another site can send none of them without asking first.
const TYPES: [&str; 2] = ["application/json", "application/merge-patch+json"];

/// Where a request comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Source {
    /// A page of the same origin.
    Own,
    /// The browser's user: an address that was typed, a bookmark.
    User,
    /// Another origin, or one that hides itself.
    Other,
    /// The request does not say it.
    Unknown,
}

/// Checks a request that has nothing but the cookie of a session to prove its caller. `scheme` is that of the own origin.
///
/// # Errors
/// 403 if another site may have sent it: it changes something and does not come from the own origin, or it says that it comes from another.
/// 415 if it has a body that is not declared as JSON.
pub(super) fn check(request: &Request, scheme: &str) -> Result<(), Problem> {
    let reads = matches!(*request.method(), Method::GET | Method::HEAD);
    let allowed = match source(request.headers(), scheme) {
        Source::Own => true,
        Source::User | Source::Unknown => reads,
        Source::Other => false,
    };
    if !allowed {
        return Err(cross_site());
    }
    if reads || request.body().is_end_stream() { Ok(()) } else { check_type(request.headers()) }
}

/// Checks a request to sign in. Another site must not sign a visitor in as somebody else. Programs that are no browsers say nothing of
/// where they come from.
///
/// # Errors
/// 403 if the request says that it comes from another site, 415 if its body is not declared as JSON.
pub(super) fn check_sign_in(headers: &HeaderMap, scheme: &str) -> Result<(), Problem> {
    match source(headers, scheme) {
        Source::Own | Source::Unknown => check_type(headers),
        Source::User | Source::Other => Err(cross_site()),
    }
}

fn cross_site() -> Problem {
    let detail = "a request with the cookie of a session must come from a page of this host (Sec-Fetch-Site or Origin); programs \
                  send 'Authorization: Bearer <API key>'";
    Problem::new(StatusCode::FORBIDDEN, "cross-site", "Cross-site request", detail)
}

fn check_type(headers: &HeaderMap) -> Result<(), Problem> {
    let given = only(headers, &CONTENT_TYPE).and_then(|value| value.split(';').next()).unwrap_or_default().trim();
    if TYPES.iter().any(|known| known.eq_ignore_ascii_case(given)) {
        return Ok(());
    }
    let detail = "send the body with 'Content-Type: application/json'";
    Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported-media-type", "Unsupported media type", detail))
}

fn source(headers: &HeaderMap, scheme: &str) -> Source {
    if headers.contains_key(SEC_FETCH_SITE) {
        let is_navigation = !headers.contains_key(SEC_FETCH_MODE) || only(headers, &SEC_FETCH_MODE) == Some("navigate");
        return match only(headers, &SEC_FETCH_SITE) {
            Some("same-origin") => Source::Own,
            Some("none") if is_navigation => Source::User,
            _ => Source::Other,
        };
    }
    if !headers.contains_key(ORIGIN) {
        return Source::Unknown;
    }
    let own = only(headers, &HOST).map(|host| origin(scheme, host));
    let given = only(headers, &ORIGIN).and_then(|given| given.split_once("://"));
    let given = given.map(|(scheme, host)| origin(scheme, host));
    if own.is_some() && own == given { Source::Own } else { Source::Other }
}

/// Writes an origin in one form: in lower case, without the port that the scheme has anyway.
fn origin(scheme: &str, host: &str) -> String {
    let port = if scheme.eq_ignore_ascii_case("https") { ":443" } else { ":80" };
    format!("{scheme}://{}", host.strip_suffix(port).unwrap_or(host)).to_ascii_lowercase()
}

/// Returns the value of a header that stands once.
fn only<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    let mut values = headers.get_all(name).iter();
    values.next().filter(|_| values.next().is_none())?.to_str().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::Body;
    use axum::response::IntoResponse;
    use proptest::prelude::*;

    const JSON: (&str, &str) = ("content-type", "application/json");

    fn request(method: &str, headers: &[(&str, &str)], body: &'static str) -> Request {
        let mut request = Request::builder().method(method).uri("/v1/links").header("host", "go.example.com");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.body(Body::from(body)).unwrap()
    }

    /// Returns the status of the refusal, or 200.
    fn ask(method: &str, headers: &[(&str, &str)], body: &'static str) -> u16 {
        match check(&request(method, headers, body), "https") {
            Ok(()) => 200,
            Err(problem) => problem.into_response().status().as_u16(),
        }
    }

    #[test]
    fn forged_requests_are_refused() {
        let (own, other) = (("origin", "https://go.example.com"), ("origin", "https://evil.example"));
        let site = |value| ("sec-fetch-site", value);
        for (headers, reading, changing) in [
            // Browsers of today.
            (vec![site("same-origin"), own], 200, 200),
            (vec![site("same-origin")], 200, 200),
            (vec![site("same-origin"), ("origin", "null")], 200, 200),
            (vec![site("none")], 200, 403),
            (vec![site("none"), ("sec-fetch-mode", "navigate")], 200, 403),
            (vec![site("none"), ("sec-fetch-mode", "cors")], 403, 403),
            (vec![site("same-site")], 403, 403),
            (vec![site("same-site"), own], 403, 403),
            (vec![site("cross-site")], 403, 403),
            (vec![site("cross-site"), own], 403, 403),
            (vec![site("cross-site"), other], 403, 403),
            (vec![site("cross-site"), ("sec-fetch-mode", "navigate")], 403, 403),
            (vec![site("")], 403, 403),
            (vec![site("Same-Origin")], 403, 403),
            (vec![site("same-origin"), site("cross-site")], 403, 403),
            (vec![site("same-origin, cross-site"), own], 403, 403),
            // Older ones.
            (vec![own], 200, 200),
            (vec![("origin", "HTTPS://GO.example.com:443")], 200, 200),
            (vec![], 200, 403),
            (vec![other], 403, 403),
            (vec![("origin", "null")], 403, 403),
            (vec![("origin", "")], 403, 403),
            (vec![("origin", "http://go.example.com")], 403, 403),
            (vec![("origin", "https://go.example.com:8443")], 403, 403),
            (vec![("origin", "https://go.example.com.evil.example")], 403, 403),
            (vec![("origin", "https://sub.go.example.com")], 403, 403),
            (vec![("origin", "https://evil.example/https://go.example.com")], 403, 403),
            (vec![("origin", "go.example.com")], 403, 403),
            (vec![own, own], 403, 403),
            (vec![own, other], 403, 403),
            (vec![("referer", "https://go.example.com/console/")], 200, 403),
        ] {
            for method in ["GET", "HEAD"] {
                assert_eq!(ask(method, &headers, ""), reading, "{method} {headers:?}");
            }
            for method in ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "LINK"] {
                assert_eq!(ask(method, &headers, ""), changing, "{method} {headers:?}");
                let with_body = [headers.clone(), vec![JSON]].concat();
                assert_eq!(ask(method, &with_body, "{}"), changing, "{method} {headers:?} with a body");
            }
        }
    }

    #[test]
    fn body_is_declared_as_json() {
        let own = ("sec-fetch-site", "same-origin");
        for (media_type, status) in [
            ("application/json", 200),
            ("Application/JSON; charset=utf-8", 200),
            ("application/merge-patch+json", 200),
            ("text/plain", 415),
            ("text/plain; application/json", 415),
            ("application/x-www-form-urlencoded", 415),
            ("multipart/form-data; boundary=application/json", 415),
            ("", 415),
        ] {
            assert_eq!(ask("POST", &[own, ("content-type", media_type)], "{}"), status, "{media_type}");
            assert_eq!(ask("POST", &[own, ("content-type", media_type)], ""), 200, "{media_type} without a body");
        }
        assert_eq!(ask("PATCH", &[own], "{}"), 415);
        assert_eq!(ask("PATCH", &[own, JSON, ("content-type", "text/plain")], "{}"), 415);
        assert_eq!(ask("DELETE", &[own], ""), 200);
    }

    #[test]
    fn plain_http_has_its_own_origin() {
        let at = |origin: &str| {
            let mut request = request("POST", &[("origin", origin)], "");
            request.headers_mut().insert(HOST, "localhost:9000".parse().unwrap());
            check(&request, "http").is_ok()
        };
        assert!(at("http://localhost:9000"));
        for origin in ["https://localhost:9000", "http://localhost:9001", "http://127.0.0.1:9000", "http://localhost"] {
            assert!(!at(origin), "{origin}");
        }
        let mut hostless = request("POST", &[("origin", "https://go.example.com")], "");
        hostless.headers_mut().remove(HOST);
        assert!(check(&hostless, "https").is_err());
    }

    #[test]
    fn nobody_is_signed_in_by_another_site() {
        let ask = |headers: &[(&str, &str)]| {
            let result = check_sign_in(request("POST", headers, "{}").headers(), "https");
            result.map_or_else(|problem| problem.into_response().status().as_u16(), |()| 200)
        };
        for (headers, status) in [
            (vec![JSON], 200),
            (vec![JSON, ("sec-fetch-site", "same-origin")], 200),
            (vec![JSON, ("origin", "https://go.example.com")], 200),
            (vec![JSON, ("sec-fetch-site", "cross-site")], 403),
            (vec![JSON, ("sec-fetch-site", "same-site"), ("origin", "https://go.example.com")], 403),
            (vec![JSON, ("sec-fetch-site", "none")], 403),
            (vec![JSON, ("origin", "https://evil.example")], 403),
            (vec![JSON, ("origin", "null")], 403),
            (vec![("content-type", "text/plain")], 415),
            (vec![], 415),
        ] {
            assert_eq!(ask(&headers), status, "{headers:?}");
        }
    }

    proptest! {
        /// Whatever else a request has: it changes something only if a page of the own origin sent it.
        #[test]
        fn no_combination_of_another_site_changes_anything(
            method in prop::sample::select(vec!["POST", "PUT", "PATCH", "DELETE"]),
            site in prop::option::of(prop_oneof![
                prop::sample::select(vec!["same-origin", "same-site", "cross-site", "none", "", "SAME-ORIGIN", "same-origin "])
                    .prop_map(str::to_owned),
                "[a-z, -]{0,20}",
            ]),
            origin in prop::option::of(prop_oneof![
                prop::sample::select(vec![
                    "https://go.example.com", "https://evil.example", "http://go.example.com", "null", "https://go.example.com.",
                    "https://go.example.com:443", "https://go.example.com:80", "https://user@go.example.com", "https://go.example.com/",
                ]).prop_map(str::to_owned),
                "https?://[a-z.]{1,20}",
            ]),
            mode in prop::option::of(prop::sample::select(vec!["navigate", "cors", "no-cors", "same-origin"])),
            body in prop::sample::select(vec!["", "{}"]),
        ) {
            let mut headers = vec![JSON];
            headers.extend(site.as_deref().map(|site| ("sec-fetch-site", site)));
            headers.extend(origin.as_deref().map(|origin| ("origin", origin)));
            headers.extend(mode.map(|mode| ("sec-fetch-mode", mode)));
            let is_own = match (site.as_deref(), origin.as_deref()) {
                (Some(site), _) => site == "same-origin",
                (None, Some(origin)) => matches!(origin, "https://go.example.com" | "https://go.example.com:443"),
                (None, None) => false,
            };
            prop_assert_eq!(ask(method, &headers, body) == 200, is_own);
        }
    }
}
