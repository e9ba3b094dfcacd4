//! Defines the error document of the API. `waypost_http::problem` makes it from an [`Error`](super::error::Error).

use serde::Serialize;

use super::error::FieldError;

/// The body of an error response: problem details (RFC 9457).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "Problem"))]
pub struct ProblemDetails {
    /// Identifies the kind of problem: `urn:problem-type:waypost:` and a name.
    #[serde(rename = "type")]
    #[cfg_attr(feature = "openapi", schemars(regex(pattern = "^urn:problem-type:waypost:[a-z-]+$")))]
    pub kind: String,
    /// The kind of problem, for a person; always the same for one `type`.
    pub title: &'static str,
    /// The HTTP status of the response.
    #[cfg_attr(feature = "openapi", schemars(range(min = 400, max = 599)))]
    pub status: u16,
    /// What is wrong with this request, for a person.
    pub detail: String,
    /// The fields or parameters that are wrong, if any.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldError>,
}
