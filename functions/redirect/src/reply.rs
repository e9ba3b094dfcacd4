//! Writes the answer as the gateway expects it (payload format 2.0).

use http::{HeaderMap, Response};
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

/// An answer. Each header has one value.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Reply {
    status_code: u16,
    #[serde(serialize_with = "as_map")]
    headers: HeaderMap,
    body: String,
    is_base64_encoded: bool,
    /// Always empty. API Gateway does not need the field, but `cargo lambda watch` refuses an answer without it.
    cookies: [&'static str; 0],
}

impl From<Response<String>> for Reply {
    fn from(response: Response<String>) -> Self {
        let (parts, body) = response.into_parts();
        Self { status_code: parts.status.as_u16(), headers: parts.headers, body, is_base64_encoded: false, cookies: [] }
    }
}

fn as_map<S: Serializer>(headers: &HeaderMap, serializer: S) -> Result<S::Ok, S::Error> {
    let mut map = serializer.serialize_map(Some(headers.len()))?;
    for (name, value) in headers {
        map.serialize_entry(name.as_str(), value.to_str().unwrap_or_default())?;
    }
    map.end()
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_lambda_events::apigw::ApiGatewayV2httpResponse;

    #[test]
    fn reply_has_every_field_of_the_format() {
        let response = Response::builder().status(302).header("location", "https://example.com/").body(String::new());
        let json = serde_json::to_string(&Reply::from(response.unwrap())).unwrap();
        let read: ApiGatewayV2httpResponse = serde_json::from_str(&json).unwrap();
        assert_eq!((read.status_code, &read.headers["location"]), (302, &"https://example.com/".parse().unwrap()));
    }
}
