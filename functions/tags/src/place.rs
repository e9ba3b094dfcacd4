//! Reads a tag from a path.
//!
//! A tag is any text, also one with a slash. Locally its slash arrives as `%2F`, from API Gateway decoded, so the rest of the path is the
//! tag, and `/rename` belongs to it except where only a POST makes sense.

use waypost_domain::values::query_parameter::QueryParameter;

/// The route of all that is below `/v1/tags/`, as the function sees it.
pub(crate) const BELOW: &str = "/v1/tags/{*tag}";

/// Returns the tag of a POST, whose path must end with `/rename`.
pub(crate) fn to_rename(rest: &str) -> Option<&str> {
    rest.strip_suffix("/rename").filter(|tag| !tag.is_empty())
}

/// Returns the query parameters of an operation, by the method and the route.
pub(crate) fn parameters_of(method: &str, route: &str) -> Option<&'static [QueryParameter]> {
    let path = match (method, route) {
        ("POST", BELOW) => "/v1/tags/{tag}/rename",
        (_, BELOW) => "/v1/tags/{tag}",
        (_, other) => other,
    };
    waypost_api::parameters::parameters_of(method, path)
}
