//! What is answered where there is no redirect: a small page for a browser, a problem for everything else.

use http::{HeaderMap, HeaderValue, Method, Response, StatusCode, header};
use lambda_http::Body;
use waypost_aws::problem::Problem;

/// `problem` in the form that the request's `Accept` asks for; without a body for HEAD.
pub(crate) fn refusal(method: &Method, headers: &HeaderMap, problem: Problem) -> Response<Body> {
    let accept = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let mut response = problem.into_http();
    if accept.contains("text/html") {
        *response.body_mut() = page(response.status()).into_bytes();
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    }
    response.headers_mut().insert("x-robots-tag", HeaderValue::from_static("noindex"));
    response.map(|body| if method == Method::HEAD { Body::Empty } else { text(body) })
}

/// A text body, so that API Gateway is not told to decode base64.
fn text(bytes: Vec<u8>) -> Body {
    String::from_utf8(bytes).map_or(Body::Empty, Body::Text)
}

fn page(status: StatusCode) -> String {
    let (title, text) = match status {
        StatusCode::NOT_FOUND => ("There is no such link", "It may have been mistyped or removed."),
        StatusCode::METHOD_NOT_ALLOWED => ("That does not work here", "A short link can only be followed."),
        _ => ("This link cannot be followed right now", "Please try again in a moment."),
    };
    format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <title>{title}</title><style>body{{font:1.1rem/1.5 system-ui,sans-serif;max-width:32rem;margin:20vh auto;\
         padding:0 1rem;color-scheme:light dark}}</style><h1>{title}</h1><p>{text}</p></html>"
    )
}
