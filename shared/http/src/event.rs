//! Runs an API on Lambda. `lambda_http` panics at an event whose `Host`, `X-Forwarded-Proto`, path, query or body do not fit into
//! a request, and the caller would get 500; this makes every event fit first.

use axum::Router;
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::header::HOST;
use http::uri::Authority;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use lambda_http::aws_lambda_events::apigw::ApiGatewayV2httpRequest;
use lambda_http::request::LambdaRequest;
use lambda_http::tower::ServiceExt;
use lambda_http::{Adapter, Error, LambdaEvent, lambda_runtime};
use url::Url;

use crate::problem::Problem;

const X_FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
/// Says in a request that leaves [`fit`] what was wrong with it. A header that a client sends under this name is removed.
const MALFORMED: HeaderName = HeaderName::from_static("x-waypost-malformed");
/// The longest path with query. API Gateway takes 10 KB, each byte of which can become three.
const MAX_TARGET_BYTES: usize = 60_000;

/// Answers the gateway's events with `api` for as long as the process lives.
///
/// # Errors
/// The runtime cannot be reached any more.
pub async fn run(api: Router) -> Result<(), Error> {
    let service = Adapter::from(api).map_request(|mut event: LambdaEvent<LambdaRequest>| {
        if let LambdaRequest::ApiGatewayV2(request) = &mut event.payload {
            fit(request);
        }
        event
    });
    lambda_runtime::run(service).await
}

/// Answers 400 to a request that [`fit`] had to change.
pub(crate) async fn refuse_malformed(request: Request, next: Next) -> Response {
    match request.headers().get(MALFORMED).and_then(|reason| reason.to_str().ok()) {
        None => next.run(request).await,
        Some(reason) => {
            Problem::new(StatusCode::BAD_REQUEST, "malformed", "Malformed request", reason.to_owned()).into_response()
        }
    }
}

/// Makes `event` one that `lambda_http` turns into a request. Marks it if it then is another request.
fn fit(event: &mut ApiGatewayV2httpRequest) {
    let mut malformed = None;
    event.headers.remove(MALFORMED);
    if event.headers.get(X_FORWARDED_PROTO).is_some_and(|scheme| scheme != "http" && scheme != "https") {
        event.headers.remove(X_FORWARDED_PROTO);
    }
    if !has_valid_host(&event.headers) {
        event.headers.remove(HOST);
        malformed = Some("the header Host is not a host name");
    }
    if event.request_context.domain_name.as_deref().is_some_and(|name| !is_authority(name)) {
        event.request_context.domain_name = None;
    }
    // A decoded path can have characters that would end it.
    let path = event.raw_path.take().unwrap_or_default().replace('?', "%3F").replace('#', "%23");
    let path = if path.starts_with('/') { path } else { format!("/{path}") };
    let query = event.raw_query_string.take().map(|query| encoded(&query));
    if path.len() * 3 + query.as_ref().map_or(0, String::len) > MAX_TARGET_BYTES {
        malformed = Some("the path with its query is too long");
        event.raw_path = Some("/".to_owned());
    } else {
        (event.raw_path, event.raw_query_string) = (Some(path), query);
    }
    let body = event.body.as_ref().filter(|_| event.is_base64_encoded);
    if body.is_some_and(|body| STANDARD.decode(body).is_err()) {
        event.body = None;
        malformed = Some("the body is not base64");
    }
    if let Some(reason) = malformed {
        event.headers.insert(MALFORMED, HeaderValue::from_static(reason));
    }
}

/// Tells whether there is no header `Host`, or a single valid one (RFC 9110, section 7.2).
fn has_valid_host(headers: &HeaderMap) -> bool {
    let mut hosts = headers.get_all(HOST).iter();
    let first = hosts.next();
    first.is_none_or(|host| host.to_str().is_ok_and(is_authority)) && hosts.next().is_none()
}

/// Tells whether `text` is a host, perhaps with a port, for both parsers on the way.
fn is_authority(text: &str) -> bool {
    let url = Url::parse(&format!("https://{text}/"));
    let plain =
        |url: &Url| url.path() == "/" && url.query().is_none() && url.fragment().is_none() && url.username() == "";
    !text.is_empty() && !text.contains('@') && Authority::try_from(text).is_ok() && url.is_ok_and(|url| plain(&url))
}

