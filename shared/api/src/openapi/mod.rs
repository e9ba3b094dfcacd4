//! Makes the OpenAPI document from the types that the API reads and writes.

mod answers;
mod operation;
#[cfg(test)]
mod optional_tests;
mod paths;
mod schemas;
#[cfg(test)]
mod tests;

use serde_json::{Value, json};
use waypost_domain::values::problem::ProblemDetails;

use self::operation::Operations;

const DESCRIPTION: &str = "\
Manages the short links of a team, and counts who follows them.

- A key or token belongs to a workspace. The resources of other workspaces look as if they did not exist.
- Each role may do what the ones before it may: `viewer` reads, `editor` creates and changes links, `admin` manages keys. \
The security requirement of an operation names the least role that it needs.
- Every error is `application/problem+json` (RFC 9457). A path that does not exist is 404, a method 405 with `Allow`.
- A body is JSON in UTF-8, of at most 256 KiB. Unknown fields are refused. Its `Content-Type` is looked at only in requests with the \
cookie of a session, and in patches.
- A browser that has signed in (`POST /v1/sessions`) sends the cookie of its session instead of a key. `Authorization` counts if both \
are there. A request with the cookie that changes something must come from a page of the same origin (`Sec-Fetch-Site`, or `Origin`).
- A query parameter that an operation does not take is refused with the nearest name, and so is one that is given more often than \
the operation takes it.
- Text that a person reads (titles, tags, names) loses white space at both ends.
- Times are written in UTC to the millisecond and read with any offset.
- Requests are limited for each key and each subject of tokens. Answers tell how much of the limit is left: `RateLimit-Policy` and \
`RateLimit` as in draft-ietf-httpapi-ratelimit-headers-08 and later, and the three fields of its drafts up to 06, which most \
clients read. They are absent if there is no limit or it could not be counted.
";

/// Makes the document, for OpenAPI 3.1.
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
            { "name": "tags", "description": "Words to find links by" },
            { "name": "statistics", "description": "Counts of clicks" },
            { "name": "imports", "description": "Files that become links" },
            { "name": "exports", "description": "Links that become a file" },
            { "name": "files", "description": "Files that the workspace keeps" },
            { "name": "collections", "description": "Files that belong together, and that one link can lead to" },
            { "name": "domains", "description": "Hosts that serve short links" },
            { "name": "keys", "description": "Keys of callers" },
            { "name": "workspace", "description": "Settings of the workspace" },
            { "name": "operation", "description": "What the operator of the stack does for all workspaces" },
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
                "session": {
                    "type": "apiKey",
                    "in": "cookie",
                    "name": "__Host-waypost_session",
                    "description": "The session of a browser that has signed in. On a stack that serves plain HTTP for development the cookie is `waypost_session`.",
                },
            },
        },
    })
}
