//! An error as the API shows it. `waypost_aws::problem` makes it of an [`Error`](super::error::Error).

use serde::Serialize;

use super::error::FieldError;

/// What went wrong with a request: problem details (RFC 9457).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "Problem"))]
pub struct ProblemDetails {
    /// Names the kind of problem: `urn:problem-type:waypost:` and a word.
    #[serde(rename = "type")]
    #[cfg_attr(feature = "openapi", schemars(regex(pattern = "^urn:problem-type:waypost:[a-z-]+$")))]
    pub kind: String,
    /// What kind of problem it is, for a person; the same for all of a kind.
    pub title: &'static str,
    /// The status of the response.
    #[cfg_attr(feature = "openapi", schemars(range(min = 400, max = 599)))]
    pub status: u16,
    /// What is wrong in this case, for a person.
    pub detail: String,
    /// Every field or parameter that is wrong, if that is what is wrong.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldError>,
}
