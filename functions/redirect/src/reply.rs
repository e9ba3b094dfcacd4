//! The answer in the form that the gateway takes (payload format 2.0).

use http::{HeaderMap, Response};
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

/// An answer. Its headers have one value each.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Reply {
    status_code: u16,
    #[serde(serialize_with = "as_map")]
    headers: HeaderMap,
    body: String,
    is_base64_encoded: bool,
}

impl From<Response<String>> for Reply {
    fn from(response: Response<String>) -> Self {
        let (parts, body) = response.into_parts();
        Self { status_code: parts.status.as_u16(), headers: parts.headers, body, is_base64_encoded: false }
    }
}

fn as_map<S: Serializer>(headers: &HeaderMap, serializer: S) -> Result<S::Ok, S::Error> {
    let mut map = serializer.serialize_map(Some(headers.len()))?;
    for (name, value) in headers {
        map.serialize_entry(name.as_str(), value.to_str().unwrap_or_default())?;
    }
    map.end()
}
