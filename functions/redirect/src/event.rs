//! Reads the parts of the gateway's event that a redirect needs (API Gateway's payload format 2.0, which function URLs send
//! too).
//!
//! Do not use `lambda_http`'s request here: it panics if the `Host` header or the query does not fit into a valid URL, and no
//! request of a visitor may cause an error of the function. It also costs more than a redirect needs.

use std::borrow::Cow;
use std::net::IpAddr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use waypost_domain::redirect::visit::Visit;
use waypost_domain::visitors::prefetch::is_prefetch;
use waypost_http::viewer::{came_through, viewer_address};

/// A request. Every field may be absent.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Event {
    pub(crate) raw_path: String,
    raw_query_string: Option<String>,
    pub(crate) headers: Headers,
    request_context: RequestContext,
    body: Option<String>,
    is_base64_encoded: bool,
}

/// The headers that the redirect reads. The gateway writes their names in lower case, and joins repeated ones with commas.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
pub(crate) struct Headers {
    pub(crate) accept: Option<String>,
    accept_language: Option<String>,
    cloudfront_viewer_address: Option<String>,
    cloudfront_viewer_country: Option<String>,
    dnt: Option<String>,
    host: Option<String>,
    referer: Option<String>,
    sec_ch_ua_mobile: Option<String>,
    sec_ch_ua_platform: Option<String>,
    purpose: Option<String>,
    sec_gpc: Option<String>,
    sec_purpose: Option<String>,
    user_agent: Option<String>,
    x_moz: Option<String>,
    x_purpose: Option<String>,
    x_waypost_front_door: Option<String>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct RequestContext {
    http: Http,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Http {
    method: String,
    source_ip: Option<String>,
}

/// Tells whether a request accepts pages by name, as browsers do.
pub(crate) fn wants_page(accept: Option<&str>) -> bool {
    accept.is_some_and(|accept| accept.contains("text/html"))
}

impl Event {
    /// Gives the request's method.
    pub(crate) fn method(&self) -> &str {
        &self.request_context.http.method
    }

    /// Gives the request's host, as the `Host` header names it.
    pub(crate) fn host(&self) -> Option<&str> {
        self.headers.host.as_deref()
    }

    /// Makes the visit. What a front door adds counts only if the request proves with `secret` that it came through it: everyone
    /// else can write these headers too. The country is absent unless such a header gives it.
    pub(crate) fn visit(&self, secret: Option<&str>) -> Visit {
        let headers = self.headers.clone();
        let wants_page = wants_page(headers.accept.as_deref());
        let proven = came_through(headers.x_waypost_front_door.as_deref(), secret);
        let purposes = [&headers.sec_purpose, &headers.purpose, &headers.x_purpose, &headers.x_moz];
        let prefetch = is_prefetch(purposes.into_iter().filter_map(|header| header.as_deref()));
        Visit {
            host: headers.host,
            path: self.raw_path.clone(),
            query: self.raw_query_string.clone().unwrap_or_default(),
            address: self.address(proven),
            user_agent: headers.user_agent,
            platform: headers.sec_ch_ua_platform,
            mobile: headers.sec_ch_ua_mobile,
            referrer: headers.referer,
            wants_page,
            accept_language: headers.accept_language,
            country: headers.cloudfront_viewer_country.filter(|_| proven),
            prefetch,
            opted_out: headers.dnt.as_deref() == Some("1") || headers.sec_gpc.as_deref() == Some("1"),
        }
    }

    /// Reads the field `name` of a form.
    ///
    /// # Errors
    /// The body has more than `max` bytes.
    pub(crate) fn form_field(&self, name: &str, max: usize) -> Result<Option<Vec<u8>>, TooLarge> {
        let body = self.body.as_deref().unwrap_or_default();
        let body: Cow<'_, [u8]> = if self.is_base64_encoded {
            if body.len() > max.div_ceil(3) * 4 {
                return Err(TooLarge);
            }
            STANDARD.decode(body).unwrap_or_default().into()
        } else {
            body.as_bytes().into()
        };
        if body.len() > max {
            return Err(TooLarge);
        }
        let field = url::form_urlencoded::parse(&body).find(|(key, _)| key == name);
        Ok(field.map(|(_, value)| value.into_owned().into_bytes()))
    }

    /// Reads the visitor's address: from CloudFront's header behind CloudFront, else from the gateway.
    fn address(&self, proven: bool) -> Option<IpAddr> {
        if let Some(text) = self.headers.cloudfront_viewer_address.as_deref().filter(|_| proven) {
            return viewer_address(text);
        }
        self.request_context.http.source_ip.as_deref()?.parse().ok()
    }
}

/// The body is larger than its limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TooLarge;

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn event(value: serde_json::Value) -> Event {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn cloudfronts_address_takes_precedence() {
        for (viewer, address) in [
            (json!("198.51.100.7:4711"), Some("198.51.100.7")),
            (json!("2001:db8::1:443"), Some("2001:db8::1")),
            (json!("[2001:db8::1]:443"), Some("2001:db8::1")),
            (json!("nonsense"), None),
            (json!(null), Some("203.0.113.9")),
        ] {
            let event = event(json!({
                "headers": {"cloudfront-viewer-address": viewer, "x-waypost-front-door": "s3cret"},
                "requestContext": {"http": {"sourceIp": "203.0.113.9"}},
            }));
            assert_eq!(event.visit(Some("s3cret")).address, address.map(|text| text.parse().unwrap()));
        }
    }

    #[test]
    fn headers_of_the_front_door_count_only_with_its_secret() {
        for (secret, given, proven) in [
            (Some("s3cret"), json!("s3cret"), true),
            (Some("s3cret"), json!("other"), false),
            (Some("s3cret"), json!(""), false),
            (Some("s3cret"), json!(null), false),
            (None, json!("s3cret"), false),
            (None, json!(""), false),
            (None, json!(null), false),
        ] {
            let event = event(json!({
                "headers": {
                    "cloudfront-viewer-address": "198.51.100.7:4711", "cloudfront-viewer-country": "CH",
                    "x-waypost-front-door": given,
                },
                "requestContext": {"http": {"sourceIp": "203.0.113.9"}},
            }));
            let visit = event.visit(secret);
            let address = if proven { "198.51.100.7" } else { "203.0.113.9" };
            assert_eq!(visit.address, address.parse().ok(), "{secret:?} {given}");
            assert_eq!(visit.country.is_some(), proven, "{secret:?} {given}");
        }
    }

    #[test]
    fn event_may_lack_everything() {
        let empty = event(json!({}));
        assert_eq!((empty.method(), empty.visit(None).path.as_str()), ("", ""));
        assert_eq!(empty.form_field("password", 10), Ok(None));
    }

    #[test]
    fn form_is_read_up_to_its_limit() {
        for (body, encoded) in [("a=1&password=x%20y%C3%BC", false), ("YT0xJnBhc3N3b3JkPXggecO8", true)] {
            let sent = event(json!({"body": body, "isBase64Encoded": encoded}));
            assert_eq!(sent.form_field("password", 100), Ok(Some("x yü".as_bytes().to_vec())), "{body}");
            assert_eq!(sent.form_field("other", 100), Ok(None));
            assert_eq!(sent.form_field("password", 10), Err(TooLarge));
        }
        let nonsense = event(json!({"body": "%%%", "isBase64Encoded": true}));
        assert_eq!(nonsense.form_field("password", 100), Ok(None));
    }
}
