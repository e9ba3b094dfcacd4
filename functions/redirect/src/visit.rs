//! Reads what a visitor's request says.

use std::net::{IpAddr, SocketAddr};

use http::HeaderMap;
use lambda_http::request::RequestContext;
use lambda_http::{Request, RequestExt};
use waypost_domain::follow_link::Visit;

/// The visit in `request`. A header that is no text counts as absent.
pub(crate) fn visit(request: &Request) -> Visit {
    let headers = request.headers();
    Visit {
        host: header(headers, "host"),
        path: request.raw_http_path().to_owned(),
        query: request.uri().query().unwrap_or_default().to_owned(),
        address: address(request),
        user_agent: header(headers, "user-agent"),
        referrer: header(headers, "referer"),
        accept_language: header(headers, "accept-language"),
        country: header(headers, "cloudfront-viewer-country"),
        opted_out: ["dnt", "sec-gpc"].iter().any(|name| headers.get(*name).is_some_and(|value| value == "1")),
    }
}

fn header(headers: &HeaderMap, name: &str) -> Option<String> {
    headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned)
}

/// The visitor's address: CloudFront's word for it where CloudFront stands in front, else API Gateway's. Somebody who
/// calls the API directly can forge the former; that makes them one more visitor, which a new address does as well.
fn address(request: &Request) -> Option<IpAddr> {
    if let Some(text) = header(request.headers(), "cloudfront-viewer-address") {
        return text.parse::<SocketAddr>().map(|address| address.ip()).ok().or_else(|| viewer_v6(&text));
    }
    let RequestContext::ApiGatewayV2(context) = request.request_context_ref()? else { return None };
    context.http.source_ip.as_deref()?.parse().ok()
}

/// CloudFront writes IPv6 without brackets: `2001:db8::1:443`.
fn viewer_v6(text: &str) -> Option<IpAddr> {
    text.rsplit_once(':')?.0.parse().ok()
}
