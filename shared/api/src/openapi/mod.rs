//! The OpenAPI document, made of the types that are read and written.

mod answers;
mod operation;
mod paths;
mod schemas;
#[cfg(test)]
mod tests;

use serde_json::{Value, json};
use waypost_domain::problem::ProblemDetails;

use self::operation::Operations;

const DESCRIPTION: &str = "\
Manages the short links of a team, and says who follows them.

- A key or token belongs to a workspace. What other workspaces have looks as if it did not exist.
- Each role may do what the ones before it may: `viewer` reads, `editor` creates and changes links, `admin` manages keys. \
The security requirement of an operation names the least role that it needs.
- Every error is `application/problem+json` (RFC 9457). A path that does not exist is 404, a method 405 with `Allow`.
- A body is JSON in UTF-8, whatever its `Content-Type` says, of at most 256 KiB. Unknown fields are refused, unknown query \
parameters are not looked at.
- Text that a person reads (titles, tags, names) loses white space around it.
- Times are written in UTC to the millisecond and read with any offset.
- Requests are limited for each key and each subject of tokens. Answers say where the caller stands: `RateLimit-Policy` and \
`RateLimit` as in draft-ietf-httpapi-ratelimit-headers-08 and later, and the three fields of its drafts up to 06, which is \
what most clients read. They are absent where there is no limit, and where it could not be counted.
";

/// The document, for OpenAPI 3.1.
pub fn document() -> Value {
    let mut operations = Operations::default();
    paths::add_all(&mut operations);
    let (paths, mut schemas) = operations.into_parts();
    schemas.written::<ProblemDetails>();
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Waypost",
            "version": env!("CARGO_PKG_VERSION"),
            "description": DESCRIPTION,
            "license": { "name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0" },
        },
        "servers": [{ "url": "/" }],
        "tags": [
            { "name": "links", "description": "Short links" },
            { "name": "statistics", "description": "What clicks add up to" },
            { "name": "imports", "description": "Files that become links" },
            { "name": "exports", "description": "Links that become a file" },
            { "name": "keys", "description": "Who may call" },
            { "name": "service", "description": "The service itself" },
        ],
        "paths": paths,
        "components": {
            "schemas": schemas.into_definitions(),
            "headers": answers::headers(),
            "securitySchemes": {
                "bearer": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "An API key (`wp_…`), or a token (JWT) of the stack's identity provider.",
                },
            },
        },
    })
}