/// Encodes the characters that a URI must not have in its query (RFC 3986, section 3.4). Their meaning stays.
fn encoded(query: &str) -> String {
    let mut text = String::with_capacity(query.len());
    for byte in query.bytes() {
        match byte {
            b'!' | b'$'..=b';' | b'=' | b'?'..=b'~' => text.push(char::from(byte)),
            _ => text.push_str(&format!("%{byte:02X}")),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::router::public_api;
    use axum::body::Body;
    use axum::routing::any;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    /// Makes the request of an event, as [`run`] does.
    fn request(event: Value) -> http::Request<Body> {
        let LambdaRequest::ApiGatewayV2(mut event) = serde_json::from_str(&event.to_string()).unwrap() else {
            panic!()
        };
        fit(&mut event);
        http::Request::<lambda_http::Body>::from(LambdaRequest::ApiGatewayV2(event))
            .map(|body| Body::from(body.to_vec()))
    }

    fn event(headers: Value) -> Value {
        json!({
            "version": "2.0", "routeKey": "$default", "rawPath": "/v1/links", "rawQueryString": "", "headers": headers,
            "requestContext": {"stage": "$default", "http": {"method": "GET", "path": "/v1/links"}}, "isBase64Encoded": false,
        })
    }

    async fn status(event: Value) -> u16 {
        let routes = Router::new().route("/v1/links", any(async || "ok"));
        public_api(routes).oneshot(request(event)).await.unwrap().status().as_u16()
    }

    #[tokio::test]
    async fn malformed_host_is_400_and_a_malformed_scheme_is_ignored() {
        for host in ["a b", "", "a/b", "a?b", "a#b", "user@a", "[::1", "a:port", "a:99999", "%", "a\\b"] {
            assert_eq!(status(event(json!({"host": host}))).await, 400, "{host:?}");
        }
        for host in ["go.example.com", "GO.example.com:8443", "127.0.0.1:9000", "[::1]:80", "xn--bcher-kva.example"] {
            assert_eq!(status(event(json!({"host": host}))).await, 200, "{host:?}");
        }
        for scheme in ["a b", "", "https, http", "javascript:", "ftp", "://", "1"] {
            let headers = json!({"host": "go.example.com", "x-forwarded-proto": scheme});
            assert_eq!(status(event(headers)).await, 200, "{scheme:?}");
        }
        assert_eq!(status(event(json!({"x-waypost-malformed": "x"}))).await, 200, "a client cannot send the mark");
    }

    #[tokio::test]
    async fn body_that_is_not_base64_and_a_long_query_are_400() {
        let mut body = event(json!({}));
        (body["body"], body["isBase64Encoded"]) = (json!("?"), json!(true));
        assert_eq!(status(body).await, 400);
        let mut long = event(json!({}));
        long["rawQueryString"] = json!("\"".repeat(30_000));
        assert_eq!(status(long).await, 400);
    }

    #[test]
    fn query_keeps_its_meaning() {
        let mut odd = event(json!({"host": "go.example.com"}));
        odd["rawQueryString"] = json!("tag=\"a\"&b=<ä> #&c=%20+d");
        let uri = request(odd).uri().clone();
        assert_eq!(uri.query(), Some("tag=%22a%22&b=%3C%C3%A4%3E%20%23&c=%20+d"));
    }

    proptest! {
        #[test]
        fn every_event_becomes_a_request(
            host in ".*", scheme in ".*", path in ".*", query in ".*", body in ".*", encoded in prop::bool::ANY, domain in ".*",
        ) {
            let header = |text: &str| HeaderValue::from_bytes(text.as_bytes()).ok().map(|_| text.to_owned());
            let mut any = event(json!({}));
            for (name, value) in [("host", header(&host)), ("x-forwarded-proto", header(&scheme))] {
                if let Some(value) = value.filter(|value| value.is_ascii()) {
                    any["headers"][name] = json!(value);
                }
            }
            (any["rawPath"], any["rawQueryString"]) = (json!(path), json!(query));
            (any["body"], any["isBase64Encoded"]) = (json!(body), json!(encoded));
            any["requestContext"]["domainName"] = json!(domain);
            prop_assert!(request(any).uri().path().starts_with('/'));
        }
    }
}
