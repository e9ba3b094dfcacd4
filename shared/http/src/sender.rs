//! Finds the address of who sent a request: behind CloudFront the one that CloudFront saw, else the one that the gateway saw.

use std::net::IpAddr;

use http::{HeaderMap, HeaderName};
use lambda_http::request::RequestContext;

use crate::viewer::{came_through, viewer_address};

const FRONT_DOOR: HeaderName = HeaderName::from_static("x-waypost-front-door");
const VIEWER_ADDRESS: HeaderName = HeaderName::from_static("cloudfront-viewer-address");

/// Returns the address of who sent a request with these `headers`, if it is known. `context` is what the gateway tells of it.
/// CloudFront's header counts only with `secret`.
pub(crate) fn sender_address(
    headers: &HeaderMap,
    context: Option<&RequestContext>,
    secret: Option<&str>,
) -> Option<IpAddr> {
    if came_through(only(headers, &FRONT_DOOR), secret)
        && let Some(viewer) = only(headers, &VIEWER_ADDRESS)
    {
        return viewer_address(viewer);
    }
    match context? {
        RequestContext::ApiGatewayV2(context) => context.http.source_ip.as_deref()?.parse().ok(),
        #[allow(unreachable_patterns, reason = "other features of lambda_http add variants")]
        _ => None,
    }
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
    use axum::extract::Request;
    use lambda_http::RequestExt;
    use serde_json::json;

    const SECRET: Option<&str> = Some("s3cret");

    fn request(headers: &[(&str, &str)]) -> Request {
        let event = json!({
            "version": "2.0", "routeKey": "$default", "rawPath": "/", "rawQueryString": "", "headers": {}, "isBase64Encoded": false,
            "requestContext": {"http": {"method": "GET", "path": "/", "sourceIp": "203.0.113.9"}, "timeEpoch": 0},
        });
        let request = lambda_http::request::from_str(&event.to_string()).unwrap();
        let mut request = request.map(|_| Body::empty());
        for (name, value) in headers {
            request.headers_mut().append(HeaderName::try_from(*name).unwrap(), value.parse().unwrap());
        }
        request
    }

    #[test]
    fn viewers_address_counts_only_with_the_secret() {
        let (door, viewer) = (("x-waypost-front-door", "s3cret"), ("cloudfront-viewer-address", "198.51.100.7:4711"));
        for (headers, secret, address) in [
            (vec![door, viewer], SECRET, Some("198.51.100.7")),
            (vec![door, ("cloudfront-viewer-address", "2001:db8::1:443")], SECRET, Some("2001:db8::1")),
            (vec![door, ("cloudfront-viewer-address", "nonsense")], SECRET, None),
            (vec![door], SECRET, Some("203.0.113.9")),
            (vec![viewer], SECRET, Some("203.0.113.9")),
            (vec![("x-waypost-front-door", "other"), viewer], SECRET, Some("203.0.113.9")),
            (vec![("x-waypost-front-door", "s3cre"), viewer], SECRET, Some("203.0.113.9")),
            (vec![door, door, viewer], SECRET, Some("203.0.113.9")),
            (vec![door, viewer], None, Some("203.0.113.9")),
            (vec![("x-waypost-front-door", ""), viewer], None, Some("203.0.113.9")),
            (vec![("x-forwarded-for", "198.51.100.7")], SECRET, Some("203.0.113.9")),
        ] {
            let request = request(&headers);
            let found = sender_address(request.headers(), request.request_context_ref(), secret);
            assert_eq!(found, address.map(|text| text.parse().unwrap()), "{headers:?} {secret:?}");
        }
    }

    #[test]
    fn sender_outside_a_gateway_is_unknown() {
        assert_eq!(sender_address(&HeaderMap::new(), None, SECRET), None);
    }
}
