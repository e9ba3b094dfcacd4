//! Describes headers and problems, which answers have in common.

use serde_json::{Map, Value, json};

/// Describes the headers of answers, as components of the document.
pub(crate) fn headers() -> Value {
    let count =
        |description: &str| json!({ "description": description, "schema": { "type": "integer", "minimum": 0 } });
    let text = |description: &str, pattern: &str| json!({ "description": description, "schema": { "type": "string", "pattern": pattern } });
    let always = |mut header: Value| {
        header["required"] = json!(true);
        header
    };
    json!({
        "X-Request-Id": always(text("The id of the request in the log.", "^[!-~]+$")),
        "RateLimit-Policy": text("How many requests (`q`) a full bucket holds, and in how many seconds (`w`) an empty bucket fills.", r#"^"key";q=\d+;w=\d+$"#),
        "RateLimit": text("How many requests are left (`r`), and in how many seconds (`t`) the bucket is full.", r#"^"key";r=\d+;t=\d+$"#),
        "RateLimit-Limit": count("How many requests a full bucket holds."),
        "RateLimit-Remaining": count("How many requests are left."),
        "RateLimit-Reset": count("In how many seconds the bucket is full."),
        "Retry-After": always(count("When to try again, in seconds.")),
        "WWW-Authenticate": always(text("How to authenticate.", "^Bearer$")),
        "Set-Cookie": always(text("The cookie that stands for the session.", "^[ -~]+$")),
        "ETag": always(text("The version of the body.", r#"^"[!#-~]+"$"#)),
        "Location": always(json!({ "description": "The URL of the resource.", "schema": { "type": "string", "format": "uri-reference" } })),
        "Cache-Control": always(text("Which caches may keep the answer, and for how long.", "^[ -~]+$")),
        "Idempotency-Replayed": json!({ "description": "Present if the request was done before and this is the answer that it got then.", "schema": { "type": "string", "enum": ["true"] } }),
    })
}

/// Lists the headers that every answer has, `with_limits` or without.
pub(crate) fn common(with_limits: bool) -> Vec<&'static str> {
    let mut names = vec!["X-Request-Id"];
    if with_limits {
        names.extend(["RateLimit-Policy", "RateLimit", "RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset"]);
    }
    names
}

/// Makes the map of these headers.
pub(crate) fn with_headers(names: &[&str]) -> Value {
    let reference = |name: &&str| ((*name).to_owned(), json!({ "$ref": format!("#/components/headers/{name}") }));
    names.iter().map(reference).collect::<Map<_, _>>().into()
}

/// Describes a problem. `when` adds what is special for an operation, or is empty.
pub(crate) fn problem(status: u16, when: &str, with_limits: bool) -> Value {
    let always = match status {
        400 => "The request cannot be read.",
        401 => "The key, token or session is missing, unknown, expired or not valid.",
        403 => "The caller's role is too low, or another site made a browser send its cookie.",
        404 => "The caller's workspace has no such resource.",
        410 => "The file was deleted because of its age.",
        412 => "The resource has changed since the state that `If-Match` names.",
        413 => "The body is larger than 256 KiB.",
        415 => "A request with the cookie of a session must declare its body as JSON in `Content-Type`.",
        422 => "Fields or parameters are not valid; `errors` names them.",
        429 => "The caller has made more requests than its limit allows.",
        500 => "The service failed; its log has more under the request's id.",
        503 => "A store is busy or does not answer.",
        _ => "",
    };
    // An unknown caller has no limit to tell.
    let mut headers = common(with_limits && status != 401);
    match status {
        401 => headers.push("WWW-Authenticate"),
        429 | 503 => headers.push("Retry-After"),
        _ => {}
    }
    headers.push("Cache-Control");
    let description = format!("{always} {when}");
    json!({
        "description": description.trim(),
        "headers": with_headers(&headers),
        "content": { "application/problem+json": { "schema": { "$ref": "#/components/schemas/Problem" } } },
    })
}
